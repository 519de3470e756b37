"""One order that cannot be read, among others: it is refused by name, and holds up nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.servicenow.line.client import Client
from adapters.servicenow.line.records import Record
from adapters.servicenow.reading.inbox import ServiceNowInbox
from adapters.servicenow.reading.related import Related
from sandbox.servicenow import SEEDED
from sandbox.servicenow.instance import Instance
from tests.adapters.servicenow.stage import INTAKE, Stage
from tests.transfer.made import RULES
from transfer.approval import policy
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import Evidence

FETCHED = 5
"""A page and a batch of three parts, which are noted too."""
SLOW = 60.0
"""Seconds for an answer of 10 MiB on a machine that has other things to do."""
MEMBER = SEEDED.users["carla.moss"].sys_id


def by_number(found: tuple[Evidence, ...] | list[Evidence]) -> dict[str, Evidence]:
    return {each.task_id: each for each in found}


def item_of(instance: Instance, task_id: str) -> str:
    return instance.get("sc_task", task_id)["request_item"]


def fill(instance: Instance, task_id: str, characters: int) -> None:
    """Every variable of its item gets that long."""
    links = instance.query("sc_item_option_mtom", f"request_item={item_of(instance, task_id)}")
    for link in links:
        instance.update("sc_item_option", link["sc_item_option"], {"value": "x" * characters})


def crowd(instance: Instance, task_id: str, rows: int) -> None:
    """So many people are asked to approve its item."""
    item = item_of(instance, task_id)
    fields = {"sysapproval": item, "approver": MEMBER, "state": "requested"}
    for _ in range(rows):
        instance.create("sysapproval_approver", fields)


def patient(stage: Stage) -> ServiceNowInbox:
    return ServiceNowInbox(stage.client(timeout=SLOW), INTAKE)


def fetched(inbox: ServiceNowInbox) -> dict[str, Evidence]:
    return by_number(list(inbox.fetch()))


def code_of(found: Evidence) -> tuple[str, bool]:
    """What becomes of it, and whether that is the last word."""
    with pytest.raises((Permanent, Transient)) as told:
        policy.authorise(found, RULES)
    return told.value.code, told.value.permanent


def test_sixty_long_orders_hold_up_nobody(stage: Stage) -> None:
    for _ in range(60):
        fill(stage.instance, stage.task(), 60_000)
    ours = stage.task()
    stage.server.site.served.clear()
    found = fetched(patient(stage))
    assert len(found) == 61
    assert [each for each in found.values() if each.unreadable] == []
    assert len(found[ours].variables) == 3
    # In one answer it would be 10,800,000 characters: two halves are.
    assert len(stage.served("sc_item_option_mtom")) == 1 + 3


@pytest.mark.parametrize("place", [0, 3, 6])
def test_the_one_whose_variables_no_answer_can_hold_is_refused_alone(
    stage: Stage, place: int
) -> None:
    tasks = [stage.task() for _ in range(7)]
    fill(stage.instance, tasks[place], 4_000_000)
    inbox = patient(stage)
    with capture_logs() as logs:
        found = fetched(inbox)
        stage.server.site.served.clear()
        again = fetched(inbox)
    odd = found.pop(tasks[place])
    assert odd.unreadable
    assert odd.unreadable.lasting
    assert "10 MiB" in odd.unreadable.why
    assert code_of(odd) == (Code.REQUEST_UNREADABLE, True)
    assert all(each.unreadable is None and len(each.variables) == 3 for each in found.values())
    # Known by now: it costs its halving once, and is told once.
    assert len(stage.server.site.served) == FETCHED
    assert again[tasks[place]].unreadable == odd.unreadable
    [told] = [line for line in logs if line["log_level"] == "warning"]
    assert (told["task"], told["requester"]) == (odd.task_number, "anna.berg")
    assert told["reason"] == odd.unreadable.why


def test_the_one_with_ten_thousand_approvers_is_refused_alone(stage: Stage) -> None:
    tasks = [stage.task() for _ in range(5)]
    crowd(stage.instance, tasks[2], 10_000)
    found = fetched(patient(stage))
    odd = found.pop(tasks[2])
    assert code_of(odd) == (Code.REQUEST_UNREADABLE, True)
    assert all(each.approvals and each.unreadable is None for each in found.values())


def test_thousands_who_approved_cost_one_look_at_the_group(stage: Stage) -> None:
    task = stage.task()
    item = item_of(stage.instance, task)
    for number in range(1_000):
        row = {"sysapproval": item, "approver": f"{number:032x}", "state": "approved"}
        stage.instance.create("sysapproval_approver", row)
    stage.server.site.served.clear()
    found = fetched(patient(stage))[task]
    assert [each.approver for each in found.approvals if each.in_group] == ["carla.moss"]
    assert len(stage.server.site.served) == FETCHED


@pytest.mark.parametrize("alone", [True, False])
def test_a_task_whose_item_is_gone_is_held_up_alone(stage: Stage, alone: bool) -> None:
    orphan = stage.task()
    ours = "" if alone else stage.task()
    stage.instance.delete("sc_req_item", item_of(stage.instance, orphan))
    found = fetched(patient(stage))
    assert code_of(found[orphan]) == (Code.REQUEST_UNREADABLE, False)
    assert found[orphan].item_number == found[orphan].task_number
    assert alone or found[ours].unreadable is None


@pytest.mark.parametrize("mode", ["truncated", "result_and_error"])
@pytest.mark.parametrize("table", ["sc_item_option_mtom", "sysapproval_approver"])
def test_an_answer_that_breaks_off_over_one_order_holds_up_that_one(
    stage: Stage, mode: str, table: str
) -> None:
    tasks = [stage.task() for _ in range(9)]
    bad = min(tasks, key=lambda task: item_of(stage.instance, task))
    stage.server.modes.set(mode, path=f"{table}.*{item_of(stage.instance, bad)}")
    found = fetched(patient(stage))
    odd = found.pop(bad)
    assert code_of(odd) == (Code.REQUEST_UNREADABLE, False)
    assert all(each.unreadable is None for each in found.values())


def test_an_instance_that_breaks_off_everywhere_is_at_fault_itself(stage: Stage) -> None:
    for _ in range(40):
        stage.task()
    stage.server.modes.set("truncated", path="sc_item_option_mtom")
    stage.server.site.served.clear()
    with pytest.raises(Transient) as told:
        patient(stage).fetch()
    assert told.value.code is Code.SERVICENOW_CUT_OFF
    assert len(stage.served("sc_item_option_mtom")) < 25


class Hiding:
    """A Client that hides of one record's approver rows what they belong to."""

    def __init__(self, client: Client, of: str) -> None:
        self._client, self._of = client, of
        self.host, self.insist = client.host, client.insist

    def rows(self, *asked: Any, **how: Any) -> tuple[Record, ...]:
        return tuple(map(self._shown, self._client.rows(*asked, **how)))

    def _shown(self, row: Record) -> Record:
        hidden = row.values.get("sysapproval") == self._of
        shown = {key: value for key, value in row.values.items() if key != "sysapproval"}
        return replace(row, values=shown) if hidden else row


