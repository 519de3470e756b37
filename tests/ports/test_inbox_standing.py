"""What every Inbox promises of standing approvals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from adapters.memory.servicenow import MemoryInbox
from adapters.servicenow.reading.inbox import ServiceNowInbox
from sandbox.servicenow.seed import SEEDED, STANDING
from tests.adapters.servicenow.reading.standing import TABLE, stand
from tests.adapters.servicenow.stage import INTAKE, Stage, staged
from transfer.approval import standing
from transfer.errors import Code, FerryError, Transient
from transfer.evidence import Approval, Evidence, Variable
from transfer.model import Source
from transfer.ports import Inbox
from transfer.rules import Grant, Rules, Standing

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
NOBODY = "f" * 32
OBJECT = Source(bucket="exports", key="payroll/nov.csv")
RULES = Rules(
    catalog_items=frozenset(),
    variables=("source", "destination", "path"),
    grants=(Grant(requesters=frozenset("*"), sources=("s3://",), destinations=frozenset("p")),),
    standing=Standing(
        table=STANDING, prefix="u_prefix", destination="u_destination", until="u_until", path=""
    ),
)


class World(Protocol):
    """An inbox, and the hand of who makes standing approvals."""

    @property
    def inbox(self) -> Inbox: ...

    def add(self, *, approved: bool = True) -> str: ...

    def close(self, record: str) -> None: ...

    def disconnect(self) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.inbox = MemoryInbox()
        self._count = 0

    def add(self, *, approved: bool = True) -> str:
        self._count += 1
        found = _evidence(f"{self._count:032x}", "approved" if approved else "requested")
        self.inbox.put_standing(found)
        return found.item_id

    def close(self, record: str) -> None:
        [found] = self.inbox.standing(record)
        self.inbox.put_standing(replace(found, item_active=False, item_state="3"))

    def disconnect(self) -> None:
        self.inbox.failure = Transient(Code.SERVICENOW_UNREACHABLE, "The instance is gone.")


class Simulated:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.inbox = ServiceNowInbox(stage.client(), replace(INTAKE, standing=TABLE))

    def add(self, *, approved: bool = True) -> str:
        return stand(self._stage.instance, approved=approved)["sys_id"]

    def close(self, record: str) -> None:
        self._stage.instance.update(STANDING, record, {"state": "3"})

    def disconnect(self) -> None:
        self._stage.server.stop()


def _evidence(record: str, approval: str) -> Evidence:
    person = SEEDED.users["anna.berg"].sys_id
    approver = Approval(
        approver_id=NOBODY,
        approver="carla.moss",
        state=approval,
        decided_at=NOON,
        in_group=True,
        actor="carla.moss",
    )
    terms = {
        "u_prefix": "s3://exports/payroll/",
        "u_destination": "partner",
        "u_until": "2027-12-31 00:00:00",
        "u_path": "",
        "opened_by": person,
    }
    return Evidence(
        instance="memory",
        task_id="",
        task_number="",
        task_active=False,
        task_state="",
        item_id=record,
        item_number=f"FFSA{int(record, 16):07}",
        item_active=True,
        item_state="1",
        item_approval=approval,
        catalog_item="",
        request_number="",
        requester_id=person,
        requester="anna.berg",
        opened_by_id=person,
        opener="anna.berg",
        approvals=(approver,),
        variables={name: Variable(value=v, changed_at=NOON) for name, v in terms.items()},
        read_at=NOON,
        authors=frozenset({"anna.berg"}),
    )


@pytest.fixture(params=["memory", "servicenow"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield Memory()
        return
    with staged(tmp_path / "tls") as stage:
        yield Simulated(stage)


def test_none_are_none(world: World) -> None:
    assert list(world.inbox.standing()) == []
    assert list(world.inbox.standing(NOBODY)) == []
    assert list(world.inbox.standing("no sys_id")) == []


def test_the_active_ones_are_listed_approved_or_not_oldest_first(world: World) -> None:
    first, second, third = world.add(), world.add(approved=False), world.add()
    world.close(third)
    found = world.inbox.standing()
    assert [(each.item_id, each.item_approval) for each in found] == [
        (first, "approved"),
        (second, "requested"),
    ]


def test_one_is_read_as_it_stands(world: World) -> None:
    _, second = world.add(), world.add()
    world.close(second)
    [found] = world.inbox.standing(second)
    assert (found.item_id, found.item_active) == (second, False)


def test_it_bears_what_the_chain_judges(world: World) -> None:
    world.add()
    [found] = world.inbox.standing()
    assert (found.requester, found.authors) == ("anna.berg", frozenset({"anna.berg"}))
    assert found.requester_id == found.opened_by_id == SEEDED.users["anna.berg"].sys_id
    assert [(each.approver, each.in_group) for each in found.approvals] == [("carla.moss", True)]
    assert {name: each.value for name, each in found.variables.items()} == {
        "u_prefix": "s3://exports/payroll/",
        "u_destination": "partner",
        "u_until": "2027-12-31 00:00:00",
        "u_path": "",
        "opened_by": found.requester_id,
    }
    assert found.history
    assert found.read_at.utcoffset() == NOON.utcoffset()
    [request] = standing.requests_for(OBJECT, [found], RULES, found.read_at)
    assert request.standing == found.item_id


def test_an_instance_that_is_gone_is_a_transient_error(world: World) -> None:
    record = world.add()
    world.disconnect()
    for asked in ("", record):
        with pytest.raises(FerryError) as gone:
            world.inbox.standing(asked)
        assert not gone.value.permanent
