"""From the order to the closed request: approvals, the task, variables, roll-up, cancelling."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.servicenow import SEEDED, ServiceNow
from tests.sandbox.servicenow.clients import Api, Row, error

ANSWERS = {"source": "s3://a/1\ns3://a/2", "destination": "acme"}
ORDER = {"sysparm_quantity": 1, "variables": ANSWERS}
TASK_QUERY = "active=true^state=1^request_item.active=true^request_item.approval=approved"


@pytest.fixture
def item(servicenow: ServiceNow) -> Row:
    with Api(servicenow, "anna.berg") as anna:
        answer = anna.order(ORDER)
    assert answer.status_code == 200, answer.text
    (row,) = servicenow.instance.query(
        "sc_req_item", f"request={answer.json()['result']['sys_id']}"
    )
    return row


def approve(servicenow: ServiceNow, item: Row) -> Row:
    (row,) = servicenow.instance.query("sysapproval_approver", f"sysapproval={item['sys_id']}")
    servicenow.instance.approve(row["sys_id"])
    (task,) = servicenow.instance.query("sc_task", f"request_item={item['sys_id']}")
    return task


def test_an_order_gives_a_request_that_waits_for_the_approvers(
    servicenow: ServiceNow, ferry: Api
) -> None:
    with Api(servicenow, "anna.berg") as anna:
        result = anna.order(ORDER).json()["result"]
    assert result["number"] == result["request_number"] == "REQ0010001"
    assert (result["request_id"], result["table"]) == (result["sys_id"], "sc_request")
    fields = "approval,stage,state,active,requested_for.user_name,opened_by.user_name,cat_item"
    (item,) = ferry.rows(
        "sc_req_item", f"request={result['sys_id']}", fields, sysparm_exclude_reference_link="true"
    )
    assert item == {
        "approval": "requested", "stage": "waiting_for_approval", "state": "1", "active": "true",
        "requested_for.user_name": "anna.berg", "opened_by.user_name": "anna.berg",
        "cat_item": SEEDED.catalog_item,
    }  # fmt: skip
    fields = "state,approver.user_name,sysapproval.number,source_table"
    assert ferry.rows("sysapproval_approver", "", fields) == [
        {
            "state": "requested", "approver.user_name": "carla.moss",
            "sysapproval.number": "RITM0010001", "source_table": "sc_req_item",
        }
    ]  # fmt: skip
    assert ferry.rows("sc_task") == []


def test_the_approver_approves_and_the_task_appears(
    servicenow: ServiceNow, ferry: Api, item: Row
) -> None:
    with Api(servicenow, "carla.moss") as carla:
        (row,) = carla.rows("sysapproval_approver", "state=requested")
        answer = carla.patch("sysapproval_approver", row["sys_id"], {"state": "approved"})
    assert answer.json()["result"]["sys_updated_by"] == "carla.moss"
    names = "number,assignment_group.name,request_item.number,request.request_state,parent,active"
    query = f"{TASK_QUERY}^assignment_group={SEEDED.group}"
    (task,) = ferry.rows("sc_task", query, names, sysparm_exclude_reference_link="true")
    assert task == {
        "number": "SCTASK0010001", "assignment_group.name": "FileFerry automation",
        "request_item.number": "RITM0010001", "request.request_state": "in_process",
        "parent": item["sys_id"], "active": "true",
    }  # fmt: skip
    shown = ferry.rows("sc_req_item", "", "approval,approval_set,stage")[0]
    assert (shown["approval"], shown["stage"]) == ("approved", "fulfillment")
    assert shown["approval_set"]


def test_one_of_several_approvers_is_enough(servicenow: ServiceNow, item: Row) -> None:
    otto = SEEDED.users["otto.lind"].sys_id
    extra = {"sysapproval": item["sys_id"], "approver": otto}
    row = servicenow.instance.create("sysapproval_approver", extra)
    servicenow.instance.approve(row["sys_id"])
    states = {
        each["approver"]: (each["state"], each["sys_updated_by"])
        for each in servicenow.instance.query("sysapproval_approver")
    }
    assert states[otto] == ("approved", "otto.lind")
    assert states[SEEDED.users["carla.moss"].sys_id] == ("not_required", "system")


def test_a_rejection_closes_item_and_request(servicenow: ServiceNow, item: Row) -> None:
    instance = servicenow.instance
    (row,) = instance.query("sysapproval_approver")
    instance.reject(row["sys_id"])
    closed = instance.get("sc_req_item", item["sys_id"])
    assert (closed["active"], closed["state"], closed["approval"]) == ("false", "4", "rejected")
    request = instance.get("sc_request", item["request"])
    assert (request["request_state"], request["active"]) == ("closed_rejected", "false")
    assert instance.query("sc_task") == []


@pytest.mark.parametrize(
    ("state", "request_state"),
    [("3", "closed_complete"), ("4", "closed_incomplete"), ("7", "closed_skipped")],
)
def test_closing_the_task_closes_item_and_request(
    servicenow: ServiceNow, ferry: Api, item: Row, state: str, request_state: str
) -> None:
    task = approve(servicenow, item)
    closed = ferry.patch("sc_task", task["sys_id"], {"state": state, "close_notes": "x"})
    assert closed.json()["result"]["active"] == "false"
    assert closed.json()["result"]["closed_at"]
    done = servicenow.instance.get("sc_req_item", item["sys_id"])
    assert (done["state"], done["active"], done["approval"]) == (state, "false", "approved")
    request = servicenow.instance.get("sc_request", item["request"])
    assert (request["request_state"], request["active"]) == (request_state, "false")


def test_the_item_waits_for_its_last_task(servicenow: ServiceNow, item: Row) -> None:
    instance = servicenow.instance
    first = approve(servicenow, item)
    second = instance.create("sc_task", {"request_item": item["sys_id"]})
    instance.update("sc_task", first["sys_id"], {"state": "3"})
    assert instance.get("sc_req_item", item["sys_id"])["active"] == "true"
    instance.update("sc_task", second["sys_id"], {"state": "4"})
    assert instance.get("sc_req_item", item["sys_id"])["state"] == "4"


@pytest.mark.parametrize(
    "change",
    [
        ("sc_req_item", {"approval": "cancelled"}),
        ("sc_req_item", {"active": "false"}),
        ("sc_request", {"request_state": "closed_cancelled"}),
        ("sc_request", {"active": "false"}),
    ],
)
@pytest.mark.parametrize("left_open", [False, True])
def test_cancelling_closes_item_and_request_and_skips_the_task(
    servicenow: ServiceNow, item: Row, change: tuple[str, Row], *, left_open: bool
) -> None:
    instance, task = servicenow.instance, approve(servicenow, item)
    instance.properties.leave_tasks_open = left_open
    table, fields = change
    instance.update(table, item["sys_id"] if table == "sc_req_item" else item["request"], fields)
    cancelled = instance.get("sc_req_item", item["sys_id"])
    assert (cancelled["active"], cancelled["state"]) == ("false", "4")
    assert cancelled["stage"] == "Request Cancelled"
    assert instance.get("sc_request", item["request"])["request_state"] == "closed_cancelled"
    assert instance.get("sc_task", task["sys_id"])["state"] == ("1" if left_open else "7")


def test_variables_are_read_by_dot_walk_and_by_their_table(
    servicenow: ServiceNow, ferry: Api, item: Row
) -> None:
    approve(servicenow, item)
    fields = "variables.source,variables.destination,variables.path,variables.typo"
    expected = {
        "variables.source": "s3://a/1\ns3://a/2", "variables.destination": "acme",
        "variables.path": "",
    }  # fmt: skip
    assert ferry.rows("sc_task", "", fields) == ferry.rows("sc_req_item", "", fields) == [expected]
    names = "sc_item_option.item_option_new.name,sc_item_option.item_option_new.type"
    rows = ferry.rows("sc_item_option_mtom", f"request_itemIN{item['sys_id']},x", names)
    assert [list(row.values()) for row in rows] == [
        ["source", "2"], ["destination", "6"], ["path", "6"],
    ]  # fmt: skip


def test_only_the_option_row_changes_a_variable(
    admin: Api, ferry: Api, servicenow: ServiceNow, item: Row
) -> None:
    admin.patch("sc_req_item", item["sys_id"], {"variables.destination": "evil"})
    options = servicenow.instance.query("sc_item_option", "value=acme")
    admin.patch("sc_item_option", options[0]["sys_id"], {"value": "other"})
    (row,) = ferry.rows("sc_req_item", "", "variables.destination")
    assert row == {"variables.destination": "other"}
    changed = servicenow.instance.get("sc_item_option", options[0]["sys_id"])
    assert (changed["sys_mod_count"], changed["sys_updated_by"]) == ("1", "admin")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**ORDER, "sysparm_quantity": 0}, "Invalid quantity value"),
        ({"variables": ANSWERS}, "Invalid quantity value"),
        ({**ORDER, "variables": {"source": "x"}}, "Mandatory Variables are required"),
        ({**ORDER, "variables": {**ANSWERS, "source": " "}}, "Mandatory Variables are required"),
    ],
)
def test_a_bad_order_is_refused(ferry: Api, body: Any, message: str) -> None:
    assert error(ferry.order(body))[:2] == (400, message)
    assert ferry.rows("sc_request") == []


def test_an_item_that_is_off_cannot_be_ordered(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.instance.update("sc_cat_item", SEEDED.catalog_item, {"active": "false"})
    assert error(ferry.order(ORDER))[1] == "Security constraints prevent ordering of Item"
    assert ferry.order(ORDER, "0" * 32).status_code == 404


def test_the_catalog_shows_its_items_and_their_variables(ferry: Api) -> None:
    base = "/api/sn_sc/servicecatalog/items"
    (item,) = ferry.get(base).json()["result"]
    assert item["name"] == "File transfer"
    variables = ferry.get(f"{base}/{SEEDED.catalog_item}/variables").json()["result"]
    assert [(each["name"], each["type"], each["mandatory"]) for each in variables] == [
        ("source", 2, True), ("destination", 6, True), ("path", 6, False),
    ]  # fmt: skip
    assert ferry.get(f"{base}/{SEEDED.catalog_item}").json()["result"]["variables"] == variables
