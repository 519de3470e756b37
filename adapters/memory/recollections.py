"""The digests that the ledger in memory remembers."""

from __future__ import annotations

from adapters.memory.ledger import MemoryStore
from transfer.recollection import Recollection


class MemoryRecollections:
    """The Recollections port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def keep(self, recollection: Recollection) -> None:
        with self.store.lock:
            self.store.recollections[recollection.name] = recollection

    def find(self, name: str) -> Recollection | None:
        with self.store.lock:
            return self.store.recollections.get(name)