def test_an_approver_s_row_that_hides_what_it_is_of_refuses_that_order_alone(stage: Stage) -> None:
    items = sorted(item_of(stage.instance, stage.task()) for _ in range(5))
    client: Any = Hiding(stage.client(), items[1])
    related = Related(client, SEEDED.approver_group)
    found = related.approvals(items)
    assert set(found) == set(items) - {items[1]}
    assert set(related.lost) == {items[1]}
    with pytest.raises(Permanent) as told:
        Related(client, SEEDED.approver_group).approvals([items[1]])
    assert told.value.code is Code.SERVICENOW_UNTRUSTED


def ask(inbox: ServiceNowInbox, names: list[str]) -> None:
    for name in names:
        for task_id in inbox.find(name):
            inbox.read(task_id)


@pytest.mark.parametrize("name", ["RITM{:07}", "{:032x}"])
def test_hints_of_unknown_names_leave_the_poll_its_calls(stage: Stage, name: str) -> None:
    task = stage.task()
    client = stage.client(timeout=SLOW)
    client.budget.per_hour = 100
    inbox = ServiceNowInbox(client, INTAKE)
    with pytest.raises(Transient) as told:
        ask(inbox, [name.format(number) for number in range(90)])
    assert told.value.code is Code.SERVICENOW_THROTTLED
    assert client.budget.made == 60
    assert set(fetched(inbox)) == {task}


def test_the_halving_keeps_to_the_budget_and_goes_on_where_it_stopped(stage: Stage) -> None:
    tasks = [stage.task() for _ in range(8)]
    fill(stage.instance, tasks[3], 4_000_000)
    client = stage.client(timeout=SLOW)
    client.budget.per_hour = 7
    inbox = ServiceNowInbox(client, INTAKE)
    with pytest.raises(Transient) as told:
        inbox.fetch()
    assert told.value.code is Code.SERVICENOW_THROTTLED
    client.budget.per_hour = 100
    found = fetched(inbox)
    assert [each for each in found.values() if each.unreadable] == [found[tasks[3]]]
