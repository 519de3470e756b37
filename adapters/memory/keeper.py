"""What an operator writes into the books in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.memory.ledger import MemoryStore, Row
from transfer import history
from transfer.approval import items
from transfer.errors import ClaimLost
from transfer.history import Event
from transfer.model import Delivery, Transfer
from transfer.routing import evicted, in_process
from transfer.tickets import Post


class MemoryKeeper:
    """The Keeper port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def amend(self, transfer: Transfer, *changes: Delivery | Post | Event) -> Transfer:
        with self.store.lock:
            row = self.store.rows.get(transfer.id)
            if row is None or row.transfer.epoch != transfer.epoch or not row.transfer.at_rest:
                raise ClaimLost(transfer.id)
            _take_item(self.store, transfer)
            amended = transfer.evolve(epoch=transfer.epoch + 1, claims=0)
            row.owner, row.lease_until = None, 0.0
            self.store.write(row, amended, changes)
            return amended

    def evict(self, transfer_id: str, execution: str | None = None) -> Transfer | None:
        with self.store.lock:
            row = self.store.rows.get(transfer_id)
            if row is None or row.transfer.at_rest:
                return None
            if row.owner is not None or row.transfer != in_process(row.transfer):
                if execution not in (None, row.transfer.execution):
                    return None
                row.owner, row.lease_until = None, 0.0
                back = evicted(row.transfer)
                self.store.write(row, back, [history.taken_back(back, datetime.now(UTC))])
                self.store.close_shards(row.transfer)
            return row.transfer

    def forget(self, before: datetime) -> int:
        with self.store.lock:
            old = [key for key, row in self.store.rows.items() if _closed_before(row, before)]
            for key in old:
                self.store.mark(key, datetime.now(UTC))
                _remove(self.store, key)
            return len(old)


def _take_item(store: MemoryStore, transfer: Transfer) -> None:
    items.wait_for(transfer, store.others(transfer))
    if key := items.key_of(transfer.request):
        takers = store.takers.setdefault(key, [])
        takers += [transfer.id] if transfer.id not in takers else []


def _remove(store: MemoryStore, gone: str) -> None:
    del store.rows[gone]
    store.shards = {key: row for key, row in store.shards.items() if key[0] != gone}
    for takers in store.takers.values():
        takers[:] = [each for each in takers if each != gone]
    store.events.pop(gone, None)
    for item in store.posts_of.pop(gone, []):
        del store.posts[item.post.key]
    store.tickets = {key: ticket for key, ticket in store.tickets.items() if key[0] != gone}
    store.entries = {key: entry for key, entry in store.entries.items() if key[0] != gone}
    store.recollections = {
        name: each for name, each in store.recollections.items() if each.transfer != gone
    }
    store.names = {name: holder for name, holder in store.names.items() if holder != gone}


def _closed_before(row: Row, moment: datetime) -> bool:
    closed_at = row.transfer.closed_at
    return row.transfer.finished and closed_at is not None and closed_at < moment
