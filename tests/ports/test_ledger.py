"""The promises of Ledger and Archive, kept by every adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.ledger.archive import SqliteArchive
from adapters.ledger.schema import Database
from adapters.ledger.sqlite import SqliteLedger
from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryStore
from tests.transfer.made import NOON, request
from transfer.errors import ClaimLost
from transfer.model import (
    Delivery,
    DeliveryState,
    Failure,
    Outcome,
    Pin,
    Session,
    Source,
    Stage,
    Transfer,
)
from transfer.ports import Archive, Ledger
from transfer.tickets import Post, PostAction, TicketRole


@dataclass
class Store:
    """A ledger that several owners open, with a clock that the test sets."""

    open: Callable[[str], Ledger]
    archive: Archive
    time: list[float] = field(default_factory=lambda: [0.0])


def memory_store(_folder: Path) -> Iterator[Store]:
    shared, time = MemoryStore(), [0.0]
    yield Store(
        lambda owner: MemoryLedger(shared, owner, lambda: time[0]), MemoryArchive(shared), time
    )


def sqlite_store(folder: Path) -> Iterator[Store]:
    database, time = Database(folder / "ledger.db"), [0.0]
    yield Store(
        lambda owner: SqliteLedger(database, owner, lambda: time[0]), SqliteArchive(database), time
    )
    database.close()


@pytest.fixture(params=[memory_store, sqlite_store])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from request.param(tmp_path)


def received(number: int = 1) -> Transfer:
    asked = request(id=f"i:sc_task:{number:032}", number=f"RITM{number:07}")
    return Transfer(request=asked, received_at=NOON)


def delivery(**changes: object) -> Delivery:
    base = Delivery(number=1, source=Source(bucket="exports", key="März 1.csv"), final="/inbox/a")
    return base.evolve(**changes)


def post(transfer: Transfer, key: str = "k") -> Post:
    return Post(
        key=key,
        transfer_id=transfer.id,
        generation=1,
        ticket=TicketRole.USER,
        action=PostAction.NOTE,
        text="Grüße\n",
    )


def claimed(store: Store, owner: str = "one") -> Transfer:
    ledger = store.open(owner)
    taken = ledger.claim(ledger.admit(received()).id)
    assert taken
    return taken


def test_the_first_to_admit_wins_and_later_ones_see_it(store: Store) -> None:
    ledger = store.open("one")
    first = received()
    assert ledger.admit(first) == first
    other = first.evolve(request=request(id=first.id, fingerprint="0" * 64))
    assert ledger.admit(other) == first


def test_a_claim_raises_the_epoch_by_one(store: Store) -> None:
    ledger = store.open("one")
    transfer = ledger.admit(received())
    first = ledger.claim(transfer.id)
    assert first == transfer.evolve(epoch=1)
    ledger.renew(first, 0)
    second = ledger.claim(transfer.id)
    assert second == transfer.evolve(epoch=2)


def test_an_absent_transfer_cannot_be_claimed(store: Store) -> None:
    assert store.open("one").claim("i:sc_task:nobody") is None


def test_a_live_claim_keeps_everybody_else_off(store: Store) -> None:
    taken = claimed(store)
    assert store.open("one").claim(taken.id) is None
    assert store.open("two").claim(taken.id) is None


def test_a_silent_owner_loses_its_claim_after_the_lease(store: Store) -> None:
    taken = claimed(store)
    store.time[0] = 59.9
    assert store.open("two").claim(taken.id) is None
    store.time[0] = 60.1
    heir = store.open("two").claim(taken.id)
    assert heir
    assert heir.epoch == 2


def test_a_renewed_claim_holds_longer(store: Store) -> None:
    taken = claimed(store)
    store.time[0] = 50.0
    store.open("one").renew(taken, 60.0)
    store.time[0] = 100.0
    assert store.open("two").claim(taken.id) is None


def test_a_claim_given_back_is_free_at_once(store: Store) -> None:
    taken = claimed(store)
    store.open("one").renew(taken, 0)
    assert store.open("two").claim(taken.id)


def test_the_fence_refuses_every_write_of_an_old_epoch(store: Store) -> None:
    old = claimed(store, "one")
    store.time[0] = 61.0
    new = store.open("two").claim(old.id)
    assert new
    ledger = store.open("one")
    with pytest.raises(ClaimLost):
        ledger.save(old.evolve(stage=Stage.PINNED), delivery(), post(old))
    with pytest.raises(ClaimLost):
        ledger.renew(old, 60.0)
    assert ledger.deliveries(old.id) == ()
    [record] = store.archive.search(old.id)
    assert (record.transfer, record.unsent) == (new, 0)


def test_what_is_saved_is_read_back_whole(store: Store) -> None:
    taken = claimed(store)
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
        failure=failure,
    )
    store.open("one").save(full, crossed, post(full))
    [record] = store.archive.search(full.id)
    assert record.transfer == full
    assert record.deliveries == (crossed,)
    assert record.unsent == 1


def test_a_delivery_is_written_over_and_a_post_is_not(store: Store) -> None:
    taken, ledger = claimed(store), store.open("one")
    ledger.save(taken, delivery(moved=1), post(taken))
    ledger.save(taken, delivery(moved=2), post(taken))
    assert [item.moved for item in ledger.deliveries(taken.id)] == [2]
    assert store.archive.search(taken.id)[0].unsent == 1


def test_deliveries_come_by_number(store: Store) -> None:
    taken, ledger = claimed(store), store.open("one")
    ledger.save(taken, *(delivery(number=number) for number in (10, 2, 1)))
    assert [item.number for item in ledger.deliveries(taken.id)] == [1, 2, 10]


def test_a_closed_transfer_is_not_claimed_again(store: Store) -> None:
    taken, ledger = claimed(store), store.open("one")
    ledger.save(taken.evolve(stage=Stage.CLOSED, closed_at=NOON))
    ledger.renew(taken, 0)
    assert ledger.claim(taken.id) is None
    assert store.archive.unfinished() == []


def test_the_archive_lists_newest_first_and_unfinished_oldest_first(store: Store) -> None:
    ledger = store.open("one")
    ids = [ledger.admit(received(number)).id for number in (1, 2, 3)]
    assert store.archive.unfinished() == ids
    assert [row.transfer.id for row in store.archive.search(limit=2)] == ids[:0:-1]


def test_the_archive_finds_by_item_task_and_id(store: Store) -> None:
    transfer = store.open("one").admit(received(7))
    for text in (transfer.id, "RITM0000007", "SCTASK0010001"):
        assert [row.transfer for row in store.archive.search(text)] == [transfer]
    assert store.archive.search("RITM0000008") == []


def test_of_many_threads_one_gets_the_claim(store: Store) -> None:
    transfer = store.open("one").admit(received())
    with ThreadPoolExecutor(8) as pool:
        owners = [store.open(f"owner {number}") for number in range(16)]
        claims = list(pool.map(lambda ledger: ledger.claim(transfer.id), owners))
    assert len([claim for claim in claims if claim]) == 1
