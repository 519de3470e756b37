"""Whether tasks have ended: an odd answer is an error, and never taken for an end."""

from __future__ import annotations

import json

import pytest

from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.reading.inbox import Intake, ServiceNowInbox
from tests.adapters.servicenow.canned import Canned, answer
from transfer.errors import Code, Permanent

TASK, OTHER = "6" * 32, "7" * 32
ACTIVE = {"sys_id": TASK, "active": "true", "request_item.active": "true"}


def ended(*rows: dict[str, str]) -> frozenset[str]:
    with Canned(answer(json.dumps({"result": rows}).encode())) as server:
        client = Client(server.url, Basic(user="u", password="p"), timeout=60)
        intake = Intake(group="1" * 32, approver_group="2" * 32)
        return ServiceNowInbox(client, intake).ended([TASK])


def test_what_is_not_shown_has_ended() -> None:
    assert ended() == {TASK}
    assert ended(ACTIVE) == frozenset()


def test_a_hidden_state_of_the_item_ends_nothing() -> None:
    assert ended({"sys_id": TASK, "active": "true"}) == frozenset()


def test_a_cancelled_request_has_ended_whatever_its_items_say() -> None:
    state = "request_item.request.request_state"
    assert ended({**ACTIVE, state: "closed_cancelled"}) == {TASK}
    assert ended({**ACTIVE, state: "in_process"}) == frozenset()


@pytest.mark.parametrize(
    "row",
    [
        {"sys_id": OTHER, "active": "true"},
        {"sys_id": TASK},
        {"sys_id": TASK, "active": "perhaps"},
        {"active": "true"},
    ],
)
def test_a_row_that_nobody_asked_for_or_that_hides_its_state_is_an_error(
    row: dict[str, str],
) -> None:
    with pytest.raises(Permanent) as told:
        ended(row)
    assert told.value.code is Code.SERVICENOW_UNTRUSTED
