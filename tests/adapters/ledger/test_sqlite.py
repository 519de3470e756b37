"""What is particular to the SQLite ledger: the file, its lock, and what it survives."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.ledger.archive import SqliteArchive
from adapters.ledger.schema import Database
from adapters.ledger.sqlite import HostLock, SqliteLedger
from tests.transfer.made import request
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Transfer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def code_of_opening(path: Path, *, read_only: bool = False) -> Code:
    with pytest.raises(FerryError) as refused:
        Database(path, read_only=read_only)
    return refused.value.code


def test_a_commit_outlives_the_process(path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from adapters.ledger.schema import Database\n"
        "from adapters.ledger.sqlite import SqliteLedger\n"
        "from tests.transfer.made import request\n"
        "from transfer.model import Transfer\n"
        "SqliteLedger(Database(Path(sys.argv[1])), 'gone').admit(Transfer(request=request()))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], check=False)
    assert done.returncode == -9
    database = Database(path)
    [record] = SqliteArchive(database).search()
    assert record.transfer == Transfer(request=request())
    database.close()


def test_a_restart_ends_the_claims_of_the_dead(path: Path) -> None:
    database = Database(path)
    dead = SqliteLedger(database, "dead")
    assert dead.claim(dead.admit(Transfer(request=request())).id)
    heir = SqliteLedger(database, "heir")
    assert heir.claim(request().id) is None
    heir.bury()
    again = heir.claim(request().id)
    assert again
    assert again.epoch == 2
    database.close()


def test_a_second_daemon_on_the_file_is_refused_with_a_sentence(path: Path) -> None:
    lock = HostLock(path)
    assert HostLock.held(path)
    with pytest.raises(Permanent, match="Another FileFerry is running") as refused:
        HostLock(path)
    assert refused.value.code is Code.LEDGER_BUSY
    lock.release()
    assert not HostLock.held(path)
    HostLock(path).release()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be locked: No such file") as refused:
        HostLock(tmp_path / "absent" / "ledger.db")
    assert refused.value.code is Code.LEDGER_UNUSABLE


def test_a_foreign_database_is_refused(path: Path) -> None:
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE t (x)")
    foreign.commit()
    foreign.close()
    assert code_of_opening(path) is Code.LEDGER_UNUSABLE


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be read as one" * 100)
    assert code_of_opening(path) is Code.LEDGER_UNUSABLE


def test_a_later_schema_is_refused(path: Path) -> None:
    Database(path).close()
    later = sqlite3.connect(path)
    later.execute("PRAGMA user_version = 99")
    later.close()
    assert code_of_opening(path) is Code.LEDGER_UNUSABLE


def test_a_damaged_file_is_refused(path: Path) -> None:
    database = Database(path)
    ledger = SqliteLedger(database, "one")
    for number in range(200):
        ledger.admit(Transfer(request=request(id=f"i:sc_task:{number:032}")))
    database.close()
    data = bytearray(path.read_bytes())
    data[8192:16384] = b"\xff" * 8192
    path.write_bytes(data)
    assert code_of_opening(path) is Code.LEDGER_UNUSABLE


def test_a_look_at_a_ledger_that_is_not_there_says_so(path: Path) -> None:
    with pytest.raises(Permanent, match="There is no ledger"):
        SqliteArchive.at(path)
    assert not path.exists()


def test_it_is_read_beside_a_process_that_writes(path: Path) -> None:
    database = Database(path)
    SqliteLedger(database, "one").admit(Transfer(request=request()))
    [record] = SqliteArchive.at(path).search()
    assert record.transfer.id == request().id
    database.close()


def test_every_commit_is_synced_to_disk(path: Path) -> None:
    database = Database(path)
    with database.reading() as rows:
        assert rows.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert rows.execute("PRAGMA synchronous").fetchone()[0] == 2
    database.close()
