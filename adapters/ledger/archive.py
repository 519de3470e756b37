"""The reading side of the SQLite ledger, for recovery and for people; safe beside a daemon."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from adapters.ledger.codec import TICKET, TRANSFER
from adapters.ledger.schema import Database
from adapters.ledger.sqlite import read_deliveries
from transfer.ports import Record
from transfer.tickets import Ticket, TicketRole


class SqliteArchive:
    """The Archive port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def at(cls, path: Path) -> Self:
        """For a look beside the process that writes. Raises Permanent `ledger.unusable`."""
        return cls(Database(path, read_only=True))

    def unfinished(self) -> Sequence[str]:
        with self._database.reading() as rows:
            found = rows.execute("SELECT id FROM transfers WHERE NOT finished ORDER BY received_at")
            return [row[0] for row in found]

    def search(self, text: str = "", limit: int = 50) -> Sequence[Record]:
        with self._database.reading() as rows:
            found = rows.execute(
                "SELECT id, document, updated_at FROM transfers "
                "WHERE ? IN ('', id, number, task_number) ORDER BY received_at DESC LIMIT ?",
                (text, limit),
            ).fetchall()
            return [_record(rows, *row) for row in found]


def _record(rows: sqlite3.Connection, key: str, document: str, updated_at: str) -> Record:
    unsent, last_error = rows.execute(
        "SELECT count(*), max(last_error) FROM posts WHERE transfer_id = ? AND NOT sent", (key,)
    ).fetchone()
    return Record(
        transfer=TRANSFER.validate_json(document),
        deliveries=read_deliveries(rows, key),
        tickets=_tickets(rows, key),
        unsent=unsent,
        last_error=last_error,
        updated_at=datetime.fromisoformat(updated_at),
    )


def _tickets(rows: sqlite3.Connection, transfer_id: str) -> dict[TicketRole, Ticket]:
    found = rows.execute("SELECT document FROM tickets WHERE transfer_id = ?", (transfer_id,))
    tickets = [TICKET.validate_json(row[0]) for row in found]
    return {ticket.role: ticket for ticket in tickets}
