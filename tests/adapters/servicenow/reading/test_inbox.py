"""What the inbox reads from the simulator, and what it refuses to believe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.servicenow.line.convoy import ADDRESS
from adapters.servicenow.reading.inbox import Intake, ServiceNowInbox
from sandbox.servicenow import SEEDED
from sandbox.servicenow.modes import Mode
from tests.adapters.servicenow.stage import INTAKE, VARIABLES, Stage
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import Evidence

OTHER = "e" * 32


def only(stage: Stage) -> Evidence:
    found = stage.inbox().fetch()
    assert len(found) == 1
    return found[0]


def test_an_approved_task_comes_with_its_whole_chain(stage: Stage) -> None:
    task_id = stage.task()
    found = only(stage)
    item = stage.instance.get("sc_req_item", found.item_id)
    assert found.task_id == task_id
    assert found.instance == stage.server.url.removeprefix("https://")
    assert found.request_id == f"{found.instance}:sc_task:{task_id}"
    assert found.task_number == stage.instance.get("sc_task", task_id)["number"]
    assert (found.task_active, found.task_state) == (True, "1")
    assert (found.item_number, found.catalog_item) == (item["number"], SEEDED.catalog_item)
    assert (found.item_active, found.item_approval) == (True, "approved")
    assert found.request_number == stage.instance.get("sc_request", item["request"])["number"]
    assert (found.requester, found.requester_id) == ("anna.berg", SEEDED.users["anna.berg"].sys_id)
    assert {name: each.value for name, each in found.variables.items()} == VARIABLES


def test_the_approver_is_named_and_looked_up_in_the_group(stage: Stage) -> None:
    stage.task()
    (approval,) = only(stage).approvals
    assert (approval.approver, approval.state) == ("carla.moss", "approved")
    assert approval.approver_id == SEEDED.users["carla.moss"].sys_id
    assert approval.in_group
    for row in stage.instance.query("sys_user_grmember", f"group={SEEDED.approver_group}"):
        stage.instance.delete("sys_user_grmember", row["sys_id"])
    assert not only(stage).approvals[0].in_group


def test_an_approval_of_the_whole_request_is_read_too(stage: Stage) -> None:
    stage.task()
    item = stage.instance.get("sc_req_item", only(stage).item_id)
    row = {
        "sysapproval": item["request"],
        "approver": SEEDED.users["otto.lind"].sys_id,
        "state": "rejected",
    }
    stage.instance.create("sysapproval_approver", row)
    states = {each.approver: (each.state, each.in_group) for each in only(stage).approvals}
    assert states == {"carla.moss": ("approved", True), "otto.lind": ("rejected", False)}


def test_times_are_read_as_utc(stage: Stage) -> None:
    stage.task()
    option = stage.instance.query("sc_item_option")[0]
    stage.instance.update(
        "sc_item_option", option["sys_id"], {"sys_updated_on": "2031-02-03 04:05:06"}
    )
    approval = stage.instance.query("sysapproval_approver")[0]
    stage.instance.update(
        "sysapproval_approver", approval["sys_id"], {"sys_updated_on": "2030-01-02 03:04:05"}
    )
    found = only(stage)
    assert found.approvals[0].decided_at.isoformat() == "2030-01-02T03:04:05+00:00"
    assert "2031-02-03T04:05:06+00:00" in {
        each.changed_at.isoformat() for each in found.variables.values()
    }


def calls(stage: Stage) -> list[str]:
    """The tables that were asked for, and each batch after its parts."""
    return [each.path.rsplit("/", 1)[-1] for each in stage.server.site.served]


AROUND = ["sysapproval_approver", "sc_item_option_mtom", "sys_user_grmember"]


def test_a_whole_page_costs_two_requests(stage: Stage) -> None:
    for number in range(6):
        stage.task(path=f"in/{number}")
    found = stage.inbox().fetch()
    assert [each.variables["path"].value for each in found] == [f"in/{n}" for n in range(6)]
    assert calls(stage) == ["sc_task", *AROUND, "batch"]


def test_a_task_that_was_seen_is_read_by_one_request(stage: Stage) -> None:
    inbox, task = stage.inbox(), stage.task()
    [polled] = inbox.fetch()
    stage.server.site.served.clear()
    found = inbox.read(task)
    assert found
    assert found == replace(polled, read_at=found.read_at)
    assert calls(stage) == ["sc_task", *AROUND, "batch"]
    stage.instance.update("sc_task", task, {"assignment_group": "f" * 32})
    assert inbox.read(task) is None
    stage.instance.delete("sc_task", task)
    assert inbox.read(task) is None


def test_a_task_that_moved_to_another_item_is_judged_by_that(stage: Stage) -> None:
    inbox, task, other = stage.inbox(), stage.task(path="in/a"), stage.task(path="in/b")
    inbox.fetch()
    moved = stage.instance.get("sc_task", other)["request_item"]
    stage.instance.update("sc_task", task, {"request_item": moved})
    found = inbox.read(task)
    assert found
    assert found.item_id == moved
    assert found.variables["path"].value == "in/b"
    assert [each.in_group for each in found.approvals] == [True]


@pytest.mark.parametrize("batches", [True, False])
def test_an_instance_without_batches_is_asked_one_by_one(stage: Stage, batches: bool) -> None:
    stage.task()
    stage.server.modes.set("forbidden", path=ADDRESS)
    inbox = ServiceNowInbox(stage.client(batches=batches), INTAKE)
    found = [inbox.fetch(), inbox.fetch()]
    assert [len(each[0].variables) for each in found] == [3, 3]
    assert calls(stage) == ["sc_task", AROUND[0], AROUND[2], AROUND[1]] * 2


@pytest.mark.parametrize("mode", ["truncated", "result_and_error", "empty", "unavailable"])
@pytest.mark.parametrize("table", AROUND)
def test_a_part_that_is_lost_is_asked_for_alone(stage: Stage, mode: str, table: str) -> None:
    stage.task()
    stage.server.modes.set(mode, path=f"/table/{table}", count=1)
    [found] = stage.inbox().fetch()
    assert len(found.variables) == 3
    assert [each.in_group for each in found.approvals] == [True]


def test_a_group_that_is_not_shown_whole_is_asked_by_name(stage: Stage) -> None:
    """What the instance counts and does not show may be who approved."""
    stage.task()
    for number in range(200):
        member = {"group": INTAKE.approver_group, "user": f"{number:032x}"}
        stage.instance.create("sys_user_grmember", {"sys_id": f"{number:032x}", **member})
    [found] = stage.inbox().fetch()
    assert [each.in_group for each in found.approvals] == [True]
    assert stage.served("sys_user_grmember") == ["GET", "GET"]


def test_more_open_tasks_than_one_poll_reads_are_left_for_the_next(stage: Stage) -> None:
    for _ in range(3):
        stage.task()
    narrow = Intake(group=INTAKE.group, approver_group=INTAKE.approver_group, max_rows=2)
    assert len(stage.inbox(narrow).fetch()) == 2


def test_a_dropped_condition_refuses_the_whole_page(stage: Stage) -> None:
    """The column was renamed: the instance answers with everybody's tasks, and says 200."""
    stage.task()
    stage.instance.create("sc_task", {"short_description": "somebody else's", "state": "2"})
    for field in ("state", "assignment_group", "active"):
        mode = stage.server.modes.set("hidden_field", table="sc_task", field=field)
        with pytest.raises(Permanent) as caught:
            stage.inbox().fetch()
        assert caught.value.code is Code.SERVICENOW_UNTRUSTED
        assert field in caught.value.message
        stage.server.modes.clear(mode.name)


