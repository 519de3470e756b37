"""What a power failure takes back: never anything that something outside rests on.

A commit that waits for the disk makes all before it durable. The disk after a failure is played by
the file and its WAL as they were after the last such commit.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import SqliteLedger
from adapters.ledger.sqlite.syncing import Syncing
from adapters.memory.servicenow import MemoryDesk
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from tests.sweeps import share
from tests.transfer.bench import Bench, Crash, Fuse, Fused
from tests.transfer.made import NOON, PARTNER, request
from tests.transfer.test_journey import three_tries
from transfer.books import Books
from transfer.decisions import Change, Word, cancel, set_aside
from transfer.destination import Tier
from transfer.journey import travel
from transfer.model import Delivery, Outcome, Stage, Transfer

NAMES = ("s3://exports/payroll/one", "s3://exports/payroll/two")
FINALS = {"/inbox/d/one": b"1" * 30, "/inbox/d/two": b"2" * 40}
Decision = Callable[[Transfer, Sequence[Delivery], Word], tuple[Transfer, list[Change]]]
MOST = 8
"""Commits that wait for the disk, for a small transfer from its admission to its closed tickets."""
AT_ONCE = 5


@dataclass
class Host:
    """One process after the other over one ledger; partner and ServiceNow outlive them."""

    folder: Path
    bench: Bench = field(default_factory=Bench)
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    synced: int = 0

    def __post_init__(self) -> None:
        for name, content in zip(NAMES, FINALS.values(), strict=True):
            self.bench.objects.put(name, content)
        self.desk.put_task(request().task_id)

    @property
    def disk(self) -> Path:
        return self.folder / "disk"

    @contextmanager
    def process(self) -> Iterator[Books]:
        """Ends as by a power failure: what was not synced is gone."""
        path = self.folder / "ledger.db"
        with closing(Database(path, sync=self._sync)) as database:
            SqliteLedger(database, "host").bury()
            self._sync()
            yield over(database, "host")
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        for file in self.disk.iterdir():
            shutil.copy(file, self.folder / file.name)

    def _sync(self, _file: int = 0) -> None:
        """The disk has what stands there now."""
        self.synced += 1
        shutil.rmtree(self.disk, ignore_errors=True)
        self.disk.mkdir()
        for end in ("", "-wal"):
            shutil.copy(self.folder / f"ledger.db{end}", self.disk)

    def carry(self, books: Books, fuse: Fuse | None = None) -> Transfer | None:
        fuse = fuse or Fuse()
        ports: dict[str, Any] = {
            name: Fused(getattr(books, name), fuse) for name in ("ledger", "locks", "chain")
        }
        # One by one: what goes together has a test of its own in memory.
        partner = replace(PARTNER, connections=1, tier=Tier.READ_BACK)
        tools = replace(self.bench.tools(fuse), destinations={"partner": partner}, **ports)
        asked = request(sources=NAMES, target="d")
        try:
            standing = tools.ledger.admit(Transfer(request=asked, received_at=NOON))
            if standing.finished:
                return standing
            claimed = tools.ledger.claim(asked.id)
            assert claimed
            return travel(claimed, tools, three_tries)
        except Crash:
            return None

    def send(self, books: Books) -> None:
        sender = Sender(
            outbox=books.outbox,
            archive=books.archive,
            desk=self.desk,
            stop=Event(),
            alarm=LedgerAlarm(list[Any]().append),
            lease=60.0,
        )
        sender.round()

    def assert_whole(self, done: Transfer | None) -> None:
        assert done
        assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
        assert {name: bytes(data) for name, data in self.bench.remotes.files.items()} == FINALS
        assert self.bench.remotes.appeared == dict.fromkeys(FINALS, 1)


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is such a place: nobody waits for a disk."""
    memory = Path("/dev/shm")  # noqa: S108 a directory of its own is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def small(books: Books, number: int = 1) -> Transfer:
    """A transfer of one file, from its admission until nothing holds it."""
    bench = Bench()
    bench.objects.put(NAMES[0], b"1" * 30)
    tools = replace(
        bench.tools(),
        ledger=books.ledger,
        locks=books.locks,
        chain=books.chain,
        destinations={"partner": replace(PARTNER, connections=1)},
    )
    asked = request(
        id=f"i:sc_task:{number:032}",
        item_id=f"{number:032x}",
        sources=NAMES[:1],
        target=f"d{number}",
    )
    books.ledger.admit(Transfer(request=asked, received_at=NOON))
    claimed = books.ledger.claim(asked.id)
    assert claimed
    done = travel(claimed, tools, three_tries)
    books.ledger.renew(done, 0)
    assert done.outcome is Outcome.DELIVERED
    return done


