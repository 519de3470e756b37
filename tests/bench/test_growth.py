"""What one of many costs, be they few or many: in counted work, never by the clock.

Each row does the same with some, twice and four times as many. A place where every one looks at all
others again would cost four times as much for one; half as much again is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.inspection import refuse_damage
from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryOutbox
from adapters.running.alarm import LedgerAlarm
from adapters.servicenow.line.client import Client, Page
from adapters.servicenow.reading.inbox import ServiceNowInbox
from daemon.intake import Intake, Poll
from sandbox.servicenow import ServiceNow
from sandbox.servicenow.business import FileTransfers
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.seed import Record
from sandbox.servicenow.store import Store
from tests.adapters.servicenow.stage import INTAKE, OAUTH, VARIABLES
from tests.daemon.ferry import Ferry
from tests.ports.books import TICKET, post, received
from tests.transfer.bench import Bench
from tests.transfer.made import NOON, PARTNER, RULES
from tests.transfer.test_journey import three_tries
from transfer.errors import Code, Waiting
from transfer.journey import travel
from transfer.model import Stage
from transfer.tickets import TicketRole

MOST = 1.5
"""Times the cost of one among the fewest."""


def straight(work: Callable[[int], float], least: int) -> None:
    """`work` says what so many of them cost together."""
    few, _, many = (work(least * times) / times for times in (1, 2, 4))
    assert few > 0
    assert many <= MOST * few, f"of {4 * least} one costs {many / few:.2f} times as much"


class Steps:
    """SQLite's own steps on a database, while it is asked for them."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        database._connection.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.count += 1
        return 0

    def of(self, work: Callable[[], object]) -> int:
        before = self.count
        work()
        return self.count - before


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[Callable[[], Database]]:
    opened = list[Database]()

    def make() -> Database:
        opened.append(Database(tmp_path / f"{len(opened)}.db"))
        # What is counted is what is read; nobody waits for a disk.
        opened[-1]._connection.execute("PRAGMA synchronous = OFF")
        return opened[-1]

    yield make
    for database in opened:
        database.close()


def test_a_small_file_of_a_large_request() -> None:
    def files_read(count: int) -> float:
        world, read = Bench(), list[int]()
        names = [f"s3://exports/payroll/file-{number:04}" for number in range(count)]
        for name in names:
            world.objects.put(name, b"x")
        tools = world.tools()
        plain = tools.ledger

        def deliveries(transfer_id: str) -> Any:
            found = plain.deliveries(transfer_id)
            read.append(len(found))
            return found

        ledger: Any = SimpleNamespace(
            **{verb: getattr(plain, verb) for verb in ("admit", "claim", "beat", "renew", "save")},
            deliveries=deliveries,
        )
        partner = replace(PARTNER, connections=1)
        tools = replace(tools, ledger=ledger, destinations={"partner": partner})
        travel(world.received(sources=tuple(names), target="d"), tools, three_tries)
        assert len(world.remotes.files) == count
        return sum(read)

    straight(files_read, 128)


