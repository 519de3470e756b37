"""The tables of the SQLite ledger, their version, and what the columns are for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

APPLICATION_ID = 0x46455252
"""`FERR` in the file's header (PRAGMA application_id): a foreign SQLite file is refused."""
VERSION = 6

TAKERS = (
    """CREATE TABLE takers (
    item         TEXT NOT NULL,
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    seal         TEXT NOT NULL,
    PRIMARY KEY (item, transfer_id)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX takers_transfer ON takers (transfer_id)",
)
"""Which transfers took an item up (items.key_of). Whether one holds it still is asked of its
rows (items.holds)."""

CHAIN = (
    """CREATE TABLE links (
    instance     TEXT NOT NULL,
    number       INTEGER NOT NULL,
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL,
    PRIMARY KEY (instance, number)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE endings (
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    generation   INTEGER NOT NULL,
    instance     TEXT NOT NULL,
    number       INTEGER NOT NULL,
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL,
    PRIMARY KEY (transfer_id, generation)
) STRICT, WITHOUT ROWID""",
)
"""The chain of the receipts: `links` stay for ever, an ending (telling/document.py) as long as its
transfer."""
EVENTS = (
    """CREATE TABLE events (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    transfer_id  TEXT NOT NULL,
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL
) STRICT""",
    "CREATE INDEX events_transfer ON events (transfer_id)",
)
"""The history. Words about a task may stand there before its transfer is admitted."""
LIMITS = (
    """CREATE TABLE limits (
    name         TEXT PRIMARY KEY,
    page         TEXT NOT NULL,
    seal         TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
)
"""What is counted beyond a restart: the port Limits, a page of JSON for each."""

RECOLLECTIONS = (
    """CREATE TABLE recollections (
    name         TEXT PRIMARY KEY,
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX recollections_transfer ON recollections (transfer_id)",
)
"""Digests of versions of objects (transfer/recollection.py), until their transfer is forgotten."""
WAITING = ("CREATE INDEX posts_waiting ON posts (sequence) WHERE sent = 0",)
"""A look for what is due goes along it, and ends when it has enough."""

# A document is the frozen value as JSON. What the ledger itself raises or resets (epoch, claims)
# and what is searched by stands in columns, and a column wins over the document.
STATEMENTS = (
    """CREATE TABLE transfers (
    id           TEXT PRIMARY KEY,
    number       TEXT NOT NULL,
    task_number  TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    claims       INTEGER NOT NULL,
    owner        TEXT,
    lease_until  REAL NOT NULL DEFAULT 0,
    at_rest      INTEGER NOT NULL,
    quarantined  INTEGER NOT NULL,
    closed_at    TEXT,
    document     TEXT NOT NULL,
    received_at  TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    seal         TEXT NOT NULL
) STRICT""",
    "CREATE INDEX transfers_received ON transfers (received_at)",
    "CREATE INDEX transfers_number ON transfers (number)",
    "CREATE INDEX transfers_task ON transfers (task_number)",
    "CREATE INDEX transfers_open ON transfers (received_at) WHERE at_rest = 0",
    "CREATE INDEX transfers_quarantined ON transfers (received_at) WHERE quarantined = 1",
    "CREATE INDEX transfers_closed ON transfers (closed_at) WHERE closed_at IS NOT NULL",
    """CREATE TABLE deliveries (
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    number       INTEGER NOT NULL,
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL,
    PRIMARY KEY (transfer_id, number)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE locks (
    name         TEXT PRIMARY KEY,
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    seal         TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX locks_transfer ON locks (transfer_id)",
    *TAKERS,
    *CHAIN,
    *EVENTS,
    *LIMITS,
    *RECOLLECTIONS,
    """CREATE TABLE posts (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    key          TEXT NOT NULL UNIQUE,
    transfer_id  TEXT NOT NULL,
    lane         TEXT NOT NULL,
    document     TEXT NOT NULL,
    tries        INTEGER NOT NULL,
    due_at       REAL NOT NULL DEFAULT 0,
    held         TEXT,
    sent         INTEGER NOT NULL,
    last_error   TEXT,
    seal         TEXT NOT NULL
) STRICT""",
    "CREATE INDEX posts_unsent ON posts (lane, sequence) WHERE sent = 0",
    "CREATE INDEX posts_transfer ON posts (transfer_id)",
    *WAITING,
    """CREATE TABLE tickets (
    transfer_id  TEXT NOT NULL,
    role         TEXT NOT NULL,
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL,
    PRIMARY KEY (transfer_id, role)
) STRICT, WITHOUT ROWID""",
)


def definition() -> str:
    """The whole file as SQL text."""
    pragmas = (f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {VERSION}")
    return ";\n".join((*STATEMENTS, *pragmas)) + ";\n"


def create(execute: Callable[[str], object]) -> None:
    """The tables, within the transaction that is open."""
    for statement in STATEMENTS:
        execute(statement)
    execute(f"PRAGMA application_id = {APPLICATION_ID}")
    execute(f"PRAGMA user_version = {VERSION}")


def shape(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Every table and index with its text, SQLite's own left out."""
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
    )
    return {(kind, name, text) for kind, name, text in found}


def expected_shape() -> set[tuple[str, str, str]]:
    """What shape() says of a new file."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        create(connection.execute)
        return shape(connection)
    finally:
        connection.close()
