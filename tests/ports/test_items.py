"""One item is carried once: the promise of Ledger and Keeper about tasks of one item."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.ports.books import Store, delivery, received
from tests.transfer.made import NOON
from transfer.errors import Code, Permanent
from transfer.model import DeliveryState, Outcome, Stage, Transfer

pytest_plugins = ["tests.ports.book_fixtures"]

ITEM = "8" * 32
NO = Permanent(Code.APPROVAL_STALE, "Changed after the approval.")
CLOSED = {"stage": Stage.CLOSED, "closed_at": NOON}


def task(number: int, item: str = ITEM, **changes: Any) -> Transfer:
    """A task of the one item, approved."""
    plain = received(number)
    asked = replace(plain.request, number="RITM1", item_id=item, **changes)
    return plain.evolve(request=asked)


def admitted(store: Store, transfer: Transfer) -> Transfer:
    return store.open("one").ledger.admit(transfer)


def ended(store: Store, transfer: Transfer, *files: Any, **changes: Any) -> Transfer:
    """Claimed, and saved as it came to rest."""
    taken = store.open("one").ledger.claim(transfer.id)
    assert taken
    at_rest = taken.evolve(**changes)
    store.open("one").ledger.save(at_rest, *files)
    return at_rest


def known(store: Store) -> set[str]:
    return {record.transfer.id for record in store.open("one").archive.search()}


def test_a_second_task_of_an_item_gets_the_first_and_leaves_no_row(store: Store) -> None:
    first, second = task(1), task(2)
    assert admitted(store, first) == first
    for owner in ("one", "two"):
        assert store.open(owner).ledger.admit(second) == first
    assert known(store) == {first.id}
    assert store.open("one").ledger.claim(second.id) is None
    assert store.open("two").ledger.admit(first) == first


def test_it_is_kept_once_it_is_refused_and_stays_so(store: Store) -> None:
    first, refused = admitted(store, task(1)), task(2).failed(NO)
    assert admitted(store, refused) == refused
    assert admitted(store, task(2)) == refused
    assert admitted(store, task(3)) == first


def test_tasks_of_other_items_and_of_other_instances_go_their_way(store: Store) -> None:
    first, second = task(1), task(2, item="9" * 32)
    elsewhere = task(3, id=f"other:sc_task:{3:032}")
    nowhere, nobody = task(4, item=""), task(5, item="")
    for each in (first, second, elsewhere, nowhere, nobody):
        assert admitted(store, each) == each


def test_objects_of_one_standing_approval_are_no_tasks_of_one_item(store: Store) -> None:
    for number in (1, 2, 3):
        each = task(number, standing=ITEM, id=f"i:u_standing:{ITEM}:{number}")
        assert admitted(store, each) == each


def test_what_was_refused_as_it_came_in_holds_nothing(store: Store) -> None:
    refused, second = admitted(store, task(1).failed(NO)), task(2)
    assert admitted(store, second) == second
    ended(store, refused, **CLOSED)
    assert admitted(store, task(3)) == second


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.CANCELLED, Outcome.REHEARSED])
def test_what_ended_before_anything_was_sent_lets_go(store: Store, outcome: Outcome) -> None:
    first, second = admitted(store, task(1)), task(2)
    file = delivery(state=DeliveryState.PINNED)
    going = ended(store, first, file, stage=Stage.PINNED, outcome=outcome)
    assert admitted(store, second) == going
    store.open("one").ledger.save(going.evolve(**CLOSED))
    assert admitted(store, second) == second
    assert admitted(store, task(3)) == second


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ({"state": DeliveryState.PUBLISHED}, {"outcome": Outcome.DELIVERED, **CLOSED}),
        ({"state": DeliveryState.PINNED}, {"outcome": Outcome.FAILED, **CLOSED}),
        ({"state": DeliveryState.UNKNOWN}, {"outcome": Outcome.UNKNOWN, **CLOSED}),
        ({"state": DeliveryState.PUBLISHED}, {"outcome": Outcome.REFUSED, **CLOSED}),
        ({"state": DeliveryState.UNKNOWN}, {"outcome": Outcome.CANCELLED, **CLOSED}),
        (
            {"state": DeliveryState.PINNED, "started_at": NOON},
            {"outcome": Outcome.CANCELLED, **CLOSED},
        ),
        ({"state": DeliveryState.PINNED}, {"quarantined_at": NOON}),
        ({"state": DeliveryState.PINNED}, {"outcome": Outcome.REFUSED, "stage": Stage.NOTIFIED}),
    ],
    ids=str,
)
def test_what_was_sent_in_part_or_may_be_yet_holds_its_item(
    store: Store, file: dict[str, Any], changes: dict[str, Any]
) -> None:
    first = ended(
        store, admitted(store, task(1)), delivery(), delivery(number=2, **file), **changes
    )
    assert admitted(store, task(2)) == first


def test_of_many_tasks_at_one_instant_one_is_carried(store: Store) -> None:
    owners = [store.open(f"owner {number}").ledger for number in range(12)]
    tasks = [task(number % 6) for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        standing = list(pool.map(lambda owner, each: owner.admit(each), owners, tasks))
    assert len({each.id for each in standing}) == 1
    assert len(known(store)) == 1


def test_of_many_that_come_after_one_let_go_one_is_carried(store: Store) -> None:
    ended(store, admitted(store, task(0)), outcome=Outcome.REFUSED, **CLOSED)
    owners = [store.open(f"owner {number}").ledger for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tasks = [task(number) for number in range(1, 9)]
        standing = list(pool.map(lambda owner, each: owner.admit(each), owners, tasks))
    assert len({each.id for each in standing}) == 1
    assert len(known(store)) == 2


def again(transfer: Transfer) -> Transfer:
    """As an operator's retry leaves it."""
    fresh: dict[str, Any] = {"stage": Stage.RECEIVED, "outcome": None, "failure": None}
    return transfer.evolve(generation=2, closed_at=None, **fresh)


