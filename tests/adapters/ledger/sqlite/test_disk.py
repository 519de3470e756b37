"""What the SQLite ledger does when the disk is full, broken, or somebody else holds the file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.ledger.sqlite.archive import SqliteArchive
from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.hostlock import HostLock
from tests.ports.books import delivery, post, received
from tests.servers import need
from tests.servers.openssh import is_root
from transfer.books import Books
from transfer.errors import Code, FerryError
from transfer.model import Transfer

ROOM = 2 * 1024 * 1024
BALLAST = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if not is_root():
        pytest.skip("only root can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run([need("mount"), "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", disk], check=True)
    yield disk
    subprocess.run([need("umount"), "--lazy", disk], check=True)


def claimed(books: Books) -> Transfer:
    taken = books.ledger.claim(books.ledger.admit(received()).id)
    assert taken
    return taken


def save_until_refused(books: Books, taken: Transfer, first: int = 1) -> tuple[int, FerryError]:
    """The number of the delivery that was refused, and the words."""
    for number in range(first, first + 10_000):
        try:
            books.ledger.save(taken, delivery(number=number), post(taken, str(number)))
        except FerryError as error:
            return number, error
    raise AssertionError("it was never refused")


def test_a_disk_that_was_mounted_read_only_is_named(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    with closing(Database(path)) as database:
        over(database, "one").ledger.admit(received())
    mount = [need("mount"), "-o", "remount,ro", str(small_disk)]
    subprocess.run(mount, check=True)
    for open_it in (HostLock, SqliteArchive.at):
        with pytest.raises(
            FerryError, match=f"{small_disk} is on a disk mounted read-only"
        ) as told:
            open_it(path)
        assert told.value.code is Code.LEDGER_UNUSABLE


def test_a_full_disk_loses_nothing_and_room_lets_it_go_on(small_disk: Path) -> None:
    path, ballast = small_disk / "ledger.db", small_disk / "ballast"
    with closing(Database(path)) as database:
        books = over(database, "one")
        taken = claimed(books)
        ballast.write_bytes(bytes(BALLAST))
        refused, error = save_until_refused(books, taken)
        assert (error.code, error.permanent) == (Code.LEDGER_FULL, False)
        assert len(books.ledger.deliveries(taken.id)) == refused - 1
        ballast.unlink()
        books.ledger.save(taken, delivery(number=refused), post(taken, str(refused)))
        assert len(books.ledger.deliveries(taken.id)) == refused
    with closing(Database(path, create=False)) as again:
        [record] = over(again, "two").archive.search()
        assert (len(record.deliveries), record.unsent) == (refused, refused)


def test_a_disk_that_stays_full_is_said_each_time(small_disk: Path) -> None:
    with closing(Database(small_disk / "ledger.db")) as database:
        books = over(database, "one")
        taken = claimed(books)
        for first in (1, 10_000, 20_000):
            _, error = save_until_refused(books, taken, first)
            assert error.code is Code.LEDGER_FULL
        assert books.archive.search()


@pytest.mark.parametrize("left", [0, 4096, 16_384, 65_536])
def test_a_start_on_a_full_disk_says_so_and_leaves_no_half_a_ledger(
    small_disk: Path, left: int
) -> None:
    ballast, path = small_disk / "ballast", small_disk / "ledger.db"
    ballast.write_bytes(bytes(ROOM - left))
    with pytest.raises(FerryError) as refused:
        Database(path)
    assert refused.value.code is Code.LEDGER_FULL
    ballast.unlink()
    Database(path).close()


def test_a_file_that_another_process_holds_is_busy_and_then_free(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(Database(path)) as database, closing(sqlite3.connect(path)) as other:
        books = over(database, "one")
        taken = claimed(books)
        with database.reading() as connection:
            connection.execute("PRAGMA busy_timeout = 50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(FerryError) as refused:
            books.ledger.save(taken)
        assert (refused.value.code, refused.value.permanent) == (Code.LEDGER_BUSY, False)
        assert books.archive.search()
        other.execute("ROLLBACK")
        books.ledger.save(taken)


def test_a_writer_waits_for_another_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(Database(path)) as database, closing(Database(path)) as other:
        books, begun = over(database, "one"), threading.Event()
        taken = claimed(books)

        def hold() -> None:
            with other.transaction():
                begun.set()
                threading.Event().wait(0.3)

        holder = threading.Thread(target=hold)
        holder.start()
        assert begun.wait(60)
        books.ledger.save(taken, delivery())
        holder.join()
        assert books.ledger.deliveries(taken.id) == (delivery(),)


LIMITED = """
import resource, sys
from pathlib import Path
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.books import over
from tests.adapters.ledger.sqlite.test_disk import claimed, save_until_refused
from transfer.errors import FerryError

books = over(Database(Path(sys.argv[1])), "one")
taken = claimed(books)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, most))
number, error = save_until_refused(books, taken)
print(number, error.code, error.permanent)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
for call in (lambda: books.ledger.save(taken), books.archive.unfinished, books.outbox.due):
    try:
        call()
    except FerryError as error:
        print(error.code, error.permanent)
"""


def test_after_an_error_of_the_disk_the_handle_is_never_used_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    script = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(script, capture_output=True, text=True, check=True, env=os.environ)
    first, *later = done.stdout.splitlines()
    number, words = first.split(maxsplit=1)
    assert words == "ledger.unusable True"
    assert later == ["ledger.unusable True"] * 3
    with closing(Database(path)) as database:
        [record] = over(database, "two").archive.search()
    assert len(record.deliveries) >= int(number) - 1
