"""The books in memory: for tests, and for an operator's one-off."""

from __future__ import annotations

import time
from collections.abc import Callable

from adapters.memory.keeper import MemoryKeeper
from adapters.memory.ledger import (
    MemoryArchive,
    MemoryChain,
    MemoryLedger,
    MemoryLocks,
    MemoryOutbox,
    MemoryStore,
)
from adapters.memory.limits import MemoryLimits
from adapters.memory.recollections import MemoryRecollections
from adapters.memory.shards import MemoryShards
from transfer.books import Books


def memory_books(
    store: MemoryStore,
    owner: str = "memory",
    now: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> Books:
    """All of them over one store."""
    return Books(
        ledger=MemoryLedger(store, owner, now),
        locks=MemoryLocks(store),
        outbox=MemoryOutbox(store),
        archive=MemoryArchive(store),
        keeper=MemoryKeeper(store),
        chain=MemoryChain(store),
        recollections=MemoryRecollections(store),
        limits=MemoryLimits(store, wall),
        shared=True,
        close=lambda: None,
        shards=MemoryShards(store),
    )