def test_an_operator_sends_a_refused_task_of_a_delivered_item(store: Store) -> None:
    first = ended(store, admitted(store, task(1)), outcome=Outcome.DELIVERED, **CLOSED)
    refused = ended(store, admitted(store, task(2).failed(NO)), **CLOSED)
    retried = store.open("operator").keeper.amend(again(refused))
    assert list(store.open("one").archive.unfinished()) == [retried]
    assert admitted(store, task(3)) == first


def test_what_an_operator_sends_again_holds_its_item_whatever_becomes_of_it(store: Store) -> None:
    refused = ended(store, admitted(store, task(1)), outcome=Outcome.REFUSED, **CLOSED)
    retried = store.open("operator").keeper.amend(again(refused))
    assert admitted(store, task(2)) == retried
    once_more = ended(store, retried, outcome=Outcome.REFUSED, **CLOSED)
    assert admitted(store, task(2)) == once_more


def test_an_operator_waits_for_another_task_that_is_under_way(store: Store) -> None:
    refused = ended(store, admitted(store, task(1).failed(NO)), **CLOSED)
    second, keeper = admitted(store, task(2)), store.open("operator").keeper
    with pytest.raises(Permanent, match="has not ended yet") as caught:
        keeper.amend(again(refused))
    assert caught.value.code is Code.DECISION_REFUSED
    assert list(store.open("one").archive.unfinished()) == [second]
    ended(store, second, outcome=Outcome.FAILED, **CLOSED)
    assert keeper.amend(again(refused)).generation == 2


def test_a_retry_waits_for_another_task_in_quarantine_and_a_release_does_not(
    store: Store,
) -> None:
    aside = ended(store, admitted(store, task(1)), quarantined_at=NOON)
    refused = ended(store, admitted(store, task(2).failed(NO)), **CLOSED)
    keeper = store.open("operator").keeper
    with pytest.raises(Permanent, match="in quarantine"):
        keeper.amend(again(refused))
    released = keeper.amend(aside.evolve(quarantined_at=None))
    assert list(store.open("one").archive.unfinished()) == [released]
    with pytest.raises(Permanent, match="under way"):
        keeper.amend(again(refused))


def test_of_an_operator_and_a_task_at_one_instant_one_is_carried(store: Store) -> None:
    for number in range(0, 24, 2):
        item = f"{number:032x}"
        refused = admitted(store, task(number, item).failed(NO))
        refused = ended(store, refused, **CLOSED)
        keeper, ledger = store.open("operator").keeper, store.open("two").ledger
        with ThreadPoolExecutor(2) as pool:
            retried = pool.submit(keeper.amend, again(refused))
            polled = pool.submit(ledger.admit, task(number + 1, item))
        lost = retried.exception()
        assert lost is None or (isinstance(lost, Permanent) and "has not ended yet" in lost.message)
        assert (polled.result().id == refused.id) == (lost is None)


def test_a_forgotten_transfer_holds_its_item_no_more(store: Store) -> None:
    first = ended(store, admitted(store, task(1)), outcome=Outcome.DELIVERED, **CLOSED)
    refused = ended(store, admitted(store, task(2).failed(NO)), **CLOSED)
    later = store.open("operator").keeper.amend(again(refused))
    later = ended(store, later, outcome=Outcome.DELIVERED, **CLOSED, received_at=NOON)
    store.open("one").ledger.save(later.evolve(closed_at=NOON + timedelta(days=9)))
    assert admitted(store, task(3)) == first
    assert store.open("one").keeper.forget(NOON + timedelta(days=1)) == 1
    assert admitted(store, task(3)).id == later.id
    assert store.open("one").keeper.forget(NOON + timedelta(days=10)) == 1
    assert admitted(store, task(3)) == task(3)