def test_a_small_transfer_waits_for_the_disk_a_few_times(folder: Path) -> None:
    host = Host(folder)
    with host.process() as books:
        begun = host.synced
        host.desk.put_task(small(books).request.task_id)
        host.send(books)
        assert books.archive.search()[0].unsent == 0
        assert host.synced - begun <= MOST


class Together(Syncing):
    """A sync begins once everybody who is under way waits for one."""

    def __init__(self, plain: Syncing, under_way: int) -> None:
        super().__init__(plain._wal, plain._sync)
        self.under_way, self.waiting = under_way, 0

    def wait(self) -> None:
        with self._turn:
            self.waiting += 1
            self._turn.notify_all()
        super().wait()

    def _lead(self) -> None:
        self._runs = True
        assert self._turn.wait_for(lambda: self.waiting >= self.under_way, 60)
        self.waiting = 0
        super()._lead()

    def over(self) -> None:
        with self._turn:
            self.under_way -= 1
            self._turn.notify_all()


def test_transfers_at_once_wait_for_the_disk_together(tmp_path: Path) -> None:
    synced = list[int]()
    with closing(Database(tmp_path / "ledger.db", sync=synced.append)) as database:
        books = over(database, "host")
        database._syncing = together = Together(database._syncing, AT_ONCE)

        def one(number: int) -> None:
            try:
                small(books, number)
            finally:
                together.over()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for each in [pool.submit(one, number) for number in range(AT_ONCE)]:
                each.result(60)
    assert len(synced) <= MOST


def calls(folder: Path) -> int:
    fuse, host = Fuse(), Host(folder)
    with host.process() as books:
        host.assert_whole(host.carry(books, fuse))
    return fuse.calls


def test_a_power_failure_anywhere_loses_nothing_and_doubles_nothing(folder: Path) -> None:
    first = folder / "first"
    first.mkdir()
    points = [(at, after) for at in range(1, calls(first) + 1) for after in (False, True)]
    for place, (at, after) in enumerate(share(points, 6)):
        home = folder / str(place)
        home.mkdir()
        host = Host(home)
        with host.process() as books:
            assert host.carry(books, Fuse(at, after=after)) is None, (at, after)
            if place % 3 == 0:
                # What is handed out is synced, and all before it.
                host.send(books)
        with host.process() as books:
            host.assert_whole(host.carry(books))
            host.send(books)
        with host.process() as books:
            done = host.carry(books)
            host.send(books)
            host.assert_whole(done)
            assert books.archive.search()[0].unsent == 0
        for card in host.desk.cards.values():
            assert len(card.notes) == len(set(card.notes)), (at, after, card.notes)


@pytest.mark.parametrize("decision", [cancel, set_aside])
def test_a_power_failure_takes_back_no_word_of_an_operator(
    folder: Path, decision: Decision
) -> None:
    host = Host(folder)
    with host.process() as books:
        waiting = books.ledger.admit(Transfer(request=request(sources=NAMES), received_at=NOON))
        claimed = books.ledger.claim(waiting.id)
        assert claimed
        word = Word(by="ops", at=NOON, reason="The partner asked us to wait.")
        head, changes = decision(claimed, (), word)
        books.ledger.save(head, *changes)
        books.ledger.renew(claimed, 0)
    with host.process() as books:
        (record,) = books.archive.search(waiting.id)
        assert record.transfer.failure == head.failure
        assert record.transfer.quarantined_at == head.quarantined_at
