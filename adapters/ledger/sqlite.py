"""The embedded ledger: one SQLite file, one host, one running daemon."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from adapters.ledger.codec import DELIVERY, POST, TRANSFER, dump
from adapters.ledger.schema import Database
from transfer.errors import ClaimLost, Code, Permanent
from transfer.model import Delivery, Transfer
from transfer.tickets import Post

LEASE = 60.0
"""Seconds that a claim holds without being renewed."""


class HostLock:
    """Keeps a second daemon off the same file. The kernel drops it when the process dies."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Permanent(
                Code.LEDGER_UNUSABLE,
                f"The ledger {path} cannot be locked: {error.strerror}.",
                action="Create its directory, writable for the user of the service.",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise Permanent(
                Code.LEDGER_BUSY, f"Another FileFerry is running on the ledger {path}."
            ) from error

    def release(self) -> None:
        os.close(self._file)

    @staticmethod
    def held(path: Path) -> bool:
        """A daemon is running on this file."""
        if not Path(f"{path}.lock").exists():
            return False
        try:
            HostLock(path).release()
        except Permanent:
            return True
        return False


class SqliteLedger:
    """The Ledger port on SQLite. `owner` names this process, `now` counts seconds.

    The time line of a claim (epoch n, lease L):

        claim(n) ──renew──renew──renew──┬── renew(0): free, anybody may claim n+1
                                        └── silence for L: free, anybody may claim n+1
        a save with epoch n after claim n+1 ⇒ ClaimLost, nothing written
    """

    def __init__(
        self, database: Database, owner: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._owner = owner
        self._now = now

    def bury(self) -> None:
        """End every claim. For who holds the HostLock: all other owners are dead."""
        with self._database.transaction() as rows:
            rows.execute("UPDATE transfers SET owner = NULL, lease_until = 0")

    def admit(self, transfer: Transfer) -> Transfer:
        with self._database.transaction() as rows:
            request, now = transfer.request, _timestamp()
            rows.execute(
                "INSERT INTO transfers "
                "(id, number, task_number, epoch, document, received_at, updated_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (
                    transfer.id,
                    request.number,
                    request.task_number,
                    transfer.epoch,
                    dump(TRANSFER, transfer),
                    now,
                    now,
                ),
            )
            row = rows.execute(
                "SELECT document FROM transfers WHERE id = ?", (transfer.id,)
            ).fetchone()
        return TRANSFER.validate_json(row[0])

    def claim(self, transfer_id: str) -> Transfer | None:
        with self._database.transaction() as rows:
            now = self._now()
            row = rows.execute(
                "UPDATE transfers SET epoch = epoch + 1, owner = ?, lease_until = ? "
                "WHERE id = ? AND NOT finished AND (owner IS NULL OR lease_until <= ?) "
                "RETURNING epoch, document",
                (self._owner, now + LEASE, transfer_id, now),
            ).fetchone()
            if row is None:
                return None
            claimed = TRANSFER.validate_json(row[1]).evolve(epoch=row[0])
            _write_head(rows, claimed)
        return claimed

    def renew(self, transfer: Transfer, seconds: float) -> None:
        with self._database.transaction() as rows:
            changed = rows.execute(
                "UPDATE transfers SET lease_until = ?, owner = ? WHERE id = ? AND epoch = ?",
                (
                    self._now() + seconds,
                    self._owner if seconds else None,
                    transfer.id,
                    transfer.epoch,
                ),
            ).rowcount
        if not changed:
            raise ClaimLost(transfer.id)

    def save(self, transfer: Transfer, *changes: Delivery | Post) -> None:
        with self._database.transaction() as rows:
            if not _write_head(rows, transfer):
                raise ClaimLost(transfer.id)
            for change in changes:
                if isinstance(change, Post):
                    add_post(rows, change)
                else:
                    _write_delivery(rows, transfer.id, change)

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        with self._database.reading() as rows:
            return read_deliveries(rows, transfer_id)


def read_deliveries(rows: sqlite3.Connection, transfer_id: str) -> tuple[Delivery, ...]:
    """The files of a transfer by number."""
    found = rows.execute(
        "SELECT document FROM deliveries WHERE transfer_id = ? ORDER BY number", (transfer_id,)
    )
    return tuple(DELIVERY.validate_json(row[0]) for row in found)


def add_post(rows: sqlite3.Connection, post: Post) -> None:
    """Into the outbox, once: a key that stands there is left as it is."""
    rows.execute(
        "INSERT INTO posts (key, transfer_id, lane, document) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (key) DO NOTHING",
        (post.key, post.transfer_id, post.lane, dump(POST, post)),
    )


def _write_head(rows: sqlite3.Connection, transfer: Transfer) -> bool:
    changed = rows.execute(
        "UPDATE transfers SET document = ?, finished = ?, updated_at = ? "
        "WHERE id = ? AND epoch = ?",
        (
            dump(TRANSFER, transfer),
            transfer.finished,
            _timestamp(),
            transfer.id,
            transfer.epoch,
        ),
    )
    return changed.rowcount == 1


def _write_delivery(rows: sqlite3.Connection, transfer_id: str, delivery: Delivery) -> None:
    rows.execute(
        "INSERT INTO deliveries (transfer_id, number, document) VALUES (?, ?, ?) "
        "ON CONFLICT (transfer_id, number) DO UPDATE SET document = excluded.document",
        (transfer_id, delivery.number, dump(DELIVERY, delivery)),
    )


def _timestamp() -> str:
    return datetime.now(UTC).isoformat()
