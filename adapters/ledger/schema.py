"""The SQLite file of the ledger: its tables, its version, and how it is opened."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transfer.errors import Code, FerryError, Permanent, Transient

APPLICATION_ID = 0x46455252
"""`FERR` in the file's header (PRAGMA application_id): a foreign SQLite file is refused."""
VERSION = 1

TABLES = """
CREATE TABLE transfers (
    id           TEXT PRIMARY KEY,
    number       TEXT NOT NULL,
    task_number  TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    owner        TEXT,
    lease_until  REAL NOT NULL DEFAULT 0,
    finished     INTEGER NOT NULL DEFAULT 0,
    document     TEXT NOT NULL,
    received_at  TEXT NOT NULL,
    updated_at   TEXT NOT NULL
) STRICT;
CREATE INDEX transfers_open ON transfers (finished, received_at);
CREATE INDEX transfers_number ON transfers (number);
CREATE TABLE deliveries (
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    number       INTEGER NOT NULL,
    document     TEXT NOT NULL,
    PRIMARY KEY (transfer_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE posts (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    key          TEXT NOT NULL UNIQUE,
    transfer_id  TEXT NOT NULL,
    lane         TEXT NOT NULL,
    document     TEXT NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    due_at       REAL NOT NULL DEFAULT 0,
    sent         INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT
) STRICT;
CREATE INDEX posts_unsent ON posts (sent, lane, sequence);
CREATE INDEX posts_transfer ON posts (transfer_id);
CREATE TABLE tickets (
    transfer_id  TEXT NOT NULL,
    role         TEXT NOT NULL,
    document     TEXT NOT NULL,
    PRIMARY KEY (transfer_id, role)
) STRICT, WITHOUT ROWID;
"""


class Database:
    """One connection shared by the threads of this process, one transaction at a time."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._connection = _connect(path, read_only=read_only)
            _check(self._connection, path, read_only=read_only)
        except sqlite3.Error as error:
            raise _named(error, path) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything within is durable when it ends, or has not happened."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise _named(error, self.path) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        with self._lock:
            try:
                self._connection.execute("BEGIN")
                try:
                    yield self._connection
                finally:
                    self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise _named(error, self.path) from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _connect(path: Path | str, *, read_only: bool) -> sqlite3.Connection:
    # autocommit is off the driver's hands: every transaction here is begun by name.
    if read_only:
        if not Path(path).exists():
            raise Permanent(
                Code.LEDGER_UNUSABLE,
                f"There is no ledger at {path}.",
                action="Start the daemon once, or name its configuration with --config.",
            )
        uri = Path(path).absolute().as_uri() + "?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _check(connection: sqlite3.Connection, path: Path | str, *, read_only: bool) -> None:
    """Refuse a foreign or damaged file; create the tables in an empty one."""
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if empty and not read_only:
        _create(connection)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise Permanent(Code.LEDGER_UNUSABLE, f"{path} is not a ledger of FileFerry.")
    if version != VERSION:
        raise Permanent(
            Code.LEDGER_UNUSABLE,
            f"{path} has schema version {version}; this FileFerry reads version {VERSION}.",
            action="Start the FileFerry version that wrote it.",
        )
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise Permanent(Code.LEDGER_UNUSABLE, f"{path} is damaged.")
    if not read_only:
        # FULL: a commit survives a power loss (SQLite, "PRAGMA synchronous"); NORMAL may not.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")


def _create(connection: sqlite3.Connection) -> None:
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION_ID};"
        f"PRAGMA user_version = {VERSION}; COMMIT;"
    )


def _named(error: sqlite3.Error, path: Path | str) -> FerryError:
    reason = str(error).rstrip(".")
    if isinstance(error, sqlite3.OperationalError) and "locked" in reason:
        return Transient(Code.LEDGER_BUSY, f"The ledger {path} is locked by another process.")
    return Permanent(Code.LEDGER_UNUSABLE, f"The ledger {path} cannot be used: {reason}.")
