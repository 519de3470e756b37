"""Whatever else stands in the table of standing approvals, the approved ones are found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from adapters.servicenow.reading.standing import MOST, StandingRecords
from sandbox.servicenow import SEEDED, Instance
from sandbox.servicenow.seed import STANDING
from tests.adapters.servicenow.reading.standing import TABLE, TERMS, stand
from tests.adapters.servicenow.stage import Stage
from tests.ports.test_inbox_standing import OBJECT, RULES
from transfer.approval import standing
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Request

NOW = datetime.now(UTC)


def draft(instance: Instance, count: int, **fields: str) -> None:
    for _ in range(count):
        instance.create(STANDING, {**TERMS, **fields}, by="otto.lind")


def records(stage: Stage, most: int = MOST) -> StandingRecords:
    return StandingRecords(stage.client(timeout=60), TABLE, SEEDED.approver_group, most)


def requests_of(found: list[Evidence]) -> list[Request]:
    return standing.requests_for(OBJECT, found, RULES, NOW)


def test_a_thousand_drafts_of_one_user_hide_nobody_s_approval(stage: Stage) -> None:
    first = stand(stage.instance)
    draft(stage.instance, 1_000)
    last = stand(stage.instance)
    stage.server.site.served.clear()
    found = list(records(stage).listed(NOW))
    assert len(found) == 1_002
    assert {each.item_id for each in requests_of(found)} == {first["sys_id"], last["sys_id"]}
    # Three pages, and nothing is asked about drafts.
    assert len(stage.served(STANDING)) == 3
    assert len(stage.server.site.served) - len(stage.served(STANDING)) <= 4


def test_of_more_than_can_be_listed_the_approved_ones_are_read(stage: Stage) -> None:
    approved = stand(stage.instance)
    draft(stage.instance, 20)
    listing = records(stage, most=20)
    with capture_logs() as logs:
        for _ in range(2):
            [found] = requests_of(list(listing.listed(NOW)))
            assert found.item_id == approved["sys_id"]
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
        "drafts of standing approvals are left out"
    ]


def test_long_drafts_are_listed_in_smaller_pages(stage: Stage) -> None:
    approved = stand(stage.instance)
    draft(stage.instance, 24, u_path="x" * 1_000_000)
    found = list(records(stage).listed(NOW))
    assert len(found) == 25
    assert [each.item_id for each in requests_of(found)] == [approved["sys_id"]]


@pytest.mark.parametrize("table", ["sys_audit", "sysapproval_approver"])
def test_one_that_cannot_be_read_holds_nothing_and_holds_up_no_other(
    stage: Stage, table: str
) -> None:
    odd, good = sorted(stand(stage.instance)["sys_id"] for _ in range(2))
    stage.server.modes.set("truncated", path=f"{table}.*{odd}")
    found = list(records(stage).listed(NOW))
    assert [each.item_id for each in requests_of(found)] == [good]
    with pytest.raises(Transient) as told:
        requests_of([each for each in found if each.item_id == odd])
    assert told.value.code is Code.REQUEST_UNREADABLE


def test_a_dropped_condition_is_noticed_here_too(stage: Stage) -> None:
    stand(stage.instance)
    stage.instance.create(STANDING, {**TERMS, "u_prefix": ""})
    stage.server.modes.set("hidden_field", table=STANDING, field="u_prefix")
    with pytest.raises(Permanent) as told:
        records(stage).listed(NOW)
    assert told.value.code is Code.SERVICENOW_UNTRUSTED
