"""The promises of Shards: each has a claim of its own, and the head takes all of them back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ports.books import Store, delivery, dynamodb, memory, post
from transfer.books import Shards
from transfer.errors import ClaimLost
from transfer.model import DeliveryState, Route, Session, SessionKind, Sharing, Transfer
from transfer.routing import execution_name, owner_of

SIZE = 2
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(params=[memory, dynamodb], ids=lambda kind: kind.__name__)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from request.param(tmp_path)


def shards(store: Store, owner: str = "one") -> Shards:
    found = store.open(owner).shards
    assert found
    return found


def opened(store: Store, *numbers: int, session: Session | None = None) -> Transfer:
    """Of five files, by a head that is then given back."""
    taken = store.claimed()
    ledger = store.open("one").ledger
    ledger.save(taken, *(delivery(number=each) for each in range(1, 6)))
    sharing = Sharing(size=SIZE, numbers=numbers or (0, 1, 2), opened=taken.epoch)
    routed = taken.evolve(
        route=Route.STEP_FUNCTIONS,
        execution=execution_name(taken),
        sharing=sharing,
        session=session,
    )
    head = shards(store).open(routed)
    ledger.renew(head, 0)
    return head


def claimed(store: Store, head: Transfer, number: int = 1, owner: str = "a") -> Transfer:
    taken = shards(store, owner).claim(
        head.id, number, head.epoch, f"{owner_of(head.execution or '')}{owner}"
    )
    assert taken
    return taken


def test_a_shard_has_its_files_and_a_claim_of_its_own(store: Store) -> None:
    head = opened(store)
    first, second = claimed(store, head, 0), claimed(store, head, 2)
    assert (first.shard, first.epoch, first.claims, first.mark) == (0, 1, 1, "s1")
    assert first.evolve(shard=None, epoch=head.epoch, claims=0) == head.evolve(claims=0)
    ledger = store.open("a").ledger
    for claim, numbers in ((first, [1, 2]), (second, [5])):
        assert [each.number for each in shards(store).deliveries(claim)] == numbers
        ledger.renew(claim, 60.0)
        ledger.save(claim, delivery(number=numbers[0], state=DeliveryState.VERIFIED), post(claim))
    stand = [each.state is DeliveryState.VERIFIED for each in ledger.deliveries(head.id)]
    assert stand == [True, False, False, False, True]
    assert store.open("x").archive.search(head.id)[0].transfer == head.evolve(claims=0)


def test_the_next_call_for_a_shard_fences_the_one_before_and_no_other(store: Store) -> None:
    head = opened(store)
    dead, other = claimed(store, head, 1), claimed(store, head, 2)
    heir = claimed(store, head, 1, "b")
    assert (heir.epoch, heir.claims) == (2, 2)
    ledger = store.open("a").ledger
    with pytest.raises(ClaimLost):
        ledger.save(dead, delivery(number=3))
    with pytest.raises(ClaimLost):
        ledger.renew(dead, 60)
    store.open("b").ledger.renew(heir, 0)
    ledger.save(other, delivery(number=5))
    assert claimed(store, head, 1).claims == 1


def test_what_is_not_open_is_not_to_be_had(store: Store) -> None:
    head = opened(store, 1)
    found = shards(store)
    for number, epoch in ((0, head.epoch), (1, head.epoch + 1), (1, 0), (7, head.epoch)):
        assert found.claim(head.id, number, epoch, "a") is None
    assert found.claim("i:sc_task:nobody", 1, head.epoch, "a") is None
    assert found.claim(head.id, 1, head.epoch, "a")


def test_the_next_owner_of_the_head_takes_all_shards_back(store: Store) -> None:
    head = opened(store)
    claim = claimed(store, head)
    heir = store.open("two").ledger.claim(head.id)
    assert heir
    closed = shards(store, "two").close(heir)
    assert closed.sharing
    assert (closed.sharing.open, closed.epoch) == (False, heir.epoch)
    with pytest.raises(ClaimLost):
        store.open("a").ledger.save(claim, delivery(number=3))
    assert shards(store).claim(head.id, 1, head.epoch, "a") is None
    # Opened anew, no name of the first time comes back.
    again = closed.sharing.evolve(open=True, opened=closed.epoch)
    reopened = shards(store, "two").open(closed.evolve(sharing=again))
    assert claimed(store, reopened).epoch > claim.epoch


def test_who_lost_the_head_opens_and_closes_nothing(store: Store) -> None:
    head = opened(store)
    late = head.evolve(sharing=head.sharing and head.sharing.evolve(numbers=(0, 3)))
    heir = store.open("two").ledger.claim(head.id)
    assert heir
    for work in (shards(store).open, shards(store).close):
        with pytest.raises(ClaimLost):
            work(late)
    assert shards(store).claim(head.id, 3, head.epoch, "a") is None
    assert shards(store).claim(head.id, 0, head.epoch, "a")


def test_an_eviction_of_the_head_stops_the_shards(store: Store) -> None:
    head = opened(store)
    claim = claimed(store, head)
    evicted = store.open("operator").keeper.evict(head.id)
    assert evicted
    assert evicted.route is Route.IN_PROCESS
    with pytest.raises(ClaimLost):
        store.open("a").ledger.save(claim, delivery(number=3))
    assert shards(store).claim(head.id, 1, head.epoch, "a") is None


READ = Session(id="read", identity="reader", opened_at=NOON, kind=SessionKind.SCOPED, opened=1)


def test_what_was_opened_for_shards_is_joined_to_the_heads_once(store: Store) -> None:
    head = opened(store, session=READ)
    ledger = store.open("a").ledger
    for number, count in ((0, 2), (1, 3)):
        claim = claimed(store, head, number)
        assert claim.session
        assert (claim.session.opened, claim.session.id != READ.id) == (0, True)
        counted = claim.session.evolve(opened=count, not_after=NOON, least=number == 1)
        ledger.save(claim.evolve(session=counted))
        assert claimed(store, head, number, "b").session == counted
    # An eviction closes them before anybody is there to join them.
    evicted = store.open("operator").keeper.evict(head.id)
    assert evicted
    assert evicted.session == READ
    heir = store.open("two").ledger.claim(head.id)
    assert heir
    wanted = READ.evolve(opened=6, least=True, not_after=NOON)
    closed = shards(store, "two").close(heir)
    assert closed.session == wanted
    assert store.open("x").archive.search(head.id)[0].transfer.session == wanted
    assert shards(store, "two").close(closed).session == wanted
    # Opened anew they begin anew; of one that reads nothing this time nothing is joined.
    again = closed.sharing and closed.sharing.evolve(open=True, opened=closed.epoch)
    reopened = shards(store, "two").open(closed.evolve(sharing=again))
    first = claimed(store, reopened, 0).session
    assert first
    assert (first.opened, first.least) == (0, False)
    store.open("two").ledger.renew(reopened, 0)
    last = store.open("three").ledger.claim(head.id)
    assert last
    assert shards(store, "three").close(last).session == wanted
