"""How often ServiceNow is called for a small transfer, and by a poll that finds many."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from adapters.memory.ledger import MemoryArchive, MemoryOutbox
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from adapters.servicenow.desk.desk import ServiceNowDesk
from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.client import Client
from adapters.servicenow.reading.inbox import ServiceNowInbox
from daemon.intake import Intake
from sandbox.servicenow import SEEDED
from tests.adapters.servicenow.stage import INTAKE, Stage, staged
from tests.transfer.bench import Bench
from tests.transfer.made import PARTNER, RULES
from tests.transfer.test_journey import three_tries
from transfer.approval.authority import InstanceAuthority
from transfer.errors import FerryError
from transfer.journey import travel
from transfer.model import Outcome
from transfer.remembered import Remembered

MOST = 10
"""Requests for a transfer of one file from the poll to the last word on its tickets."""
SOURCE = "s3://exports/payroll/nov.csv"


def found(stage: Stage, world: Bench, inbox: ServiceNowInbox, outbox: MemoryOutbox) -> str:
    """What a poll makes of an order."""
    stage.task(source=SOURCE, path="pay/nov.csv")
    carried = list[str]()
    carrier: Any = SimpleNamespace(carry=lambda heads: carried.extend(each.id for each in heads))
    Intake(
        inbox=inbox,
        ledger=world.ledger,
        archive=MemoryArchive(world.store),
        outbox=outbox,
        rules=replace(RULES, catalog_items=frozenset({SEEDED.catalog_item})),
        carrier=carrier,
        clock=lambda: datetime.now(UTC),
    ).round()
    [transfer_id] = carried
    return transfer_id


def carried(world: Bench, inbox: ServiceNowInbox, transfer_id: str) -> None:
    rules = replace(RULES, catalog_items=frozenset({SEEDED.catalog_item}))
    claimed = world.ledger.claim(transfer_id)
    assert claimed
    tools = replace(
        world.tools(),
        # By a clock that stands still: no second passes between the two times that it is asked.
        authority=InstanceAuthority(inbox, rules, lambda: 0.0),
        destinations={"partner": PARTNER},
        rules=rules,
    )
    done = travel(claimed, tools, three_tries)
    assert done.outcome is Outcome.DELIVERED, done.failure


def sent(world: Bench, client: Client, outbox: MemoryOutbox) -> None:
    Sender(
        outbox=outbox,
        archive=MemoryArchive(world.store),
        desk=ServiceNowDesk(client, TicketForm(), Remembered(10, 5.0, lambda: 0.0)),
        stop=threading.Event(),
        alarm=LedgerAlarm(list[FerryError]().append),
        lease=600.0,
        workers=4,
        convoy=client.convoy,
    ).round()


def test_a_small_transfer_is_few_calls(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        world, client = Bench(), stage.client(batches=True)
        world.objects.put(SOURCE, b"x" * 100)
        inbox, outbox = ServiceNowInbox(client, INTAKE), MemoryOutbox(world.store)
        inbox.fetch()
        before = client.budget.made
        transfer_id = found(stage, world, inbox, outbox)
        polled = client.budget.made - before
        carried(world, inbox, transfer_id)
        confirmed = client.budget.made - before - polled
        sent(world, client, outbox)
        assert not [each for each in world.store.posts.values() if not each.sent]
        told = client.budget.made - before - polled - confirmed
        assert (polled, confirmed) == (2, 1)
        assert polled + confirmed + told <= MOST, (polled, confirmed, told)


def test_a_poll_is_as_many_calls_for_fifty_tasks_as_for_one(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        for number in range(50):
            many = "".join(f"s3://exports/payroll/{number}-{each}.csv\n" for each in range(20))
            stage.task(source=many, path=f"pay/{number}/")
        client = stage.client(batches=True)
        inbox = ServiceNowInbox(client, INTAKE)
        inbox.ended(["0" * 32])
        before = client.budget.made
        assert len(inbox.fetch()) == 50
        assert client.budget.made - before == 2