@pytest.mark.parametrize("field", ["active", "state", "cat_item", "number", "request", "opened_by"])
def test_a_hidden_field_of_the_item_is_never_guessed(stage: Stage, field: str) -> None:
    stage.task()
    stage.server.modes.set("hidden_field", table="sc_req_item", field=field)
    found = only(stage)
    assert found.unreadable
    assert f"request_item.{field}" in found.unreadable.why
    assert (found.approvals, found.variables) == ((), {})


def hide(stage: Stage, table: str, field: str) -> Mode:
    return stage.server.modes.set("hidden_field", table=table, field=field)


def test_a_hidden_approval_is_not_read_as_consent(stage: Stage) -> None:
    stage.task()
    hide(stage, "sc_req_item", "approval")
    assert only(stage).item_approval is None


def test_approval_rows_that_are_hidden_are_not_there(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("row_acl", table="sysapproval_approver", query="state=approved")
    assert only(stage).approvals == ()


@pytest.mark.parametrize(
    ("table", "field"),
    [("sc_item_option", "sys_updated_on"), ("sc_item_option", "value")],
)
def test_a_variable_without_value_or_time_is_left_out(stage: Stage, table: str, field: str) -> None:
    stage.task()
    hide(stage, table, field)
    assert only(stage).variables == {}


def test_a_variable_that_stands_there_twice_is_left_out(stage: Stage) -> None:
    stage.task()
    item = only(stage).item_id
    link = stage.instance.query("sc_item_option_mtom", f"request_item={item}")[0]
    stage.instance.create(
        "sc_item_option_mtom",
        {"request_item": item, "sc_item_option": link["sc_item_option"]},
    )
    assert len(only(stage).variables) == len(VARIABLES) - 1


def test_hidden_names_of_variables_refuse_the_page(stage: Stage) -> None:
    stage.task()
    hide(stage, "item_option_new", "name")
    with pytest.raises(Permanent) as caught:
        stage.inbox().fetch()
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED


def test_older_releases_name_the_requester_on_the_request(stage: Stage) -> None:
    stage.task()
    hide(stage, "sc_req_item", "requested_for")
    assert only(stage).requester == "anna.berg"


def test_a_task_without_an_item_is_shown_as_it_is(stage: Stage) -> None:
    """Somebody made it by hand: policy refuses it, and the other tasks are not held up."""
    fields = {"assignment_group": SEEDED.group, "short_description": "by hand"}
    stage.instance.create("sc_task", fields)
    stage.task()
    by_hand = stage.inbox().fetch()[0]
    assert (by_hand.item_id, by_hand.catalog_item, by_hand.item_active) == ("", "", False)
    assert (by_hand.item_approval, by_hand.requester_id) == (None, "")


def test_a_reference_that_is_no_sys_id_refers_to_nothing(stage: Stage) -> None:
    stage.task()
    row = stage.instance.query("sysapproval_approver")[0]
    stage.instance.update("sysapproval_approver", row["sys_id"], {"approver": "x^ORstate=1"})
    (approval,) = only(stage).approvals
    assert (approval.approver_id, approval.in_group) == ("", False)


def test_a_task_that_was_handed_to_others_is_no_longer_ours(stage: Stage) -> None:
    task_id = stage.task()
    stage.instance.update("sc_task", task_id, {"assignment_group": OTHER})
    assert stage.inbox().read(task_id) is None


@pytest.mark.parametrize("task_id", ["", "../sys_user", "x" * 32, f"{OTHER}^ORactive=true"])
def test_what_is_no_sys_id_is_no_task(stage: Stage, task_id: str) -> None:
    assert stage.inbox().read(task_id) is None
    assert not stage.server.site.served


@pytest.mark.parametrize("mode", ["truncated", "result_and_error", "empty", "unavailable"])
def test_a_poll_that_breaks_off_half_way_yields_nothing(stage: Stage, mode: str) -> None:
    stage.task()
    stage.server.modes.set(mode, path="sysapproval_approver")
    with pytest.raises(Transient):
        stage.inbox().fetch()


def test_what_became_of_the_request_is_told_where_its_items_stay_open(stage: Stage) -> None:
    task = stage.task()
    item = stage.instance.get("sc_task", task)["request_item"]
    request = stage.instance.get("sc_req_item", item)["request"]
    stage.instance.update("sc_request", request, {"request_state": "closed_cancelled"})
    for table, each in (("sc_req_item", item), ("sc_task", task)):
        stage.instance.update(table, each, {"state": "1"})
    [found] = stage.inbox().fetch()
    assert (found.item_active, found.task_open) == (True, True)
    assert found.request_state == "closed_cancelled"
    assert stage.inbox().ended([task]) == {task}
