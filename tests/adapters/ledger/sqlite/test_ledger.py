"""What is particular to the SQLite ledger: crashes, its lock, and other processes on its file."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from adapters.ledger.sqlite.archive import SqliteArchive
from adapters.ledger.sqlite.books import books_beside, over, sqlite_books
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.hostlock import HostLock
from adapters.ledger.sqlite.known import Known
from adapters.ledger.sqlite.ledger import SqliteLedger
from adapters.ledger.sqlite.rows import Rows
from tests.ports.books import TICKET, delivery, post, received
from tests.transfer.made import NOON, request
from transfer.books import Books
from transfer.errors import ClaimLost, Code, Permanent
from transfer.model import Stage, Transfer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def daemon(path: Path) -> Books:
    """The books as a start of the service gets them."""
    return sqlite_books(path, "daemon", 60.0)


def killed(path: Path, *lines: str) -> None:
    """Run the lines on the books of `path` as `books`, then SIGKILL."""
    script = (
        "import os, sys; from pathlib import Path",
        "from adapters.ledger.sqlite.books import sqlite_books",
        "from tests.ports.rows import post, received",
        "from transfer.tickets import TicketRole",
        "books = sqlite_books(Path(sys.argv[1]), 'gone', 60.0)",
        *lines,
        "os.kill(os.getpid(), 9)",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(script), path], check=False)
    assert done.returncode == -9


def test_a_commit_outlives_the_process(path: Path) -> None:
    killed(path, "books.ledger.admit(received())")
    with closing(Database(path, read_only=True)) as database:
        [record] = SqliteArchive(database).search()
    assert record.transfer == received()


def test_a_restart_ends_the_claims_of_the_dead_and_counts_them(path: Path) -> None:
    for number in (1, 2, 3):
        killed(path, "books.ledger.admit(received())", "books.ledger.claim(received().id)")
        with closing(books_beside(path, "operator", 60.0)) as beside:
            assert beside.ledger.admit(received()).claims == number
            assert beside.ledger.claim(received().id) is None
    with closing(daemon(path)) as books:
        again = books.ledger.claim(received().id)
        assert again == received().evolve(epoch=4, claims=4)
        books.ledger.renew(again, 0)
    with closing(daemon(path)) as books:
        assert books.ledger.claim(received().id) == received().evolve(epoch=5, claims=1)


def test_what_was_handed_out_before_a_crash_comes_back_as_a_second_try(path: Path) -> None:
    killed(path, "books.outbox.add(post(received()))", "assert books.outbox.due()[0][1] == 0")
    with closing(daemon(path)) as books:
        assert list(books.outbox.due()) == [(post(received()), 1)]
        books.outbox.defer(post(received()), 3600.0, "no answer")
        assert list(books.outbox.due()) == []
    with closing(daemon(path)) as books:
        assert list(books.outbox.due()) == [(post(received()), 2)]
        books.outbox.settle((post(received()), TICKET))
        assert list(books.outbox.due()) == []


def test_a_look_for_posts_writes_nothing_when_there_are_none(path: Path) -> None:
    with closing(daemon(path)) as books:
        wal = Path(f"{path}-wal")
        before = wal.stat().st_size
        assert list(books.outbox.due()) == []
        assert wal.stat().st_size == before


def test_a_second_daemon_on_the_file_is_refused_with_a_sentence(path: Path) -> None:
    with closing(daemon(path)):
        assert HostLock.held(path) is True
        with pytest.raises(Permanent, match="Another FileFerry is running") as refused:
            daemon(path)
        assert refused.value.code is Code.LEDGER_BUSY
    assert HostLock.held(path) is False
    daemon(path).close()


def test_a_start_that_fails_gives_the_lock_back(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Permanent, match="not a database"):
        daemon(path)
    assert HostLock.held(path) is False


def test_nobody_holds_the_lock_of_a_file_that_never_was(path: Path) -> None:
    assert HostLock.held(path) is False
    assert not Path(f"{path}.lock").exists()


def test_a_lock_in_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be locked: No such file") as refused:
        HostLock(tmp_path / "absent" / "ledger.db")
    assert refused.value.code is Code.LEDGER_UNUSABLE


def test_an_operator_writes_beside_a_daemon(path: Path) -> None:
    with closing(daemon(path)) as books, closing(books_beside(path, "op", 60.0)) as beside:
        taken = books.ledger.claim(books.ledger.admit(received()).id)
        assert taken
        with pytest.raises(ClaimLost):
            beside.keeper.amend(taken)
        closed = taken.evolve(stage=Stage.CLOSED, closed_at=NOON)
        books.ledger.save(closed)
        again = beside.keeper.amend(closed.evolve(stage=Stage.RECEIVED, closed_at=None))
        assert list(books.archive.unfinished()) == [again]
        assert books.ledger.claim(taken.id)


def test_it_is_read_beside_a_process_that_writes(path: Path) -> None:
    with closing(Database(path)) as database:
        SqliteLedger(database, "one").admit(Transfer(request=request()))
        archive = SqliteArchive.at(path)
        [record] = archive.search()
        archive.close()
    assert record.transfer.id == request().id


def test_checkpoints_are_synced_by_sqlite_and_commits_by_us(path: Path) -> None:
    with closing(Database(path)) as database, database.reading() as rows:
        assert rows.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert rows.execute("PRAGMA synchronous").fetchone()[0] == 1


def test_a_file_that_has_not_changed_is_not_read_again(path: Path) -> None:
    with closing(Database(path)) as database, closing(Database(path)) as beside:
        ledger = SqliteLedger(database, "one")
        taken = ledger.claim(ledger.admit(Transfer(request=request())).id)
        assert taken
        ledger.save(taken, *(delivery(number=number) for number in (1, 2, 3)))
        first = ledger.deliveries(taken.id)
        SqliteLedger(beside, "two").save(taken, delivery(number=2, moved=7))
        again = ledger.deliveries(taken.id)
    assert [item.moved for item in again] == [0, 7, 0]
    assert again[0] is first[0]
    assert again[2] is first[2]


def test_of_files_that_were_read_a_bounded_number_is_kept(path: Path) -> None:
    with closing(Database(path)) as database:
        books, known = over(database, "one"), Known(most=3)
        taken = [books.ledger.claim(books.ledger.admit(received(n)).id) for n in (1, 2, 3)]
        for each in filter(None, taken):
            books.ledger.save(each, delivery(number=1), delivery(number=2))
        with database.reading() as connection:
            rows = Rows(connection, path)
            found = {n: known.deliveries(rows, received(n).id) for n in (1, 2, 1, 3)}
            known.drop(received(3).id)
            again = {n: known.deliveries(rows, received(n).id) for n in (3, 1)}
        assert again == {n: found[n] for n in (3, 1)}
        assert [again[n][0] is found[n][0] for n in (3, 1)] == [False, False]