def test_a_post_of_many_that_wait(databases: Callable[[], Database]) -> None:
    def steps(count: int) -> float:
        database = databases()
        outbox, look = over(database, "one").outbox, Steps(database)
        for number in range(count // 4):
            about = received(number)
            outbox.add(*(post(about, f"{number}-user-{n}", TicketRole.USER) for n in "ab"))
            outbox.add(*(post(about, f"{number}-audit-{n}", TicketRole.AUDIT) for n in "ab"))
        sent, asked = 0, 0
        while batch := outbox.due():
            asked += look.of(lambda: outbox.due(limit=1))
            outbox.settle(*((each, TICKET) for each, _ in batch))
            sent += len(batch)
        assert sent == count
        return asked

    straight(steps, 80)


def test_an_unfinished_transfer_of_many_that_is_asked_for_again(
    databases: Callable[[], Database],
) -> None:
    """Each round asks for all of them; only those that have changed are read."""

    def read(count: int) -> int:
        database, documents = databases(), list[str]()

        def text(value: bytes) -> str:
            found = value.decode()
            documents.extend([found] * found.startswith("{"))
            return found

        books = over(database, "one")
        for number in range(count):
            books.ledger.admit(received(number))
        assert len(books.archive.unfinished()) == count
        books.ledger.claim(received(1).id)
        database._connection.text_factory = text
        assert [each.epoch for each in books.archive.unfinished()].count(1) == 1
        return len(documents)

    assert [read(20), read(40), read(80)] == [1, 1, 1]


def test_a_closed_transfer_at_a_start(databases: Callable[[], Database]) -> None:
    """It is in the index and the table alone: its files, posts and history are for later."""

    def steps(count: int) -> float:
        database = databases()
        books = over(database, "one")
        for number in range(count):
            taken = books.ledger.claim(books.ledger.admit(received(number)).id)
            assert taken
            posts = [post(taken, f"{number}-{each}", TicketRole.USER) for each in range(8)]
            books.ledger.save(taken.evolve(stage=Stage.CLOSED, closed_at=NOON), *posts)
        database._connection.execute("UPDATE posts SET sent = 1")
        return Steps(database).of(lambda: refuse_damage(database))

    straight(steps, 25)


class Tick(float):
    """A time that counts how often it is looked at."""

    looks = 0

    def __sub__(self, other: float) -> float:
        Tick.looks += 1
        return float(self) - float(other)

    def __add__(self, other: float) -> Tick:
        return Tick(float(self) + other)


def test_a_transfer_of_many_that_wait() -> None:
    def looks(count: int) -> float:
        ferry = Ferry()
        holds = []
        for number in range(count):
            claim = ferry.bench.ledger.claim(ferry.admit(number).id)
            assert claim
            holds.append(ferry.heart.hold(claim, 0.0))
        ferry.heart.now = lambda: Tick(ferry.bench.time[0])
        Tick.looks = 0
        for hold in holds:
            ferry.carrier._pause(hold, Waiting(Code.DESTINATION_BUSY, "Busy.", retry_after=1.0))
        assert len(ferry.carrier.waiting()) == count
        ferry.carrier.close()
        return Tick.looks + count

    straight(looks, 25)


class CountedStore(Store):
    """Of an instance; `read` are the rows that were looked at."""

    read = 0

    def rows(self, name: str, as_of: float | None = None) -> Iterator[tuple[str, Record]]:
        return self._counted(super().rows(name, as_of))

    def among(
        self, name: str, field: str, values: Iterable[str], as_of: float | None = None
    ) -> Iterator[tuple[str, Record]]:
        return self._counted(super().among(name, field, values, as_of))

    def _counted(self, found: Iterator[tuple[str, Record]]) -> Iterator[tuple[str, Record]]:
        for row in found:
            self.read += 1
            yield row


def ordered(instance: Instance, count: int) -> None:
    """So many orders, all approved."""
    for _ in range(count):
        item = instance.order(VARIABLES, "anna.berg")["sys_id"]
        for row in instance.query("sysapproval_approver", f"sysapproval={item}"):
            instance.approve(row["sys_id"])


def test_an_order_on_a_simulated_instance_of_many() -> None:
    def rows(count: int) -> float:
        store = CountedStore()
        ordered(Instance(FileTransfers(), store=store), count)
        return store.read

    straight(rows, 10)


class CountedClient(Client):
    """`listed` are the rows of the pages that it was answered."""

    listed = 0

    def page(self, *args: Any, **kwargs: Any) -> Page:
        found = super().page(*args, **kwargs)
        self.listed += len(found.rows)
        return found


def test_a_request_of_many_that_one_poll_finds() -> None:
    """A poll that was full goes on at once, with the rest of the list."""

    def listed(count: int) -> float:
        with ServiceNow() as server:
            ordered(server.instance, count)
            client = CountedClient(server.url, OAUTH, timeout=60)
            inbox = ServiceNowInbox(client, replace(INTAKE, max_rows=4))
            ledger, carried = MemoryLedger(), list[str]()
            intake = Intake(
                inbox=inbox,
                ledger=ledger,
                archive=MemoryArchive(ledger.store),
                outbox=MemoryOutbox(ledger.store),
                rules=RULES,
                carrier=SimpleNamespace(carry=lambda heads: carried.extend(h.id for h in heads)),
                clock=lambda: NOON,
                page=4,
            )
            Poll(intake, 30.0, 120.0, LedgerAlarm(list[Any]().append))()
            assert len(set(carried)) == count
            return client.listed

    straight(listed, 8)
