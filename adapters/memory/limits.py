"""What the doors over one store in memory share."""

from __future__ import annotations

import json
from collections.abc import Callable

from adapters.memory.ledger import LEASE, MemoryStore
from transfer import limits
from transfer.limits import Edit, Lease, Result


class MemoryLimits:
    """The Limits port."""

    def __init__(self, store: MemoryStore, wall: Callable[[], float]) -> None:
        self._store = store
        self._wall = wall

    def calls(self, name: str, wanted: int, most: int, back: Lease | None = None) -> Lease:
        with self._store.lock:
            page = self._store.calls.get(name, {})
            lease = limits.lease_calls(page, wanted, most, self._wall(), back)
            self._store.calls[name] = lease.page
            return lease

    def places(self, name: str, holder: str, wanted: int, most: int, using: int = 0) -> int:
        with self._store.lock:
            page = self._store.places.get(name, {})
            granted, self._store.places[name] = limits.take_places(
                page, holder, wanted, most, now=self._wall(), lease=LEASE, using=using
            )
            return granted

    def change(self, name: str, change: Edit[Result]) -> Result:
        with self._store.lock:
            page = json.loads(self._store.pages.get(name, "{}"))
            result, changed = change(page, self._wall())
            self._store.pages[name] = json.dumps(changed)
            return result
