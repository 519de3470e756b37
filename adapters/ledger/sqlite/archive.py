"""The reading side of the SQLite ledger, for recovery and for people; safe beside a daemon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Self

from adapters.ledger.codec import TICKET
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import reading
from adapters.ledger.sqlite.rows import Row, Rows, transfer_of
from transfer.books import ALL, Only, Record
from transfer.history import in_order
from transfer.model import Transfer
from transfer.tickets import Ticket, TicketRole

FOUND = (
    "(json_extract(document, '$.request.request_number') = ?1 OR id IN (SELECT transfer_id "
    "FROM tickets WHERE json_extract(document, '$.number') = ?1) "
    "OR (length(?1) >= 6 AND (substr(id, 1, length(?1)) = ?1 "
    "OR substr(id, -length(?1)) = ?1)))"
)
"""By what has no index: 50,000 transfers take less than a second."""
ONCE = (
    "(length(?1) >= 6 AND id IN (SELECT transfer_id FROM events WHERE "
    "json_extract(document, '$.kind') = 'ticket' AND instr(document, ' ' || ?1 || ' (') > 0))"
)
"""By a ticket of an earlier generation."""


class SqliteArchive:
    """The Archive port."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[str, tuple[str, Transfer]] = {}

    @classmethod
    def at(cls, path: Path) -> Self:
        """For a look beside the process that writes. Raises Permanent `ledger.unusable`."""
        return cls(Database(path, read_only=True))

    def close(self) -> None:
        """For who opened it with at()."""
        self._database.close()

    def unfinished(self) -> Sequence[Transfer]:
        """Read are those alone whose seal is another than at the last look: every round asks."""
        with reading(self._database) as rows:
            asked = "SELECT id, seal FROM transfers WHERE at_rest = 0 ORDER BY received_at, rowid"
            standing = rows.execute(asked).fetchall()
            self._open = {key: self._head(rows, key, seal) for key, seal in standing}
            return [head for _, head in self._open.values()]

    def _head(self, rows: Rows, key: str, seal: str) -> tuple[str, Transfer]:
        known = self._open.get(key)
        if known and known[0] == seal:
            return known
        [row] = rows.select("transfers", "id = ?", (key,))
        return seal, transfer_of(row)

    def quarantined(self) -> Sequence[Transfer]:
        return self._heads("quarantined = 1 ORDER BY received_at, rowid")

    def search(self, text: str = "", limit: int = 50, only: Only = ALL) -> Sequence[Record]:
        by_name = "(id = ?1 OR number = ?1 OR task_number = ?1)" if text else "?1 = ''"
        return self._records(by_name, text, limit, only)

    def find(self, text: str, limit: int = 50) -> Sequence[Record]:
        found = self.search(text, limit) or self._records(FOUND, text, limit)
        return found or self._records(ONCE, text, limit)

    def _records(self, where: str, text: str, limit: int, only: Only = ALL) -> list[Record]:
        # What is not at rest has an index; all else is read, seconds for 100,000 transfers.
        running = "AND at_rest = 0 " if only.running else ""
        newest = f"{where} {running}ORDER BY received_at DESC, rowid DESC"
        with reading(self._database) as rows:
            found = rows.select("transfers", newest, (text,))
            wanted = (row for row in found if only.takes(*_told(row)))
            return [_record(rows, row) for row in islice(wanted, limit)]

    def _heads(self, where: str) -> list[Transfer]:
        with reading(self._database) as rows:
            return [transfer_of(row) for row in rows.select("transfers", where)]


def _told(head: Row) -> tuple[Transfer, datetime]:
    return transfer_of(head), datetime.fromisoformat(head.text("updated_at"))


def _record(rows: Rows, head: Row) -> Record:
    transfer, updated_at = _told(head)
    unsent = list(rows.select("posts", "transfer_id = ? AND sent = 0", (transfer.id,)))
    errors = [row.text("last_error") for row in unsent if row["last_error"] is not None]
    return Record(
        transfer=transfer,
        deliveries=rows.deliveries(transfer.id),
        tickets=_tickets(rows, transfer.id),
        unsent=len(unsent),
        last_error=max(errors, default=None),
        updated_at=updated_at,
        history=in_order(rows.history(transfer.id)),
    )


def _tickets(rows: Rows, transfer_id: str) -> dict[TicketRole, Ticket]:
    found = rows.select("tickets", "transfer_id = ?", (transfer_id,))
    tickets = [row.value(TICKET) for row in found]
    return {ticket.role: ticket for ticket in tickets}
