"""A ledger as the first schema had it, made by its own SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
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
PRAGMA application_id = 1178948178;
PRAGMA user_version = 1;
"""

REQUEST = (
    '{"id":"ID","number":"RITM","requester":"anna.berg","destination":"partner",'
    '"sources":["s3://exports/März.csv"],"target":"inbox/","fingerprint":"f",'
    '"requester_id":"r","request_number":"REQ1","item_id":"i","task_id":"t",'
    '"task_number":"TASK","approvers":["carla.moss"],"approved_at":"2026-11-23T12:00:00Z"}'
)
HEAD = (
    '{"request":' + REQUEST + ',"generation":1,"epoch":EPOCH,"stage":"STAGE","session":null,'
    '"outcome":null,"failure":null,"loose_ends":[],"received_at":"2026-11-23T12:00:00Z",'
    '"closed_at":CLOSED}'
)
DELIVERY = (
    '{"number":1,"source":{"bucket":"exports","key":"März.csv"},"final":"/inbox/a",'
    '"state":"intent","pin":null,"temp":"/inbox/.ff-x-1-e1.part",'
    '"candidates":["/inbox/.ff-x-1-e1.part"],"moved":7,"started_at":null,"rechecked_at":null,'
    '"digests":null,"tier":"","server":"","receipt":null,"failure":null}'
)
POST = (
    '{"key":"KEY","transfer_id":"ID","generation":1,"ticket":"user","action":"note",'
    '"text":"Grüße","title":"","comment":"","outcome":null,"number":"","requester_id":"",'
    '"task_id":""}'
)
TICKET = '{"role":"user","sys_id":"5","number":"INC1","url":"https://x","state":"2"}'

OPEN, CLOSED = "i:sc_task:open", "i:sc_task:closed"


def write(path: Path) -> None:
    """An open transfer in epoch 3 that died at INTENT with two unsent posts, and a closed one."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        _transfer(connection, OPEN, 3, "pinned", "null")
        _transfer(connection, CLOSED, 1, "closed", '"2026-11-23T13:00:00Z"')
        _posts(connection)
        connection.execute("INSERT INTO tickets VALUES (?, 'user', ?)", (OPEN, TICKET))


def _transfer(db: sqlite3.Connection, key: str, epoch: int, stage: str, closed: str) -> None:
    document = HEAD.replace("EPOCH", str(epoch)).replace("STAGE", stage).replace("CLOSED", closed)
    document = document.replace("ID", key).replace("RITM", f"RITM {key}")
    owner = "host/1" if stage != "closed" else None
    received = "2026-11-23T12:00:00+00:00" if key == OPEN else "2026-11-23T12:00:01.5+00:00"
    db.execute(
        "INSERT INTO transfers VALUES (?, ?, 'TASK', ?, ?, 99.5, ?, ?, ?, ?)",
        (key, f"RITM {key}", epoch, owner, stage == "closed", document, received, received),
    )
    db.execute("INSERT INTO deliveries VALUES (?, 1, ?)", (key, DELIVERY))


def _posts(db: sqlite3.Connection) -> None:
    rows = [("sent", 1, 1, None), ("first", 2, 0, "no answer"), ("second", 0, 0, None)]
    for key, tries, sent, error in rows:
        document = POST.replace("KEY", key).replace("ID", OPEN)
        db.execute(
            "INSERT INTO posts (key, transfer_id, lane, document, tries, due_at, sent, last_error)"
            " VALUES (?, ?, ?, ?, ?, 1e12, ?, ?)",
            (key, OPEN, f"{OPEN}#1:user", document, tries, sent, error),
        )
