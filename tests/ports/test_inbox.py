"""What every Inbox promises: the one in memory, and the one that asks ServiceNow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from adapters.memory.servicenow import MemoryInbox
from sandbox.servicenow import SEEDED
from tests.adapters.servicenow.stage import VARIABLES, Stage, staged
from transfer.errors import Code, FerryError, Transient
from transfer.evidence import Approval, Evidence, Variable
from transfer.ports import Inbox

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
NOBODY = "f" * 32


class World(Protocol):
    """An inbox, and the hand of the people whose tasks it shows."""

    @property
    def inbox(self) -> Inbox: ...

    def add(self, *, approved: bool = True) -> str: ...

    def close(self, task_id: str) -> None: ...

    def work_on(self, task_id: str) -> None: ...

    def cancel(self, task_id: str) -> None:
        """The item is cancelled, and its task is left open."""

    def disconnect(self) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.inbox = MemoryInbox()
        self._count = 0

    def add(self, *, approved: bool = True) -> str:
        self._count += 1
        task_id = f"{self._count:032x}"
        self.inbox.put(_evidence(task_id, self._count, "approved" if approved else "requested"))
        return task_id

    def close(self, task_id: str) -> None:
        found = self.inbox.read(task_id)
        assert found is not None
        self.inbox.put(replace(found, task_active=False, task_state="3"))

    def work_on(self, task_id: str) -> None:
        found = self.inbox.read(task_id)
        assert found is not None
        self.inbox.put(replace(found, task_state="2"))

    def cancel(self, task_id: str) -> None:
        found = self.inbox.read(task_id)
        assert found is not None
        self.inbox.put(replace(found, item_active=False, item_state="4"))

    def disconnect(self) -> None:
        self.inbox.failure = Transient(Code.SERVICENOW_UNREACHABLE, "The instance is gone.")


class Simulated:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.inbox = stage.inbox()

    def add(self, *, approved: bool = True) -> str:
        item = self._stage.order()
        if approved:
            return self._stage.approve(item)
        fields = {"request_item": item, "assignment_group": SEEDED.group}
        return self._stage.instance.create("sc_task", fields)["sys_id"]

    def close(self, task_id: str) -> None:
        self._stage.instance.update("sc_task", task_id, {"state": "3"})

    def work_on(self, task_id: str) -> None:
        self._stage.instance.update("sc_task", task_id, {"state": "2"})

    def cancel(self, task_id: str) -> None:
        instance = self._stage.instance
        instance.properties.leave_tasks_open = True
        item = instance.get("sc_task", task_id)["request_item"]
        instance.update("sc_req_item", item, {"active": "false"})

    def disconnect(self) -> None:
        self._stage.server.stop()


def _evidence(task_id: str, number: int, approval: str) -> Evidence:
    approver = Approval(
        approver_id=NOBODY,
        approver="carla.moss",
        state=approval,
        decided_at=NOON,
        in_group=True,
        actor="carla.moss",
    )
    return Evidence(
        instance="memory",
        task_id=task_id,
        task_number=f"SCTASK{number:07}",
        task_active=True,
        task_state="1",
        item_id=f"{number + 1000:032x}",
        item_number=f"RITM{number:07}",
        item_active=True,
        item_state="1",
        item_approval=approval,
        catalog_item=NOBODY,
        request_number=f"REQ{number:07}",
        requester_id=NOBODY,
        requester="anna.berg",
        opened_by_id=NOBODY,
        opener="anna.berg",
        approvals=(approver,),
        variables={name: Variable(value=v, changed_at=NOON) for name, v in VARIABLES.items()},
        read_at=NOON,
    )


@pytest.fixture(params=["memory", "servicenow"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield Memory()
        return
    with staged(tmp_path / "tls") as stage:
        yield Simulated(stage)


def test_every_open_task_is_fetched_oldest_first(world: World) -> None:
    ids = [world.add() for _ in range(3)]
    assert [each.task_id for each in world.inbox.fetch()] == ids


def test_an_empty_inbox_is_empty(world: World) -> None:
    assert list(world.inbox.fetch()) == []


def test_a_task_that_nobody_approved_is_fetched_as_such(world: World) -> None:
    world.add(approved=False)
    (found,) = world.inbox.fetch()
    assert found.item_approval == "requested"
    assert [each.state for each in found.approvals] == ["requested"]


def test_an_approved_task_comes_with_what_was_approved(world: World) -> None:
    world.add()
    (found,) = world.inbox.fetch()
    assert found.item_approval == "approved"
    assert [(each.approver, each.in_group) for each in found.approvals] == [("carla.moss", True)]
    assert {name: each.value for name, each in found.variables.items()} == VARIABLES


def test_times_are_aware(world: World) -> None:
    world.add()
    (found,) = world.inbox.fetch()
    times = [found.read_at, found.approvals[0].decided_at]
    times += [each.changed_at for each in found.variables.values()]
    assert {time.utcoffset() for time in times} == {NOON.utcoffset()}


def test_a_task_is_read_as_it_stands(world: World) -> None:
    first, second = world.add(), world.add()
    found = world.inbox.read(second)
    assert found is not None
    assert (found.task_id, found.task_active) == (second, True)
    world.close(second)
    closed = world.inbox.read(second)
    assert closed is not None
    assert (closed.task_active, closed.task_state) == (False, "3")
    assert closed.variables == found.variables
    assert [each.task_id for each in world.inbox.fetch()] == [first]


def test_a_task_that_is_not_there_is_none(world: World) -> None:
    world.add()
    assert world.inbox.read(NOBODY) is None
    assert world.inbox.read("no sys_id") is None


def test_what_is_closed_cancelled_or_gone_has_ended(world: World) -> None:
    open_, closed, cancelled = (world.add() for _ in range(3))
    world.close(closed)
    world.cancel(cancelled)
    asked = [open_, closed, cancelled, NOBODY, "no sys_id"]
    assert world.inbox.ended(asked) == {closed, cancelled, NOBODY, "no sys_id"}
    assert world.inbox.ended([]) == frozenset()


def test_a_task_that_is_worked_on_has_not_ended(world: World) -> None:
    task_id = world.add()
    world.work_on(task_id)
    assert world.inbox.ended([task_id, task_id]) == frozenset()


def test_more_tasks_than_one_query_takes_are_told_apart(world: World) -> None:
    absent = [f"{number:032x}" for number in range(5000, 5250)]
    task_id = world.add()
    assert world.inbox.ended([*absent, task_id]) == frozenset(absent)


def test_an_instance_that_is_gone_is_a_transient_error(world: World) -> None:
    task_id = world.add()
    world.disconnect()
    with pytest.raises(FerryError) as fetched:
        world.inbox.fetch()
    with pytest.raises(FerryError) as read:
        world.inbox.read(task_id)
    with pytest.raises(FerryError) as ended:
        world.inbox.ended([task_id])
    assert not fetched.value.permanent
    assert not read.value.permanent
    assert not ended.value.permanent


def numbers(world: World, task_id: str) -> tuple[str, str, str]:
    found = world.inbox.read(task_id)
    assert found is not None
    return found.task_number, found.item_number, found.request_number


def test_a_task_is_found_by_each_of_its_numbers_open_or_not(world: World) -> None:
    first, second = world.add(), world.add(approved=False)
    for task_id in (first, second):
        for number in numbers(world, task_id):
            assert world.inbox.find(number) == (task_id,)
    world.close(first)
    assert world.inbox.find(numbers(world, first)[1]) == (first,)


def test_a_number_that_nobody_bears_finds_nothing(world: World) -> None:
    world.add()
    for number in ("RITM9999999", "REQ9999999", "SCTASK9999999"):
        assert world.inbox.find(number) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RITM",
        "ritm0010001",
        "RITM0010001^ORactive=true",
        "RITM0010001^NQactive=true",
        "RITM0010001\n",
        "RITM٠٠١٠٠٠١",
        "RITM0010001,RITM0010002",
        "javascript:gs.getUserID()",
        "INC0010001",
    ],
)
def test_what_is_no_number_finds_nothing_and_asks_nobody(world: World, text: str) -> None:
    world.add()
    world.disconnect()
    assert world.inbox.find(text) == ()
