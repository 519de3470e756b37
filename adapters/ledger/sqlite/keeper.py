"""What an operator writes into the SQLite ledger; safe beside a daemon."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import mine, writing
from adapters.ledger.sqlite.rows import Rows, stamp, transfer_of
from transfer import history
from transfer.approval import items
from transfer.errors import ClaimLost
from transfer.history import Event
from transfer.model import Delivery, Transfer
from transfer.routing import evicted, in_process
from transfer.tickets import Post

BATCH = 50
"""Transfers forgotten in one transaction: the daemon waits for no longer than that."""


class SqliteKeeper:
    """The Keeper port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def amend(self, transfer: Transfer, *changes: Delivery | Post | Event) -> Transfer:
        amended = transfer.evolve(epoch=transfer.epoch + 1, claims=0)
        with writing(self._database) as rows:
            row = mine(rows, transfer)
            if not row["at_rest"]:
                raise ClaimLost(transfer.id)
            items.wait_for(transfer, rows.takers(transfer))
            rows.take_item(transfer)
            rows.hold(transfer.id, None, 0.0)
            rows.write_head(amended, row)
            rows.write(transfer.id, changes)
        return amended

    def evict(self, transfer_id: str, execution: str | None = None) -> Transfer | None:
        with writing(self._database) as rows:
            row = rows.head(transfer_id)
            if row is None or row["at_rest"]:
                return None
            head, (owner, _) = transfer_of(row), rows.holder(transfer_id)
            if owner is None and head == in_process(head):
                return head
            if execution not in (None, head.execution):
                return None
            rows.hold(transfer_id, None, 0.0)
            back = evicted(head)
            rows.write_head(back, row)
            rows.tell(transfer_id, history.taken_back(back, datetime.now(UTC)))
            return back

    def forget(self, before: datetime) -> int:
        forgotten = 0
        while True:
            with writing(self._database) as rows:
                old = rows.select("transfers", "closed_at < ? LIMIT ?", (stamp(before), BATCH))
                ids = [row.text("id") for row in old]
                for transfer_id in ids:
                    rows.mark(transfer_id, datetime.now(UTC))
                    _remove(rows, transfer_id)
            forgotten += len(ids)
            if len(ids) < BATCH:
                return forgotten


def _remove(rows: Rows, transfer_id: str) -> None:
    tables = (
        *("deliveries", "locks", "takers", "posts", "tickets", "endings", "events"),
        "recollections",
    )
    for table in tables:
        rows.execute(f"DELETE FROM {table} WHERE transfer_id = ?", (transfer_id,))  # noqa: S608 names of ours
    rows.execute("DELETE FROM transfers WHERE id = ?", (transfer_id,))
