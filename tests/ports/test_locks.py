"""The promises of Locks, kept by every adapter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ports.books import Store, id_of
from tests.transfer.made import NOON
from transfer.errors import ClaimLost
from transfer.model import Stage

pytest_plugins = ["tests.ports.book_fixtures"]

NAMES = ["partner:/inbox/b", "partner:/inbox/a", "partner:/inbox/c é.csv"]


def test_free_names_are_taken_and_held(store: Store) -> None:
    one, two = store.claimed("one", 1), store.claimed("two", 2)
    assert store.open("one").locks.take(one, NAMES) is None
    assert store.open("one").locks.take(one, NAMES) is None
    assert id_of(store.open("two").locks.take(two, NAMES[:1])) == one.id
    assert store.open("two").locks.take(two, ["partner:/inbox/d"]) is None


def test_none_at_all_is_fine(store: Store) -> None:
    assert store.open("one").locks.take(store.claimed(), []) is None


def test_names_are_taken_in_sorted_order_up_to_the_first_that_is_held(store: Store) -> None:
    locks = store.open("one").locks
    one, two, three = (store.claimed("one", number) for number in (1, 2, 3))
    assert locks.take(one, ["b"]) is None
    assert id_of(locks.take(two, ["c", "b", "a"])) == one.id
    assert id_of(locks.take(three, ["a"])) == two.id
    assert locks.take(three, ["c"]) is None


@pytest.mark.parametrize(
    "rest", [{"stage": Stage.CLOSED, "closed_at": NOON}, {"quarantined_at": NOON}]
)
def test_rest_lets_go_of_the_names(store: Store, rest: dict[str, object]) -> None:
    books = store.open("one")
    one, two = store.claimed("one", 1), store.claimed("one", 2)
    assert books.locks.take(one, NAMES) is None
    books.ledger.save(one)
    assert id_of(books.locks.take(two, NAMES)) == one.id
    books.ledger.save(one.evolve(**rest))
    assert books.locks.take(two, NAMES) is None


def test_the_next_owner_of_the_transfer_has_its_names(store: Store) -> None:
    books, heir = store.open("one"), store.open("two")
    one, two = store.claimed("one", 1), store.claimed("one", 2)
    assert books.locks.take(one, NAMES) is None
    books.ledger.renew(one, 0)
    again = heir.ledger.claim(one.id)
    assert again
    assert heir.locks.take(again, NAMES) is None
    assert id_of(books.locks.take(two, NAMES)) == one.id


def test_an_old_epoch_takes_nothing(store: Store) -> None:
    books, two = store.open("one"), store.claimed("one", 2)
    old = store.claimed("one", 1)
    books.ledger.renew(old, 0)
    assert books.ledger.claim(old.id)
    with pytest.raises(ClaimLost):
        books.locks.take(old, NAMES)
    assert books.locks.take(two, NAMES) is None


def test_many_names_are_held_together(store: Store) -> None:
    locks, one, two = store.open("one").locks, store.claimed("one", 1), store.claimed("one", 2)
    names = [f"partner:/inbox/{number:04}" for number in range(250)]
    assert locks.take(one, names) is None
    assert id_of(locks.take(two, names[-1:])) == one.id


def test_of_many_threads_one_gets_the_name(store: Store) -> None:
    transfers = [store.claimed("one", number) for number in range(8)]
    locks = [store.open("one").locks for _ in transfers]

    def take(number: int) -> str | None:
        return id_of(locks[number].take(transfers[number], NAMES))

    with ThreadPoolExecutor(8) as pool:
        holders = list(pool.map(take, range(8)))
    assert holders.count(None) == 1
    assert len(set(holders)) == 2
