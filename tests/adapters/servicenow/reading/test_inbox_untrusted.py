"""An instance that ignores the query: the whole page is refused. An odd row: its task alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.reading.inbox import Intake, ServiceNowInbox
from tests.adapters.servicenow.canned import JSON, Canned, answer
from tests.transfer.made import RULES
from transfer.approval import policy
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import Evidence

GROUP, APPROVERS, ITEM, REQUEST, USER, TASK = (str(n) * 32 for n in range(1, 7))
ROW = {
    "sys_id": TASK,
    "number": "SCTASK0010001",
    "sys_created_on": "2026-01-02 03:04:05",
    "active": "true",
    "assignment_group": GROUP,
    "state": "1",
    "request_item": ITEM,
    "request_item.number": "RITM0010001",
    "request_item.active": "true",
    "request_item.state": "1",
    "request_item.approval": "approved",
    "request_item.cat_item": USER,
    "request_item.request": REQUEST,
    "request_item.request.number": "REQ0010001",
    "request_item.requested_for": USER,
    "request_item.requested_for.user_name": "anna.berg",
    "request_item.opened_by": USER,
    "request_item.opened_by.user_name": "anna.berg",
    "request_item.sys_created_on": "2026-01-02 03:04:04",
    "request_item.sys_created_by": "anna.berg",
    "request_item.sys_updated_on": "2026-01-02 03:04:05",
    "request_item.sys_updated_by": "system",
}
APPROVAL = {
    "sys_id": "7" * 32,
    "sysapproval": ITEM,
    "approver": USER,
    "approver.user_name": "carla.moss",
    "state": "approved",
    "sys_updated_on": "2026-01-02 03:04:05",
    "sys_updated_by": "carla.moss",
}
MEMBER = {"sys_id": "8" * 32, "group": APPROVERS, "user": USER}
NAME = "sc_item_option.item_option_new.name"
VARIABLE = {
    "sys_id": "9" * 32,
    "request_item": ITEM,
    NAME: "source",
    "sc_item_option.value": "s3://a/b",
    "sys_updated_on": "2026-01-02 03:04:04",
    "sys_updated_by": "anna.berg",
    "sc_item_option.sys_updated_on": "2026-01-02 03:04:05",
    "sc_item_option.sys_updated_by": "anna.berg",
}
PAGES: tuple[dict[str, str], ...] = (ROW, APPROVAL, MEMBER, VARIABLE)


def counted(page: list[dict[str, str]]) -> bytes:
    count = f"X-Total-Count: {len(page)}\r\n".encode()
    return answer(json.dumps({"result": page}).encode(), headers=JSON + count)


def fetch(*pages: list[dict[str, str]]) -> Sequence[Evidence]:
    """What a poll yields when the instance answers with these pages, one a call."""
    scripts = [counted(page) for page in pages]
    with Canned(*scripts) as server:
        client = Client(server.url, Basic(user="u", password="p"), timeout=60)
        intake = Intake(group=GROUP, approver_group=APPROVERS)
        return ServiceNowInbox(client, intake).fetch()


def test_the_pages_of_this_file_are_believed_as_they_stand() -> None:
    [found] = fetch(*([row] for row in PAGES))
    assert found.unreadable is None
    assert len(found.approvals) == len(found.variables) == 1
    assert found.asked_since is not None


def test_nothing_open_costs_one_call() -> None:
    assert fetch([]) == ()


@pytest.mark.parametrize(
    ("page", "field", "value"),
    [
        (0, "active", "false"),
        (0, "active", "yes"),
        (0, "active", ""),
        (0, "assignment_group", "b" * 32),
        (0, "assignment_group", ""),
        (0, "state", "2"),
        (0, "state", ""),
        (1, "sysapproval", TASK),
        (1, "sysapproval", ""),
        (2, "group", "b" * 32),
        (2, "user", "b" * 32),
        (3, "request_item", TASK),
        (3, NAME, "price"),
    ],
)
def test_one_row_outside_of_the_query_refuses_the_whole_page(
    page: int, field: str, value: str
) -> None:
    good = [[row] for row in PAGES]
    pages = [*good[:page], [PAGES[page], {**PAGES[page], field: value}], *good[page + 1 :]]
    with pytest.raises(Permanent) as caught:
        fetch(*pages)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED
    assert field in caught.value.message


@pytest.mark.parametrize(
    ("page", "field"),
    [
        *((0, name) for name in ("sys_id", "active", "assignment_group", "state")),
        (1, "sysapproval"),
        *((2, name) for name in ("group", "user")),
        *((3, name) for name in ("request_item", NAME)),
    ],
)
def test_a_field_of_the_query_that_no_row_shows_refuses_the_whole_page(
    page: int, field: str
) -> None:
    pages = [[row] for row in PAGES]
    pages[page] = [{key: value for key, value in PAGES[page].items() if key != field}]
    with pytest.raises(Permanent) as caught:
        fetch(*pages)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED
    assert field in caught.value.message


@pytest.mark.parametrize(
    ("page", "field", "value"),
    [
        (0, "request_item.active", ""),
        (0, "request_item.active", "perhaps"),
        (1, "sys_updated_on", ""),
        (1, "sys_updated_on", "yesterday"),
        (1, "sys_updated_on", "0001-01-01 00:00:00"),
        (3, "sc_item_option.sys_updated_on", "yesterday"),
        *((0, name, None) for name in ("number", "request_item", "request_item.number")),
        *((0, f"request_item.{name}", None) for name in ("active", "state", "cat_item")),
        *((1, name, None) for name in ("approver", "state", "sys_updated_on")),
    ],
)
def test_one_odd_row_refuses_the_task_that_it_belongs_to(
    page: int, field: str, value: str | None
) -> None:
    odd = {**PAGES[page], field: value}
    pages = [[row] for row in PAGES]
    pages[page] = [{key: text for key, text in odd.items() if text is not None}]
    if field in ("approver", "state") and page == 1:
        del pages[2]  # nobody approved, and nobody's group is asked for
    [found] = fetch(*pages)
    assert found.unreadable
    assert field in found.unreadable.why
    assert not found.unreadable.lasting
    with pytest.raises(Transient) as waits:
        policy.authorise(found, RULES)
    assert waits.value.code is Code.REQUEST_UNREADABLE


@pytest.mark.parametrize("field", ["group", "user"])
@pytest.mark.parametrize("found_too", [True, False])
def test_a_member_who_is_hidden_holds_up_only_what_may_hang_on_it(
    field: str, found_too: bool
) -> None:
    whose = USER if found_too else "c" * 32
    other = {"sys_id": "b" * 32, "group": APPROVERS, "user": whose}
    dark = {name: value for name, value in other.items() if name != field}
    second = {**APPROVAL, "sys_id": "a" * 32, "approver": whose}
    approvals = [APPROVAL] if found_too else [APPROVAL, second]
    [found] = fetch([ROW], approvals, [MEMBER, dark], [VARIABLE])
    if found_too:
        assert found.unreadable is None
        assert [each.in_group for each in found.approvals] == [True]
        return
    assert found.unreadable
    assert f"read access to {field} of table sys_user_grmember" in found.unreadable.why
    with pytest.raises(Transient) as waits:
        policy.authorise(found, RULES)
    assert waits.value.code is Code.REQUEST_UNREADABLE


def test_a_task_whose_age_is_odd_comes_last_and_is_judged_all_the_same() -> None:
    odd = {**ROW, "sys_id": "5" * 32, "sys_created_on": "yesterday"}
    found = fetch([odd, ROW], *([row] for row in PAGES[1:]))
    assert [(each.task_id, each.unreadable) for each in found] == [(TASK, None), ("5" * 32, None)]


def test_a_value_that_is_no_text_is_as_good_as_hidden() -> None:
    odd: dict[str, Any] = {**ROW, "request_item.state": 1}
    [found] = fetch([odd], *([row] for row in PAGES[1:]))
    assert found.unreadable


def test_a_variable_that_no_database_could_keep_is_left_out() -> None:
    odd = {**VARIABLE, "sc_item_option.value": "s3://a/\ud800"}
    scripts = [counted([row]) for row in (*PAGES[:3], odd)]
    with Canned(*scripts) as server:
        client = Client(server.url, Basic(user="u", password="p"), timeout=60)
        intake = Intake(group=GROUP, approver_group=APPROVERS)
        (found,) = ServiceNowInbox(client, intake).fetch()
    assert found.variables == {}
