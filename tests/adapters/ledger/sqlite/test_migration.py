"""A ledger of an older schema is brought up to date whole, or stays as it was."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from adapters.ledger.sqlite import schema
from adapters.ledger.sqlite.books import sqlite_books
from adapters.ledger.sqlite.shelf import SqliteShelf
from tests.adapters.ledger import filled, version_1
from tests.adapters.ledger.version_1 import CLOSED, OPEN
from tests.ports.books import received
from transfer.errors import Code, FerryError, Permanent
from transfer.history import EventKind
from transfer.model import DeliveryState, Stage
from transfer.recollection import Recollection
from transfer.tickets import TicketRole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.db"
    version_1.write(file)
    return file


def dump_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return [str(version), *connection.iterdump()]


def copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob("ledger.db.v1-*"))


def test_everything_is_there_afterwards(path: Path) -> None:
    assert f"was brought to schema version {schema.VERSION}" in SqliteShelf(path).migrate()
    with closing(sqlite_books(path, "one", 60.0)) as books:
        [head] = books.archive.unfinished()
        assert (head.id, head.epoch, head.claims, head.stage) == (OPEN, 3, 0, Stage.PINNED)
        assert head.request.sources == ("s3://exports/März.csv",)
        [delivery] = books.ledger.deliveries(OPEN)
        assert (delivery.state, delivery.moved) == (DeliveryState.INTENT, 7)
        assert delivery.older == ()
        closed, opened = books.archive.search()
        assert (closed.transfer.id, opened.unsent, opened.last_error) == (CLOSED, 2, "no answer")
        assert opened.tickets[TicketRole.USER].number == "INC1"
        [(post, tries)] = books.outbox.due()
        assert (post.key, tries) == ("first", 2)
        assert books.ledger.claim(CLOSED) is None
        claimed = books.ledger.claim(OPEN)
        assert claimed
        assert (claimed.epoch, claimed.claims) == (4, 1)


def test_it_passes_its_own_check(path: Path) -> None:
    SqliteShelf(path).migrate()
    findings = SqliteShelf(path).check()
    assert findings.good, findings.faults
    assert (findings.unfinished, findings.unsent) == (1, 2)
    assert dict(findings.stages) == {"pinned": 1, "closed": 1}


def test_version_4_is_the_same_without_a_history(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite_books(path, "one", 60.0)) as books:
        admitted = books.ledger.admit(received())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE events; DROP TABLE limits; DROP TABLE recollections; "
            "DROP INDEX posts_waiting; PRAGMA user_version = 4"
        )
    SqliteShelf(path).migrate()
    with closing(sqlite_books(path, "one", 60.0)) as books:
        assert list(books.archive.unfinished()) == [admitted]
        claimed = books.ledger.claim(admitted.id)
        [record] = books.archive.search()
    assert claimed
    assert [each.kind for each in record.history] == [EventKind.TAKEN_UP]


def test_version_5_is_the_same_without_limits_and_remembered_digests(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite_books(path, "one", 60.0)) as books:
        admitted = books.ledger.admit(received())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE limits; DROP TABLE recollections; DROP INDEX posts_waiting; "
            "PRAGMA user_version = 5"
        )
    SqliteShelf(path).migrate()
    kept = Recollection(name="a" * 64, transfer=admitted.id, values={}, numbers={})
    with closing(sqlite_books(path, "one", 60.0)) as books:
        assert list(books.archive.unfinished()) == [admitted]
        books.recollections.keep(kept)
        assert books.recollections.find(kept.name) == kept
        assert books.limits.calls("files bank", 3, 5).calls == 3
    with closing(sqlite_books(path, "two", 60.0)) as books:
        assert books.limits.calls("files bank", 3, 5).calls == 2


def test_the_copy_is_the_old_file_for_its_owner_only(path: Path) -> None:
    before = dump_of(path)
    told = SqliteShelf(path).migrate()
    [copy] = copies(path)
    assert str(copy) in told
    assert copy.stat().st_mode & 0o777 == 0o600
    assert dump_of(copy) == before


def test_a_second_time_there_is_nothing_to_do(path: Path) -> None:
    shelf = SqliteShelf(path)
    shelf.migrate()
    assert f"has schema version {schema.VERSION} already" in shelf.migrate()
    assert len(copies(path)) == 1


def test_the_daemon_migrates_nothing_by_itself(path: Path) -> None:
    before = dump_of(path)
    with pytest.raises(Permanent, match="schema version 1") as refused:
        sqlite_books(path, "one", 60.0)
    assert "fileferry ledger migrate" in refused.value.action
    assert dump_of(path) == before


def test_a_running_daemon_keeps_it_away(path: Path) -> None:
    SqliteShelf(path).migrate()
    with closing(sqlite_books(path, "one", 60.0)), pytest.raises(Permanent) as refused:
        SqliteShelf(path).migrate()
    assert refused.value.code is Code.LEDGER_BUSY


def test_a_row_that_cannot_be_read_leaves_the_file_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE transfers SET document = '{' WHERE id = ?", (CLOSED,))
        connection.commit()
    before = dump_of(path)
    with pytest.raises(Permanent, match=f"'{CLOSED}' of transfers"):
        SqliteShelf(path).migrate()
    assert dump_of(path) == before


def test_a_foreign_and_a_later_file_are_refused(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Permanent, match="of a later FileFerry"):
        SqliteShelf(path).migrate()
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(Permanent, match="not a ledger of FileFerry"):
        SqliteShelf(foreign).migrate()
    with pytest.raises(Permanent, match="There is no ledger"):
        SqliteShelf(tmp_path / "absent.db").migrate()
    assert copies(path) == []


KILLED = """
import os, sys
from pathlib import Path
from adapters.ledger.sqlite.migration import migrate

