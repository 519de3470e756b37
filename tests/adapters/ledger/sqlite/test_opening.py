"""Which SQLite files are opened, and with what words the others are refused."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.ledger.sqlite import mounts, schema
from adapters.ledger.sqlite.archive import SqliteArchive
from adapters.ledger.sqlite.books import books_beside, sqlite_books
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import SqliteLedger
from tests.servers.openssh import is_root
from tests.transfer.made import request
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Transfer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def refusal(path: Path, *, read_only: bool = False) -> FerryError:
    """What is said when it is opened; the file is left as it was."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(FerryError) as refused:
        Database(path, read_only=read_only)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert refused.value.code is Code.LEDGER_UNUSABLE
    return refused.value


def written(path: Path, *statements: str) -> None:
    """By somebody else."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_new_file_is_for_its_owner_only(path: Path) -> None:
    with closing(Database(path)) as database:
        SqliteLedger(database, "one").admit(Transfer(request=request()))
        for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            assert file.stat().st_mode & 0o777 == 0o600


def test_an_empty_file_is_taken_for_a_new_one(path: Path) -> None:
    path.touch()
    Database(path).close()
    SqliteArchive.at(path).close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_foreign_database_is_refused_and_not_touched(path: Path, read_only: bool) -> None:
    written(path, "CREATE TABLE t (x)")
    assert "not a ledger of FileFerry" in refusal(path, read_only=read_only).message


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be read as one" * 100)
    assert "is not a database" in refusal(path).message


def test_a_file_that_was_cut_off_is_refused(path: Path) -> None:
    Database(path).close()
    os.truncate(path, 20_000)
    refusal(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_later_schema_is_refused(path: Path, read_only: bool) -> None:
    Database(path).close()
    written(path, "PRAGMA user_version = 99")
    told = refusal(path, read_only=read_only)
    assert "schema version 99, of a later FileFerry" in told.message
    assert "Install that FileFerry again" in told.action


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_schema_names_the_command(path: Path, read_only: bool) -> None:
    Database(path).close()
    written(path, "PRAGMA user_version = 1")
    assert "fileferry ledger migrate" in refusal(path, read_only=read_only).action


def test_a_definition_that_somebody_changed_is_refused(path: Path) -> None:
    Database(path).close()
    written(path, "DROP INDEX transfers_number")
    assert "its tables differ" in refusal(path).message


def test_a_directory_in_its_place_is_refused(path: Path) -> None:
    path.mkdir()
    assert "is not a file" in refusal(path).message


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    told = refusal(tmp_path / "absent" / "ledger.db")
    assert "directory" in told.message
    assert "Create it" in told.action


@pytest.mark.skipif(is_root(), reason="root may write everywhere")
def test_a_directory_without_the_right_to_write_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert f"{tmp_path} belongs to " in refusal(tmp_path / "ledger.db").message


def test_a_look_at_a_ledger_that_is_not_there_creates_nothing(path: Path) -> None:
    with pytest.raises(Permanent, match="There is no ledger"):
        SqliteArchive.at(path)
    with pytest.raises(Permanent, match="There is no ledger"):
        books_beside(path, "operator", 60.0)
    assert not path.exists()


def admit(path: Path, count: int) -> None:
    with closing(Database(path)) as database:
        ledger = SqliteLedger(database, "one")
        for number in range(count):
            ledger.admit(Transfer(request=request(id=f"i:sc_task:{number:032}")))


def started(path: Path) -> None:
    """As a daemon does, with the look beside the work seen to its end."""
    with closing(sqlite_books(path, "one", 60.0)) as books:
        assert books.look_over
        books.look_over(lambda: False)


def test_a_damaged_page_stops_the_daemon_and_not_a_look(path: Path) -> None:
    admit(path, 200)
    data = bytearray(path.read_bytes())
    page = data.index(b"i:sc_task:" + b"0" * 29 + b"150")
    data[page : page + 10] = b"x" * 10
    path.write_bytes(data)
    with pytest.raises(Permanent, match="is damaged") as refused:
        started(path)
    assert "restore the last good copy" in refused.value.action
    archive = SqliteArchive.at(path)
    assert len(archive.search("i:sc_task:" + "0" * 32)) == 1
    archive.close()


def without_index(path: Path, index: str, statement: str) -> None:
    """What the statement does is kept from the index, as by a page of it that was not written."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        known = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = ?"
        row = connection.execute(known, (index,)).fetchone()
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (index,))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)


def test_what_was_taken_in_before_is_proven_before_anything_is_taken_in(path: Path) -> None:
    """A request that its index has lost would be taken for a new one."""
    admit(path, 3)
    without_index(path, "transfers_number", "DELETE FROM transfers WHERE id LIKE '%2'")
    with pytest.raises(Permanent, match="transfers_number"):
        sqlite_books(path, "one", 60.0)


def test_harm_that_is_found_beside_the_work_is_looked_for_at_the_next_start(path: Path) -> None:
    admit(path, 3)
    without_index(path, "events_transfer", "DELETE FROM events")
    whole = path.read_bytes()
    with closing(sqlite_books(path, "one", 60.0)) as books:
        assert books.look_over
        books.look_over(lambda: True)
        with pytest.raises(Permanent, match="events_transfer"):
            books.look_over(lambda: False)
    with pytest.raises(Permanent, match="events_transfer"):
        sqlite_books(path, "one", 60.0)
    path.write_bytes(whole)
    written(path, "REINDEX")
    started(path)
    assert not path.with_name("ledger.db.doubted").exists()


def test_a_row_that_is_not_as_it_was_written_is_named(path: Path) -> None:
    with closing(Database(path)) as database:
        SqliteLedger(database, "one").admit(Transfer(request=request()))
        written(path, "UPDATE transfers SET epoch = 7")
        with pytest.raises(Permanent, match=f"the row '{request().id}' of transfers") as refused:
            SqliteArchive(database).search()
    assert refused.value.code is Code.LEDGER_UNUSABLE


MOUNTINFO = """\
22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 0:20 / /proc rw shared:2 - proc proc rw
40 22 0:41 / /srv/shared rw,relatime - nfs4 server:/export rw,vers=4.2
41 40 253:1 / /srv/shared/local rw - xfs /dev/vdb rw
42 22 0:43 / /media/two\\040words rw master:3 - fuse.sshfs host: rw
43 22 253:2 / /data rw - cifs //server/share rw
44 43 253:3 / /data rw - ext4 /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/fileferry", "ext4"),
        ("/srv/shared/fileferry", "nfs4"),
        ("/srv/shared/local", "xfs"),
        ("/srv/shared-not", "ext4"),
        ("/media/two words/x", "fuse.sshfs"),
        ("/data/x", "ext4"),
    ],
)
def test_the_file_system_of_a_directory_is_found(folder: str, kind: str) -> None:
    assert mounts.kind_of(Path(folder), MOUNTINFO) == kind


def test_disks_of_the_network_are_known_and_this_one_is_local(tmp_path: Path) -> None:
    assert {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"} <= mounts.NETWORK
    assert mounts.network_kind(tmp_path) is None


def test_the_definition_makes_the_file_that_it_describes(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema.definition())
    Database(path).close()
