"""Several hosts on one table: frozen owners, claims in threads, names of the revived."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adapters.ledger.dynamo.line import Meanwhile
from tests.adapters.ledger.dynamo.scenes import World, claimed
from tests.ports import dynamo_store
from tests.ports.books import LEASE, delivery, id_of, post, received
from tests.transfer.made import NOON
from transfer.books import Books
from transfer.errors import ClaimLost
from transfer.model import Stage, Transfer

pytest_plugins = ["tests.adapters.ledger.dynamo.fixtures"]


def test_a_frozen_owner_is_replaced_and_writes_no_more_when_it_wakes(world: World) -> None:
    frozen, heir = claimed(world), world.other()
    assert heir.ledger.claim(frozen.id) is None
    world.time.passes(LEASE + 0.1)
    taken = heir.ledger.claim(frozen.id)
    assert taken == frozen.evolve(epoch=2, claims=2)
    with pytest.raises(ClaimLost):
        world.books.ledger.save(frozen, delivery(), post(frozen))
    with pytest.raises(ClaimLost):
        world.books.ledger.renew(frozen, LEASE)
    with pytest.raises(ClaimLost):
        world.books.ledger.renew(frozen, 0)
    with pytest.raises(ClaimLost):
        world.books.locks.take(frozen, ["a"])
    assert heir.ledger.deliveries(frozen.id) == ()
    assert heir.outbox.due() == []
    assert heir.ledger.claim(frozen.id) is None


def test_an_observer_counts_from_its_own_first_look(world: World) -> None:
    taken, late = claimed(world), world.other()
    world.time.passes(10 * LEASE)
    assert late.ledger.claim(taken.id) is None
    world.time.passes(LEASE - 0.1)
    assert late.ledger.claim(taken.id) is None
    world.time.passes(0.2)
    assert late.ledger.claim(taken.id)


def test_a_look_at_the_list_of_work_is_a_look_at_its_owners(world: World) -> None:
    taken, heir = claimed(world), world.other()
    assert heir.archive.unfinished() == [taken]
    world.time.passes(LEASE + 0.1)
    assert heir.ledger.claim(taken.id)


def test_of_two_observers_of_the_same_silence_one_takes_over(world: World) -> None:
    taken = claimed(world)
    heirs = [world.other(name) for name in ("two", "three")]
    assert [heir.ledger.claim(taken.id) for heir in heirs] == [None, None]
    world.time.passes(LEASE + 0.1)
    claims = [heir.ledger.claim(taken.id) for heir in heirs]
    assert [claim.epoch if claim else None for claim in claims] == [2, None]


def test_an_owner_that_wakes_at_the_last_moment_keeps_its_claim(world: World) -> None:
    taken, line = claimed(world), Meanwhile(dynamo_store.client(), 3, "update_item")
    heir = world.other("heir", line)
    assert heir.ledger.claim(taken.id) is None
    world.time.passes(LEASE + 0.1)

    def wake() -> None:
        world.books.ledger.renew(taken, LEASE)

    line.happens = wake
    assert heir.ledger.claim(taken.id) is None
    assert line.happens is None
    world.books.ledger.save(taken, delivery())


def test_a_late_renewal_does_not_take_back_what_was_given_back(world: World) -> None:
    taken = claimed(world)
    world.books.ledger.renew(taken, 0)
    with pytest.raises(ClaimLost):
        world.books.ledger.renew(taken, LEASE)
    assert world.other().ledger.claim(taken.id)


def test_two_threads_of_one_process_never_share_a_claim(world: World) -> None:
    transfer = world.books.ledger.admit(received())
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(world.books.ledger.claim, [transfer.id] * 8))
    assert [claim.epoch for claim in claims if claim] == [1]


def test_four_owners_in_eight_threads_never_hold_the_same_transfer(world: World) -> None:
    transfers = [world.books.ledger.admit(received(number)) for number in range(40)]
    owners = [world.other(f"owner {number}") for number in range(4)]
    held: dict[str, threading.Lock] = defaultdict(threading.Lock)
    epochs: dict[str, list[int]] = defaultdict(list)

    def work(thread: int) -> None:
        chance = random.Random(thread)  # noqa: S311 not for secrecy
        for _ in range(40):
            carry(owners[thread % 4], chance.choice(transfers))

    def carry(books: Books, transfer: Transfer) -> None:
        taken = books.ledger.claim(transfer.id)
        if taken is None:
            return
        assert held[transfer.id].acquire(blocking=False)
        epochs[transfer.id].append(taken.epoch)
        books.ledger.save(taken, delivery(moved=taken.epoch))
        books.ledger.renew(taken, LEASE)
        held[transfer.id].release()
        books.ledger.renew(taken, 0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert all(seen == list(range(1, len(seen) + 1)) for seen in epochs.values())
    for transfer in transfers:
        [record] = world.books.archive.search(transfer.id)
        assert record.transfer.epoch == len(epochs[transfer.id])
        assert [item.moved for item in record.deliveries] == epochs[transfer.id][-1:]


def quarantined(world: World, number: int, *names: str) -> Transfer:
    books = world.other("first")
    taken = books.ledger.claim(books.ledger.admit(received(number)).id)
    assert taken
    assert books.locks.take(taken, names) is None
    resting = taken.evolve(quarantined_at=NOON)
    books.ledger.save(resting)
    return resting


def revived(world: World, resting: Transfer) -> Transfer:
    books = world.other("operator")
    books.keeper.amend(resting.evolve(quarantined_at=None))
    taken = books.ledger.claim(resting.id)
    assert taken
    return taken


def test_who_comes_back_from_quarantine_waits_for_a_name_that_was_given_away(world: World) -> None:
    resting, taken = quarantined(world, 2, "a", "b"), claimed(world)
    assert world.books.locks.take(taken, ["b"]) is None
    again = revived(world, resting)
    assert id_of(world.other().locks.take(again, ["a", "b"])) == taken.id
    world.books.ledger.save(taken.evolve(stage=Stage.CLOSED, closed_at=NOON))
    assert world.other().locks.take(again, ["a", "b"]) is None


def test_a_name_is_not_taken_from_who_comes_back_that_very_moment(world: World) -> None:
    resting = quarantined(world, 2, "a", "b")
    line = Meanwhile(dynamo_store.client(), 2)
    books = world.other("thief", line)
    taken = books.ledger.claim(books.ledger.admit(received(3)).id)
    assert taken
    line.happens = lambda: revived(world, resting)
    assert id_of(books.locks.take(taken, ["0", "b"])) == resting.id
    assert line.happens is None
    again = world.other("operator").ledger.admit(received(2))
    assert world.other("operator").locks.take(again, ["b"]) is None
    assert world.other().locks.take(taken, ["0"]) is None
