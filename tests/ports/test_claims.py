"""The promises of Claims and of an eviction: two doors, one fence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ports.books import Store, delivery, post, received
from tests.transfer.made import NOON
from transfer.errors import ClaimLost
from transfer.model import Route, Stage, Transfer
from transfer.routing import evicted, execution_name, owner_of

pytest_plugins = ["tests.ports.book_fixtures"]

FIRST = owner_of("ff-RITM0010028-0123456789ab-g1-e1")
TWELFTH = owner_of("ff-RITM0010028-0123456789ab-g1-e12")


def invoked(store: Store, owner: str = "a", over: str = FIRST) -> Transfer:
    """By a function of that execution, which then dies."""
    ledger = store.open(owner).ledger
    taken = ledger.claim(ledger.admit(received()).id, over=over)
    assert taken
    return taken


def routed(store: Store, taken: Transfer, owner: str = "one") -> Transfer:
    head = taken.evolve(route=Route.STEP_FUNCTIONS, execution=execution_name(taken), door="d" * 64)
    store.open(owner).ledger.save(head)
    return head


def test_an_execution_takes_over_from_its_own_dead_invocation_at_once(store: Store) -> None:
    dead, heir = invoked(store), store.open("b").ledger
    taken = heir.claim(dead.id, over=FIRST)
    assert taken == dead.evolve(epoch=2, claims=2)
    with pytest.raises(ClaimLost):
        store.open("a").ledger.save(dead.evolve(stage=Stage.PINNED))
    beat = heir.beat(dead.id)
    assert beat
    assert beat.owner == f"{FIRST}b"


@pytest.mark.parametrize("over", ["", FIRST])
def test_the_name_of_an_execution_takes_nothing_from_others(store: Store, over: str) -> None:
    held = invoked(store, over=TWELFTH) if over else store.claimed("ff-somebody")
    heir = store.open("b").ledger
    assert heir.claim(held.id, over=over) is None
    assert heir.claim(held.id, over=FIRST) is None
    store.open("ff-somebody").ledger.renew(held, 0)
    assert heir.claim(held.id, over=FIRST)


def test_a_renewal_keeps_the_name_of_the_execution(store: Store) -> None:
    dead = invoked(store)
    store.open("a").ledger.renew(dead, 60.0)
    assert store.open("b").ledger.claim(dead.id, over=FIRST)


def test_nobody_is_seen_where_nothing_is_held(store: Store) -> None:
    ledger = store.open("one").ledger
    assert ledger.beat("i:sc_task:nobody") is None
    ledger.admit(received())
    assert ledger.beat(received().id) is None
    taken = store.claimed()
    assert ledger.beat(taken.id)
    ledger.renew(taken, 0)
    assert ledger.beat(taken.id) is None
    again = store.claimed()
    ledger.save(again.evolve(stage=Stage.CLOSED, closed_at=NOON))
    assert ledger.beat(taken.id) is None


def test_who_shows_no_sign_of_life_is_taken_over_by_who_never_saw_it(store: Store) -> None:
    taken = store.claimed("one")
    seen = store.open("two").ledger.beat(taken.id)
    heir = store.open("three").ledger
    assert heir.claim(taken.id) is None
    claimed = heir.claim(taken.id, seen=seen)
    assert claimed == taken.evolve(epoch=2, claims=2)
    assert store.open("four").ledger.claim(taken.id, seen=seen) is None
    with pytest.raises(ClaimLost):
        store.open("one").ledger.save(taken)


def test_a_sign_of_life_keeps_everybody_off(store: Store) -> None:
    taken = store.claimed("one")
    seen = store.open("two").ledger.beat(taken.id)
    store.time.passes(1.0)
    store.open("one").ledger.renew(taken, 60.0)
    again = store.open("two").ledger.beat(taken.id)
    assert seen != again
    assert store.open("two").ledger.claim(taken.id, seen=seen) is None
    assert store.open("two").ledger.claim(taken.id, seen=again)


def test_where_it_goes_is_read_back(store: Store) -> None:
    head = routed(store, store.claimed())
    assert store.open("two").ledger.admit(received()) == head
    [record] = store.open("two").archive.search(head.id)
    assert record.transfer == head
    home = head.evolve(route=Route.IN_PROCESS, execution=None, door=None)
    store.open("one").ledger.save(home)
    assert list(store.open("two").archive.unfinished()) == [home]


def test_a_living_owner_is_evicted_and_what_it_had_saved_stays(store: Store) -> None:
    taken, books = store.claimed("one"), store.open("two")
    head = routed(store, taken.evolve(stage=Stage.PINNED))
    store.open("one").ledger.save(head, delivery(moved=7))
    home = books.keeper.evict(taken.id)
    assert home == evicted(head)
    assert (home.epoch, home.claims, home.route, home.execution) == (2, 0, Route.IN_PROCESS, None)
    assert list(books.archive.unfinished()) == [home]
    late = store.open("one")
    with pytest.raises(ClaimLost):
        late.ledger.save(head, delivery(moved=9), post(head))
    for seconds in (60.0, 0):
        with pytest.raises(ClaimLost):
            late.ledger.renew(head, seconds)
    with pytest.raises(ClaimLost):
        late.locks.take(head, ["h:22/inbox/a"])
    assert [item.moved for item in books.ledger.deliveries(taken.id)] == [7]
    assert books.ledger.claim(taken.id) == home.evolve(epoch=3, claims=1)


def test_what_nobody_holds_is_brought_home_as_well(store: Store) -> None:
    taken = store.claimed("one")
    head = routed(store, taken)
    store.open("one").ledger.renew(head, 0)
    for _ in range(2):
        # Once more changes nothing.
        assert store.open("two").keeper.evict(taken.id) == evicted(head)


def test_who_was_told_late_of_an_end_takes_nothing_from_an_heir(store: Store) -> None:
    """Two hosts, or two threads of one, follow one execution."""
    taken = store.claimed("one")
    head = routed(store, taken)
    first, second = store.open("two"), store.open("three")
    assert first.keeper.evict(taken.id, "ff-another") is None
    home = first.keeper.evict(taken.id, head.execution)
    assert home == evicted(head)
    assert second.keeper.evict(taken.id, head.execution) == home
    heir = first.ledger.claim(taken.id)
    assert heir
    assert second.keeper.evict(taken.id, head.execution) is None
    first.ledger.save(heir)
    assert second.keeper.evict(taken.id) == evicted(heir)


def test_nothing_is_evicted_where_nobody_can_be(store: Store) -> None:
    taken, books = store.claimed("one"), store.open("two")
    assert books.keeper.evict("i:sc_task:nobody") is None
    books.ledger.save(ended := taken.evolve(stage=Stage.CLOSED, closed_at=NOON))
    assert books.keeper.evict(taken.id) is None
    assert books.ledger.admit(taken) == ended


def test_of_any_number_that_evict_and_claim_one_may_write(store: Store) -> None:
    transfer = store.claimed("first")
    books = [store.open(f"owner {number}") for number in range(6)]

    def wrest(number: int) -> Transfer | None:
        books[number].keeper.evict(transfer.id)
        return books[number].ledger.claim(transfer.id)

    with ThreadPoolExecutor(6) as pool:
        claims = [taken for taken in pool.map(wrest, range(6)) if taken]
    assert len({taken.epoch for taken in claims}) == len(claims) > 0
    standing = books[0].ledger.admit(transfer).epoch
    for taken in claims:
        if taken.epoch == standing:
            books[0].ledger.save(taken)
        else:
            with pytest.raises(ClaimLost):
                books[0].ledger.save(taken)
