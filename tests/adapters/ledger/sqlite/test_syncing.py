"""One wait for the disk serves all that was committed before it, and nobody is told too early."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import pytest

from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.syncing import Syncing
from tests.ports.books import delivery, post, received
from transfer.books import Books
from transfer.errors import ClaimLost, Code, FerryError
from transfer.model import DeliveryState, Transfer

PATIENCE = 60.0
MANY = 5
SENT = DeliveryState.PUBLISHED
"""Of a file in this state the ledger must know whatever befalls the host."""


def until(reached: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while not reached():
        assert monotonic() < deadline
        sleep(0.005)


@dataclass
class Disk:
    """Syncs go on while `gate` is open; each one keeps what the disk has then in `folder`."""

    path: Path
    folder: Path
    gate: threading.Event = field(default_factory=threading.Event)
    error: OSError | None = None
    begun: int = 0
    done: int = 0

    def sync(self, file: int) -> None:
        self.begun += 1
        assert self.gate.wait(PATIENCE)
        if self.error:
            raise self.error
        os.fdatasync(file)
        copy = self.folder / str(self.done + 1)
        copy.mkdir(parents=True)
        for end in ("", "-wal"):
            shutil.copy(f"{self.path}{end}", copy)
        self.done += 1

    def has(self, number: int) -> set[int]:
        """The deliveries that a power failure after that sync would have left."""
        with closing(sqlite3.connect(self.folder / str(number) / self.path.name)) as rows:
            return {found for (found,) in rows.execute("SELECT number FROM deliveries")}


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    disk = Disk(tmp_path / "ledger.db", tmp_path / "synced")
    disk.gate.set()
    return disk


@pytest.fixture
def database(disk: Disk) -> Iterator[Database]:
    with closing(Database(disk.path, sync=disk.sync)) as database:
        yield database


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * MANY) as pool:
        yield pool


def claimed(books: Books, number: int = 1) -> Transfer:
    taken = books.ledger.claim(books.ledger.admit(received(number)).id)
    assert taken
    return taken


def sent(books: Books, taken: Transfer, number: int) -> None:
    books.ledger.save(taken, delivery(number=number, state=SENT), post(taken, str(number)))


def standing(disk: Disk) -> int:
    """Deliveries that another process sees."""
    with closing(Database(disk.path, read_only=True)) as database, database.reading() as rows:
        return int(rows.execute("SELECT count(*) FROM deliveries").fetchone()[0])


def held(disk: Disk, books: Books, pool: ThreadPoolExecutor) -> list[Future[None]]:
    """One whose sync is held up, and others that have committed behind it."""
    taken = [claimed(books, number) for number in range(1, MANY + 2)]
    disk.gate.clear()
    begun, done = disk.begun, standing(disk)
    first = pool.submit(sent, books, taken[0], 1)
    until(lambda: disk.begun == begun + 1)
    others = [pool.submit(sent, books, each, n) for n, each in enumerate(taken[1:], 2)]
    until(lambda: standing(disk) == done + 1 + MANY)
    return [first, *others]


def test_alone_each_commit_that_must_last_is_one_sync(disk: Disk, database: Database) -> None:
    books = over(database, "one")
    taken = claimed(books)
    before = disk.done
    sent(books, taken, 1)
    assert disk.done == before + 1
    books.ledger.renew(taken, 60)
    books.ledger.save(taken, delivery(number=2))
    assert disk.done == before + 1
    # Nothing is changed by it, but what it answers with must last.
    books.ledger.admit(received())
    books.ledger.admit(received())
    assert disk.done == before + 2


def test_those_that_commit_while_one_waits_for_the_disk_share_the_next_wait(
    disk: Disk, database: Database, pool: ThreadPoolExecutor
) -> None:
    books = over(database, "one")
    waiting = held(disk, books, pool)
    before = disk.done
    assert not any(each.done() for each in waiting)
    disk.gate.set()
    for each in waiting:
        each.result(PATIENCE)
    assert disk.done == before + 2
    assert disk.has(disk.done) == set(range(1, MANY + 2))


def test_nobody_is_kept_off_the_ledger_by_a_wait_for_the_disk(
    disk: Disk, database: Database, pool: ThreadPoolExecutor
) -> None:
    books = over(database, "one")
    [first, *_] = held(disk, books, pool)
    assert books.archive.unfinished()
    with closing(Database(disk.path, create=False)) as beside:
        over(beside, "two").ledger.admit(received(MANY + 3))
    assert not first.done()
    disk.gate.set()


def test_what_another_process_committed_is_on_the_disk_before_anything_is_told_of_it(
    disk: Disk, database: Database, tmp_path: Path
) -> None:
    """Also where nothing is left to change: it may wait for the disk, or have died before that."""
    admit = over(database, "one").ledger.admit
    admit(received())
    other = Disk(disk.path, tmp_path / "of another")
    other.gate.set()
    with closing(Database(disk.path, create=False, sync=other.sync)) as beside:
        over(beside, "two").ledger.admit(received())
        assert other.done == 1
        before = disk.done
        with beside.transaction(lasting=False) as rows:
            rows.execute("UPDATE transfers SET lease_until = 7")
        for _ in range(2):
            admit(received())
            assert disk.done == before + 1


def test_the_log_is_not_put_away_while_it_is_synced(tmp_path: Path) -> None:
    def sync(file: int) -> None:
        closer.start()
        closer.join(0.2)
        os.fstat(file)

    (tmp_path / "wal").touch()
    syncing = Syncing(os.open(tmp_path / "wal", os.O_RDONLY), sync)
    closer = threading.Thread(target=syncing.close)
    syncing.committed()
    syncing.wait()
    closer.join(PATIENCE)
    syncing.committed()
    with pytest.raises(OSError, match="closed"):
        syncing.wait()


def test_all_that_wait_are_told_of_a_sync_that_fails_and_none_is_tried_again(
    disk: Disk, database: Database, pool: ThreadPoolExecutor
) -> None:
    books = over(database, "one")
    waiting = held(disk, books, pool)
    disk.error = OSError(5, "Input/output error")
    begun = disk.begun
    disk.gate.set()
    for each in waiting:
        with pytest.raises(FerryError, match="disk I/O error") as told:
            each.result(PATIENCE)
        assert (told.value.code, told.value.permanent) == (Code.LEDGER_UNUSABLE, True)
    disk.error = None
    for call in (books.archive.unfinished, books.outbox.due):
        with pytest.raises(FerryError):
            call()
    assert disk.begun == begun


def test_of_many_threads_each_gets_its_own_end_and_what_was_acknowledged_is_on_the_disk(
    disk: Disk, database: Database, pool: ThreadPoolExecutor
) -> None:
    """Some saves are refused by the fence, some by SQLite in the middle of their transaction."""
    books = over(database, "one")
    taken = [claimed(books, number) for number in range(1, MANY + 1)]
    with database.transaction() as connection:
        connection.execute(
            "CREATE TRIGGER refusal BEFORE INSERT ON posts WHEN NEW.key LIKE '%5' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    acknowledged = dict[int, int]()

    def work(index: int) -> None:
        for number in range(1 + 20 * index, 21 + 20 * index):
            head = taken[index].evolve(epoch=7) if number % 7 == 0 else taken[index]
            lost = ClaimLost if number % 7 == 0 else FerryError
            if number % 7 == 0 or number % 10 == 5:
                with pytest.raises(lost):
                    sent(books, head, number)
            else:
                sent(books, head, number)
                acknowledged[number] = disk.done

    for each in [pool.submit(work, index) for index in range(MANY)]:
        each.result(PATIENCE)
    numbers = range(1, 20 * MANY + 1)
    right = {number for number in numbers if number % 7 and number % 10 != 5}
    assert set(acknowledged) == right
    stood = {syncs: disk.has(syncs) for syncs in set(acknowledged.values())}
    assert all(number in stood[syncs] for number, syncs in acknowledged.items())
    assert disk.has(disk.done) == right
    with database.transaction() as connection:
        connection.execute("DROP TRIGGER refusal")
