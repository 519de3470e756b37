"""A ledger with something in every table, and all that can be read of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import astuple
from pathlib import Path

from adapters.ledger.sqlite.books import over, sqlite_books
from adapters.ledger.sqlite.database import Database
from tests.ports.books import TICKET, delivery, post, received
from tests.transfer.made import NOON
from transfer.audit.chain import Entry, following
from transfer.books import Books
from transfer.model import Stage, Transfer
from transfer.recollection import Recollection
from transfer.tickets import Post, TicketRole

COUNT = 9
ENDS: tuple[dict[str, object], ...] = (
    {},
    {"stage": Stage.CLOSED, "closed_at": NOON},
    {"quarantined_at": NOON},
)


def fill(path: Path) -> None:
    """Closed, quarantined and open transfers, with files, names, posts and tickets; all in it."""
    with closing(Database(path)) as database:
        books = over(database, "one")
        for number in range(COUNT):
            _carry(books, number)


def _carry(books: Books, number: int) -> None:
    taken = books.ledger.claim(books.ledger.admit(received(number)).id)
    assert taken
    assert books.locks.take(taken, [f"partner:/inbox/{number}"]) is None
    files = [delivery(number=each, final=f"/inbox/{number}-{each}") for each in (1, 2, 3)]
    books.ledger.save(taken, *files, *_posts(taken, number))
    if number % 3:
        settled, _ = books.outbox.due()[0]
        books.outbox.settle((settled, TICKET))
    values, numbers = {"md5": "1" * 32}, {"md5": taken.request.number}
    books.recollections.keep(
        Recollection(name=f"{number:064}", transfer=taken.id, values=values, numbers=numbers)
    )
    link = following(
        books.chain.last("i"), instance="i", transfer=taken.id, generation=1, at="", receipt=""
    )
    books.ledger.save(taken.evolve(**ENDS[number % 3]), Entry(link=link, ending="{}"))


def _posts(taken: Transfer, number: int) -> list[Post]:
    return [post(taken, f"{number}-{role}-{each}", role) for role in TicketRole for each in (1, 2)]


def everything(path: Path) -> list[object]:
    """What a daemon and an operator can read of the file. Raises what they would be told."""
    books = sqlite_books(path, "reader", 60.0)
    try:
        assert books.look_over
        books.look_over(lambda: False)
        remembered = [books.recollections.find(f"{number:064}") for number in range(COUNT)]
        return [*_read(books), *_by_name(books), remembered, _names_held(books), _sent(books)]
    finally:
        books.close()


def _read(books: Books) -> list[object]:
    records = books.archive.search(limit=1000)
    lists = (books.archive.unfinished(), books.archive.quarantined())
    return [[astuple(record) for record in records], *map(list, lists)]


def _by_name(books: Books) -> list[object]:
    found: list[object] = []
    for number in range(COUNT):
        known = received(number)
        found.append(books.ledger.admit(known))
        found.append(books.ledger.deliveries(known.id))
        found.append(len(books.archive.search(known.request.number)))
    found.append(len(books.archive.search("SCTASK0010001")))
    return found


def _names_held(books: Books) -> list[object]:
    seeker = books.ledger.claim(books.ledger.admit(received(COUNT)).id)
    assert seeker
    return [books.locks.take(seeker, [f"partner:/inbox/{number}"]) for number in range(COUNT)]


def _sent(books: Books) -> list[object]:
    """Every unsent post in its order, each after the one before it in its lane."""
    sent: list[object] = []
    while batch := books.outbox.due(100):
        for found, tries in batch:
            sent.append((found, tries))
            books.outbox.settle((found, TICKET))
    return sent
