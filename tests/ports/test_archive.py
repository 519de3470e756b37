"""The promises of Archive, kept by every adapter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.ports.books import TICKET, Store, delivery, post, received
from tests.transfer.made import NOON
from transfer.books import Only
from transfer.errors import Code, Permanent
from transfer.model import Outcome, Stage
from transfer.tickets import TicketRole

pytest_plugins = ["tests.ports.book_fixtures"]


def test_what_is_not_at_rest_is_listed_oldest_first(store: Store) -> None:
    books = store.open("one")
    taken = [store.claimed("one", number) for number in (1, 2, 3, 4)]
    books.ledger.save(taken[1].evolve(stage=Stage.CLOSED, closed_at=NOON))
    books.ledger.save(taken[2].evolve(quarantined_at=NOON))
    assert list(books.archive.unfinished()) == [taken[0], taken[3]]


def test_quarantine_is_listed_until_it_is_closed(store: Store) -> None:
    books = store.open("one")
    held = [store.claimed("one", number).evolve(quarantined_at=NOON) for number in (1, 2, 3)]
    for transfer in held:
        books.ledger.save(transfer)
    assert list(books.archive.quarantined()) == held
    books.ledger.save(held[1].evolve(stage=Stage.CLOSED, closed_at=NOON))
    assert list(books.archive.quarantined()) == [held[0], held[2]]


def test_a_search_lists_newest_first(store: Store) -> None:
    books = store.open("one")
    ids = [books.ledger.admit(received(number)).id for number in (1, 2, 3)]
    assert [row.transfer.id for row in books.archive.search()] == ids[::-1]
    assert [row.transfer.id for row in books.archive.search(limit=2)] == ids[:0:-1]


def test_it_finds_by_item_task_and_id(store: Store) -> None:
    books = store.open("one")
    transfer = books.ledger.admit(received(7))
    for text in (transfer.id, "RITM0000007", "SCTASK0010001"):
        assert [row.transfer for row in books.archive.search(text)] == [transfer]
    assert list(books.archive.search("RITM0000008")) == []


def test_a_number_that_is_shared_finds_all_of_them_newest_first(store: Store) -> None:
    books = store.open("one")
    ids = [books.ledger.admit(received(number)).id for number in (1, 2, 3)]
    found = books.archive.search("SCTASK0010001")
    assert [row.transfer.id for row in found] == ids[::-1]


def test_it_shows_what_is_unsent_and_why_and_the_tickets(store: Store) -> None:
    books, transfer = store.open("one"), store.claimed()
    books.ledger.save(transfer, delivery(), post(transfer, "1"), post(transfer, "2"))
    books.outbox.due()
    books.outbox.defer(post(transfer, "1"), 1.0, "no answer")
    [record] = books.archive.search(transfer.id)
    assert (record.unsent, record.last_error, dict(record.tickets)) == (2, "no answer", {})
    for key in ("1", "2"):
        books.outbox.settle((post(transfer, key), TICKET))
    [record] = books.archive.search(transfer.id)
    assert (record.unsent, record.last_error) == (0, None)
    assert dict(record.tickets) == {TicketRole.USER: TICKET}


def test_a_search_leaves_out_what_is_not_asked_for(store: Store) -> None:
    books = store.open("one")
    running, failed, held, delivered = (store.claimed("one", number) for number in (1, 2, 3, 4))
    error = Permanent(Code.REMOTE_FULL, "The disk of the partner is full.")
    closed = {"stage": Stage.CLOSED, "closed_at": NOON}
    books.ledger.save(failed.failed(error).evolve(**closed))
    books.ledger.save(held.evolve(quarantined_at=NOON))
    books.ledger.save(delivered.evolve(outcome=Outcome.DELIVERED, **closed))

    def found(limit: int = 50, **only: Any) -> list[str]:
        return [row.transfer.id for row in books.archive.search(limit=limit, only=Only(**only))]

    everything = [each.id for each in (delivered, held, failed, running)]
    assert found(failed=True) == [held.id, failed.id]
    assert found(limit=1, failed=True) == [held.id]
    assert found(running=True) == [running.id]
    request = running.request
    assert found(destination=request.destination, requester=request.requester) == everything
    assert found(destination="elsewhere") == found(requester="nobody") == []
    [latest] = books.archive.search(running.id)
    assert found(since=latest.updated_at - timedelta(days=1)) == everything
    assert found(since=latest.updated_at + timedelta(days=1)) == []
