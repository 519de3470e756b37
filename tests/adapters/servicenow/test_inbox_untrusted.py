"""An instance that ignores the query, or answers with nonsense: the whole page is refused."""

from __future__ import annotations

import json

import pytest

from adapters.servicenow.client import Client
from adapters.servicenow.credentials import Basic
from adapters.servicenow.inbox import Intake, ServiceNowInbox
from tests.adapters.servicenow.canned import JSON, Canned, answer
from transfer.errors import Code, Permanent

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
}
APPROVAL = {
    "sys_id": "7" * 32,
    "sysapproval": ITEM,
    "approver": USER,
    "approver.user_name": "carla.moss",
    "state": "approved",
    "sys_updated_on": "2026-01-02 03:04:05",
}
MEMBER = {"sys_id": "8" * 32, "group": APPROVERS, "user": USER}
NAME = "sc_item_option.item_option_new.name"
VARIABLE = {
    "sys_id": "9" * 32,
    "request_item": ITEM,
    NAME: "source",
    "sc_item_option.value": "s3://a/b",
    "sc_item_option.sys_updated_on": "2026-01-02 03:04:05",
}
PAGES: tuple[dict[str, str], ...] = (ROW, APPROVAL, MEMBER, VARIABLE)


def counted(page: list[dict[str, str]]) -> bytes:
    count = f"X-Total-Count: {len(page)}\r\n".encode()
    return answer(json.dumps({"result": page}).encode(), headers=JSON + count)


def fetch(*pages: list[dict[str, str]]) -> int:
    """How many tasks a poll yields when the instance answers with these pages, one a call."""
    scripts = [counted(page) for page in pages]
    with Canned(*scripts) as server:
        client = Client(server.url, Basic(user="u", password="p"), timeout=5)
        intake = Intake(group=GROUP, approver_group=APPROVERS)
        return len(ServiceNowInbox(client, intake).fetch())


def test_the_pages_of_this_file_are_believed_as_they_stand() -> None:
    assert fetch(*([row] for row in PAGES)) == 1


def test_nothing_open_costs_one_call() -> None:
    assert fetch([]) == 0


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
        (0, "sys_created_on", "yesterday"),
        (0, "request_item.active", ""),
        (1, "sysapproval", TASK),
        (1, "sys_updated_on", ""),
        (2, "group", "b" * 32),
        (2, "user", "b" * 32),
        (3, "request_item", TASK),
        (3, NAME, "price"),
    ],
)
def test_one_bad_row_refuses_the_whole_page(page: int, field: str, value: str) -> None:
    good = [[row] for row in PAGES]
    pages = [*good[:page], [PAGES[page], {**PAGES[page], field: value}], *good[page + 1 :]]
    with pytest.raises(Permanent) as caught:
        fetch(*pages)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED
    assert field in caught.value.message


@pytest.mark.parametrize(
    ("page", "field"),
    [
        *((0, name) for name in ("sys_id", "number", "active", "assignment_group", "state")),
        *((0, f"request_item.{name}") for name in ("number", "active", "state", "cat_item")),
        *((1, name) for name in ("sysapproval", "approver", "state", "sys_updated_on")),
        *((2, name) for name in ("group", "user")),
        *((3, name) for name in ("request_item", NAME)),
    ],
)
def test_a_field_that_is_not_shown_refuses_the_whole_page(page: int, field: str) -> None:
    pages = [[row] for row in PAGES]
    pages[page] = [{key: value for key, value in PAGES[page].items() if key != field}]
    with pytest.raises(Permanent) as caught:
        fetch(*pages)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED
    assert field in caught.value.message


def test_a_page_that_may_have_been_cut_is_refused() -> None:
    with pytest.raises(Permanent) as caught:
        fetch([ROW], [APPROVAL] * 10_000)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED
    assert "cut" in caught.value.message


def test_a_variable_that_no_database_could_keep_is_left_out() -> None:
    odd = {**VARIABLE, "sc_item_option.value": "s3://a/\ud800"}
    scripts = [counted([row]) for row in (*PAGES[:3], odd)]
    with Canned(*scripts) as server:
        client = Client(server.url, Basic(user="u", password="p"), timeout=5)
        intake = Intake(group=GROUP, approver_group=APPROVERS)
        (found,) = ServiceNowInbox(client, intake).fetch()
    assert found.variables == {}
