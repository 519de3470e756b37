"""The promises of Ledger, kept by every adapter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ports.books import Store, delivery, post, received
from tests.transfer.made import NOON, request
from transfer.books import MANY
from transfer.computed import Kept
from transfer.errors import ClaimLost
from transfer.model import Delivery, DeliveryState, Failure, Outcome, Pin, Session, Stage, Transfer
from transfer.tickets import Post

pytest_plugins = ["tests.ports.book_fixtures"]


def test_the_first_to_admit_wins_and_later_ones_see_it(store: Store) -> None:
    ledger = store.open("one").ledger
    first = received()
    assert ledger.admit(first) == first
    other = first.evolve(request=request(id=first.id, fingerprint="0" * 64))
    assert ledger.admit(other) == first
    assert store.open("two").ledger.admit(other) == first


def test_a_claim_raises_the_epoch_and_the_claims_by_one(store: Store) -> None:
    ledger = store.open("one").ledger
    transfer = ledger.admit(received())
    assert ledger.claim(transfer.id) == transfer.evolve(epoch=1, claims=1)


def test_who_gives_back_lives_a_quiet_life(store: Store) -> None:
    ledger, taken = store.open("one").ledger, store.claimed()
    ledger.renew(taken, 0)
    assert ledger.admit(taken).claims == 0
    assert ledger.claim(taken.id) == taken.evolve(epoch=2, claims=1)


def test_each_owner_that_falls_silent_is_counted(store: Store) -> None:
    taken = store.claimed("0")
    for number in (2, 3, 4):
        heir = store.open(str(number)).ledger
        assert heir.claim(taken.id) is None
        store.time.passes(60.1)
        assert heir.claim(taken.id) == taken.evolve(epoch=number, claims=number)


def test_an_absent_transfer_cannot_be_claimed(store: Store) -> None:
    assert store.open("one").ledger.claim("i:sc_task:nobody") is None


def test_a_live_claim_keeps_everybody_off(store: Store) -> None:
    taken = store.claimed("one")
    assert store.open("one").ledger.claim(taken.id) is None
    assert store.open("two").ledger.claim(taken.id) is None


def test_a_silent_owner_loses_its_claim_after_the_lease(store: Store) -> None:
    taken, heir = store.claimed("one"), store.open("two").ledger
    # The lease is measured by who waits for its end, from its first look on.
    assert heir.claim(taken.id) is None
    store.time.passes(59.9)
    assert heir.claim(taken.id) is None
    store.time.passes(0.2)
    claimed = heir.claim(taken.id)
    assert claimed
    assert claimed.epoch == 2


def test_a_renewed_claim_holds_longer(store: Store) -> None:
    owner, heir = store.open("one").ledger, store.open("two").ledger
    taken = store.claimed("one")
    assert heir.claim(taken.id) is None
    store.time.passes(50.0)
    owner.renew(taken, 60.0)
    assert heir.claim(taken.id) is None
    store.time.passes(50.0)
    assert heir.claim(taken.id) is None
    store.time.passes(10.1)
    assert heir.claim(taken.id)


def test_a_claim_given_back_is_free_at_once(store: Store) -> None:
    taken = store.claimed("one")
    store.open("one").ledger.renew(taken, 0)
    assert store.open("two").ledger.claim(taken.id)


def test_the_fence_refuses_every_write_of_an_old_epoch(store: Store) -> None:
    old, heir = store.claimed("one"), store.open("two")
    assert heir.ledger.claim(old.id) is None
    store.time.passes(61.0)
    new = heir.ledger.claim(old.id)
    ledger = store.open("one").ledger
    with pytest.raises(ClaimLost):
        ledger.save(old.evolve(stage=Stage.PINNED), delivery(), post(old))
    with pytest.raises(ClaimLost):
        ledger.renew(old, 60.0)
    with pytest.raises(ClaimLost):
        ledger.renew(old, 0)
    assert ledger.deliveries(old.id) == ()
    [record] = heir.archive.search(old.id)
    assert (record.transfer, record.unsent) == (new, 0)


def test_what_is_absent_cannot_be_written_or_renewed(store: Store) -> None:
    ledger = store.open("one").ledger
    with pytest.raises(ClaimLost):
        ledger.save(received())
    with pytest.raises(ClaimLost):
        ledger.renew(received(), 60.0)


def test_what_is_saved_is_read_back_whole(store: Store) -> None:
    taken, books = store.claimed(), store.open("one")
    failure = Failure(code="remote.full", message="Full.", action="Make room.", file="/inbox/a")
    full = taken.evolve(
        stage=Stage.DELIVERED,
        outcome=Outcome.FAILED,
        session=Session(id="s", identity="arn:x", opened_at=NOON),
        failure=failure,
        loose_ends=(failure, failure),
        closed_at=NOON,
    )
    crossed = delivery(
        state=DeliveryState.INTENT,
        pin=Pin(size=0, etag='"e"', version_id="v", md5="0" * 32),
        temp="/inbox/.ff-x-1-e1.part",
        candidates=("/inbox/.ff-x-1-e1.part", "/inbox/.ff-x-1-e2.part"),
        older=("/inbox/.ff-x-1-e0.part",),
        kept=(Kept(at=10, states={"md5": "rehashes/0.3.0/md5 ASNFZw=="}, seal="5" * 64),),
        failure=failure,
    )
    books.ledger.save(full, crossed, post(full))
    [record] = store.open("two").archive.search(full.id)
    assert record.transfer == full
    assert record.deliveries == (crossed,)
    assert record.unsent == 1


def test_a_save_does_not_touch_the_count_of_claims(store: Store) -> None:
    taken, ledger = store.claimed(), store.open("one").ledger
    ledger.save(taken.evolve(claims=7, stage=Stage.PINNED))
    assert ledger.admit(taken) == taken.evolve(stage=Stage.PINNED)


def test_a_delivery_is_written_over_and_a_post_is_not(store: Store) -> None:
    taken, books = store.claimed(), store.open("one")
    books.ledger.save(taken, delivery(moved=1), post(taken, text="first"))
    books.ledger.save(taken, delivery(moved=2), post(taken, text="second"))
    assert [item.moved for item in books.ledger.deliveries(taken.id)] == [2]
    [(standing, _)] = books.outbox.due()
    assert standing.text == "first"


def test_deliveries_come_by_number(store: Store) -> None:
    taken, ledger = store.claimed(), store.open("one").ledger
    ledger.save(taken, *(delivery(number=number) for number in (10, 2, 1)))
    assert [item.number for item in ledger.deliveries(taken.id)] == [1, 2, 10]


def test_as_many_changes_as_one_transaction_holds_are_written_or_refused(store: Store) -> None:
    old, heir = store.claimed("one"), store.open("two").ledger
    files: list[Delivery | Post] = [delivery(number=number) for number in range(1, MANY)]
    ledger = store.open("one").ledger
    ledger.save(old, *files, post(old))
    assert len(ledger.deliveries(old.id)) == MANY - 1
    assert heir.claim(old.id) is None
    store.time.passes(60.1)
    assert heir.claim(old.id)
    with pytest.raises(ClaimLost):
        ledger.save(old, *(delivery(number=number, moved=1) for number in range(1, MANY)))
    assert {item.moved for item in ledger.deliveries(old.id)} == {0}


def test_more_changes_than_that_are_written_as_well(store: Store) -> None:
    taken, ledger = store.claimed(), store.open("one").ledger
    count = 3 * MANY
    ledger.save(taken, *(delivery(number=number) for number in range(count)), post(taken))
    assert [item.number for item in ledger.deliveries(taken.id)] == list(range(count))


@pytest.mark.parametrize(
    "rest", [{"stage": Stage.CLOSED, "closed_at": NOON}, {"quarantined_at": NOON}]
)
def test_what_is_at_rest_is_not_claimed_again(store: Store, rest: dict[str, object]) -> None:
    taken, ledger = store.claimed(), store.open("one").ledger
    ledger.save(taken.evolve(**rest))
    ledger.renew(taken, 0)
    assert ledger.claim(taken.id) is None


def test_of_many_threads_one_gets_the_claim(store: Store) -> None:
    transfer = store.open("one").ledger.admit(received())
    owners = [store.open(f"owner {number}").ledger for number in range(16)]

    def claim(number: int) -> Transfer | None:
        return owners[number].claim(transfer.id)

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(claim, range(16)))
    assert len([taken for taken in claims if taken]) == 1
