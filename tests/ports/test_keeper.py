"""The promises of Keeper, kept by every adapter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.ledger.sqlite.keeper import BATCH
from tests.ports.books import TICKET, Store, delivery, post, received
from tests.transfer.made import NOON
from transfer.errors import ClaimLost
from transfer.model import Stage, Transfer

pytest_plugins = ["tests.ports.book_fixtures"]


def closed(store: Store, number: int = 1, days: int = 0) -> Transfer:
    taken = store.claimed("one", number)
    ended = taken.evolve(stage=Stage.CLOSED, closed_at=NOON + timedelta(days=days))
    store.open("one").ledger.save(ended, delivery(), post(ended, f"k{number}"))
    return ended


def test_what_is_at_rest_is_amended_and_free(store: Store) -> None:
    books, ended = store.open("one"), closed(store)
    again = ended.evolve(stage=Stage.RECEIVED, closed_at=None, generation=2)
    amended = books.keeper.amend(again, delivery(moved=5), post(ended, "retry"))
    assert amended == again.evolve(epoch=2, claims=0)
    assert list(books.archive.unfinished()) == [amended]
    [record] = books.archive.search(ended.id)
    assert (record.transfer, record.deliveries, record.unsent) == (
        *(amended, (delivery(moved=5),), 2),
    )
    assert store.open("two").ledger.claim(ended.id) == amended.evolve(epoch=3, claims=1)


def test_a_release_from_quarantine_starts_the_count_anew(store: Store) -> None:
    books, taken = store.open("one"), store.claimed()
    held = taken.evolve(quarantined_at=NOON)
    books.ledger.save(held)
    amended = books.keeper.amend(held.evolve(quarantined_at=None))
    assert (amended.epoch, amended.claims) == (2, 0)
    assert list(books.archive.quarantined()) == []
    assert books.ledger.claim(taken.id)


def test_what_is_worked_on_is_left_alone(store: Store) -> None:
    books, taken = store.open("one"), store.claimed()
    with pytest.raises(ClaimLost):
        books.keeper.amend(taken.evolve(stage=Stage.CLOSED), delivery(), post(taken))
    [record] = books.archive.search(taken.id)
    assert (record.transfer, record.deliveries, record.unsent) == (taken, (), 0)


def test_of_two_that_amend_the_later_is_refused(store: Store) -> None:
    keeper, ended = store.open("one").keeper, closed(store)
    keeper.amend(ended.evolve(generation=2))
    with pytest.raises(ClaimLost):
        keeper.amend(ended.evolve(generation=3), post(ended, "late"))
    [record] = store.open("one").archive.search(ended.id)
    assert (record.transfer.generation, record.unsent) == (2, 1)


def test_the_last_owner_writes_no_more_after_it(store: Store) -> None:
    books, ended = store.open("one"), closed(store)
    books.keeper.amend(ended.evolve(stage=Stage.RECEIVED, closed_at=None))
    with pytest.raises(ClaimLost):
        books.ledger.save(ended)


def test_what_is_absent_cannot_be_amended(store: Store) -> None:
    with pytest.raises(ClaimLost):
        store.open("one").keeper.amend(received())


def test_what_was_closed_long_ago_is_forgotten_with_all_beside_it(store: Store) -> None:
    books = store.open("one")
    old, young, under_way = closed(store, 1), closed(store, 2, days=1), store.claimed("one", 3)
    books.outbox.settle((post(old, "k1"), TICKET))
    assert books.keeper.forget(NOON + timedelta(hours=1)) == 1
    assert books.keeper.forget(NOON + timedelta(hours=1)) == 0
    assert [row.transfer for row in books.archive.search()] == [under_way, young]
    assert books.ledger.deliveries(old.id) == ()
    assert [found.key for found, _ in books.outbox.due()] == ["k2"]
    assert books.ledger.admit(received(1)) == received(1)
    [record] = books.archive.search(old.id)
    assert (record.deliveries, dict(record.tickets), record.unsent) == ((), {}, 0)


def test_the_very_moment_and_what_is_in_quarantine_stay(store: Store) -> None:
    books, _ended = store.open("one"), closed(store)
    taken = store.claimed("one", 2)
    books.ledger.save(taken.evolve(quarantined_at=NOON - timedelta(days=900)))
    assert books.keeper.forget(NOON) == 0
    assert len(books.archive.search()) == 2


def test_more_than_one_batch_is_forgotten(store: Store) -> None:
    for number in range(many := BATCH + 1):
        closed(store, number)
    assert store.open("one").keeper.forget(NOON + timedelta(days=1)) == many
    assert list(store.open("one").archive.search()) == []
