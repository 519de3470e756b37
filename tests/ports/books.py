"""Every kind of books, opened by several owners at once, with a clock that the test moves.

A further kind is one more line in STORES; the fixture is in book_fixtures.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.memory.books import memory_books
from adapters.memory.ledger import MemoryOutbox, MemoryStore
from tests.ports import dynamo_store
from tests.ports.rows import TICKET, delivery, id_of, post, received
from transfer.books import Books
from transfer.model import Transfer

__all__ = [
    "LEASE",
    "STORES",
    "TICKET",
    "Store",
    "Time",
    "delivery",
    "dynamodb",
    "id_of",
    "memory",
    "post",
    "received",
    "sqlite",
]

LEASE = 60.0


class Time:
    """Seconds on everybody's clock."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def __call__(self) -> float:
        return self._seconds

    def passes(self, seconds: float) -> None:
        self._seconds += seconds


@dataclass(frozen=True, slots=True)
class Store:
    """One store. `open` gives its books to an owner, who is a process of its own."""

    open: Callable[[str], Books]
    time: Time

    def claimed(self, owner: str = "one", number: int = 1) -> Transfer:
        ledger = self.open(owner).ledger
        taken = ledger.claim(ledger.admit(received(number)).id)
        assert taken
        return taken


def memory(_folder: Path) -> Iterator[Store]:
    shared, time = MemoryStore(), Time()

    def opened(owner: str) -> Books:
        return replace(memory_books(shared, owner, time, time), outbox=MemoryOutbox(shared, time))

    yield Store(opened, time)


def sqlite(folder: Path) -> Iterator[Store]:
    time, opened = Time(), list[Database]()

    def open_one(owner: str) -> Books:
        opened.append(Database(folder / "ledger.db"))
        return over(opened[-1], owner, LEASE, time, time)

    yield Store(open_one, time)
    for database in opened:
        database.close()


def dynamodb(_folder: Path) -> Iterator[Store]:
    time = Time()
    for name in dynamo_store.table():
        yield Store(dynamo_store.opener(name, time, LEASE), time)


STORES: list[Callable[[Path], Iterator[Store]]] = [memory, sqlite, dynamodb]