seen, last = 0, int(sys.argv[2])

def count(_frame, event, function):
    global seen
    if event == "c_call" and function.__name__ in ("execute", "backup", "fsync", "rename"):
        seen += 1
        if seen == last:
            os.kill(os.getpid(), 9)

sys.setprofile(count)
migrate(Path(sys.argv[1]))
sys.setprofile(None)
print(seen)
"""


def migrate_until(path: Path, call: int) -> str:
    """Killed before the `call`-th word to SQLite or to the disk; what it printed if it ended."""
    command = [sys.executable, "-c", KILLED, str(path), str(call)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.stdout


def test_a_kill_up_to_the_commit_leaves_the_old_one(path: Path, tmp_path: Path) -> None:
    before, victim, whole = dump_of(path), tmp_path / "victim.db", tmp_path / "whole.db"
    shutil.copy(path, whole)
    calls = int(migrate_until(whole, 0))
    for call in [*range(1, calls, calls // 5), calls]:
        shutil.copy(path, victim)
        assert not migrate_until(victim, call)
        assert dump_of(victim) == before
        SqliteShelf(victim).migrate()
        assert SqliteShelf(victim).check().unsent == 2


def test_a_disk_without_room_for_the_copy_leaves_it_as_it_was(path: Path) -> None:
    before = dump_of(path)
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from adapters.ledger.sqlite.shelf import SqliteShelf\n"
        "_, most = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, most))\n"
        "SqliteShelf(Path(sys.argv[1])).migrate()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert FerryError.__module__ in done.stderr
    assert copies(path) == []
    assert dump_of(path) == before


def test_a_ledger_without_a_chain_begins_one(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    filled.fill(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "DROP TABLE links; DROP TABLE endings; DROP TABLE events; DROP TABLE limits; "
            "DROP TABLE recollections; DROP INDEX posts_waiting; PRAGMA user_version = 3; VACUUM"
        )
    assert f"was brought to schema version {schema.VERSION}" in SqliteShelf(file).migrate()
    with closing(sqlite_books(file, "one", 60.0)) as books:
        assert books.chain.last("i") is None
        head = books.archive.unfinished()[0]
        assert books.chain.find(head) is None
    assert SqliteShelf(file).check().good
