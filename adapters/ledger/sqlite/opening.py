"""How the SQLite file is opened: where it may lie, whose it is, which version it has."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from adapters.ledger.sqlite import mounts, schema
from adapters.ledger.sqlite.rights import open_to_us, unwritable
from transfer.errors import Code, Permanent

BUSY_TIMEOUT = 5000
"""Milliseconds that a transaction waits for one of another process."""
MODE = 0o600


def connect(path: Path, *, read_only: bool, create: bool) -> sqlite3.Connection:
    """An open connection to a ledger of this version.

    Raises sqlite3.Error, and Permanent `ledger.unusable` where there is more to say.
    """
    if not read_only:
        suitable(path)
        if create:
            _touch(path)
    present(path)
    connection = opened(path, "ro" if read_only else "rw")
    try:
        if create and not read_only and is_empty(connection):
            _fill(connection)
        recognise(connection, path)
        if not read_only:
            prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def opened(path: Path, mode: str) -> sqlite3.Connection:
    """`mode` is SQLite's own: ro or rw. Every transaction here is begun by name."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """What a connection that writes needs; nothing of it before the file is known to be ours."""
    # FULL: a commit survives a power loss (SQLite, "PRAGMA synchronous"); NORMAL may not.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    # A sort that overflows must not fail on a full disk.
    connection.execute("PRAGMA temp_store = MEMORY")


def present(path: Path) -> None:
    """Refuse what is not there, is no file, or is not ours."""
    open_to_us(path)
    if path.is_file():
        return
    if path.exists():
        raise Permanent(Code.LEDGER_UNUSABLE, f"{path} is not a file.")
    raise Permanent(
        Code.LEDGER_UNUSABLE,
        f"There is no ledger at {path}.",
        action="Run `fileferry ledger init`, or name its configuration with --config.",
    )


def suitable(path: Path) -> None:
    """Refuse a directory that is missing, and a disk that other hosts share."""
    open_to_us(path)
    folder = path.absolute().parent
    if not folder.is_dir():
        raise Permanent(
            Code.LEDGER_UNUSABLE,
            f"The directory of the ledger {path} does not exist.",
            action="Create it, writable for the user of the service.",
        )
    kind = mounts.network_kind(folder)
    if kind:
        raise Permanent(
            Code.LEDGER_UNUSABLE,
            f"The ledger {path} lies on a network file system ({kind}), where SQLite is not safe.",
            action="Set ledger.path to a local disk, or ledger.kind to dynamodb.",
        )


def is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]


def recognise(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a foreign file, another version, and tables that are not as they were made."""
    known = version_of(connection, path)
    if known < schema.VERSION:
        raise Permanent(
            Code.LEDGER_UNUSABLE,
            f"The ledger {path} has schema version {known}; "
            f"this FileFerry works with version {schema.VERSION}.",
            action="Stop the service and run `fileferry ledger migrate`; it makes a copy first.",
        )
    if known > schema.VERSION:
        raise Permanent(
            Code.LEDGER_UNUSABLE,
            f"The ledger {path} has schema version {known}, of a later FileFerry; "
            f"this one works with version {schema.VERSION}.",
            action="Install that FileFerry again, or restore the copy that was made before.",
        )
    if schema.shape(connection) != schema.expected_shape():
        raise Permanent(Code.LEDGER_UNUSABLE, f"The ledger {path} is damaged: its tables differ.")


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """The schema version. Raises Permanent `ledger.unusable` when it is no ledger of ours."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != schema.APPLICATION_ID:
        raise Permanent(
            Code.LEDGER_UNUSABLE,
            f"{path} is not a ledger of FileFerry.",
            action="Set ledger.path to another file, or move this one away.",
        )
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _touch(path: Path) -> None:
    # SQLite gives the WAL and its index the mode of the file, so it is set before there is any.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, MODE))
    except FileExistsError:
        return
    except OSError as error:
        raise unwritable(path) or Permanent(
            Code.LEDGER_UNUSABLE,
            f"The ledger {path} cannot be created: {error.strerror}.",
            action="Give the user of the service the right to write in its directory.",
        ) from error


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been quicker.
        if is_empty(connection):
            schema.create(connection.execute)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
