"""The promises of the history: what happened to a transfer, whatever store keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.ports.books import TICKET, Store, delivery, post, received
from tests.transfer.made import NOON
from transfer import history
from transfer.errors import ClaimLost
from transfer.history import Event, EventKind
from transfer.model import Stage, Transfer

pytest_plugins = ["tests.ports.book_fixtures"]


def told(store: Store, transfer: Transfer) -> list[tuple[str, int]]:
    [record] = store.open("reader").archive.search(transfer.id)
    return [(each.kind.value, each.epoch) for each in record.history]


def event(words: str, epoch: int = 1, seconds: int = 0) -> Event:
    # After what the store itself has written now, whatever the year.
    at = NOON.replace(year=2999) + timedelta(seconds=seconds)
    return Event(at=at, kind=EventKind.REACHED, words=words, epoch=epoch)


def test_it_has_who_took_it_up_and_what_was_saved_with_it(store: Store) -> None:
    taken = store.claimed("bastion/7/abc")
    ledger = store.open("bastion/7/abc").ledger
    ledger.save(taken, event("validated"), delivery(), post(taken))
    [record] = store.open("reader").archive.search(taken.id)
    first, claim, saved = record.history
    assert (first.kind, first.words) == (EventKind.ADMITTED, "anna.berg")
    assert (claim.kind, claim.epoch, claim.owner) == (EventKind.TAKEN_UP, 1, "bastion/7/abc")
    assert saved == event("validated")


def test_who_died_over_it_stands_there_and_who_only_looked_does_not(store: Store) -> None:
    taken = store.claimed()
    ledger = store.open("one").ledger
    ledger.save(taken, event("validated"))
    ledger.renew(taken, 0)
    looked = ledger.claim(taken.id)
    assert looked
    ledger.renew(looked, 0)
    died = ledger.claim(taken.id)
    assert died
    store.time.passes(1000.0)
    heir = store.open("two").ledger
    if heir.claim(taken.id) is None:  # a store of many hosts wants to see the silence first
        store.time.passes(1000.0)
        assert heir.claim(taken.id)
    assert sorted(told(store, taken)) == sorted(
        [("admitted", 0), ("reached", 1), *(("taken up", epoch) for epoch in (1, 3, 4))]
    )


def test_it_has_evictions_and_what_an_operator_decided(store: Store) -> None:
    taken, books = store.claimed(), store.open("one")
    evicted = books.keeper.evict(taken.id)
    assert evicted
    again = books.ledger.claim(taken.id)
    assert again
    closed = again.evolve(stage=Stage.CLOSED, closed_at=NOON)
    books.ledger.save(closed, event("closed", again.epoch))
    books.keeper.amend(closed.evolve(stage=Stage.RECEIVED), event("retried", again.epoch + 1))
    assert sorted(told(store, taken)) == sorted(
        [
            *(("admitted", 0), ("taken up", 1), ("taken back", 2), ("taken up", 3)),
            *(("reached", 3), ("reached", 4)),
        ]
    )


def test_a_ticket_that_was_written_stands_there_once(store: Store) -> None:
    taken, books = store.claimed(), store.open("one")
    books.outbox.add(post(taken))
    [(due, _)] = books.outbox.due()
    books.outbox.settle((due, TICKET))
    books.outbox.settle((due, TICKET))
    [record] = books.archive.search(taken.id)
    words = [each.words for each in record.history if each.kind is EventKind.TICKET]
    assert words == ["note INC0010001 (user), k"]


def test_of_too_much_the_middle_is_left_out_and_that_is_said(store: Store) -> None:
    taken, ledger = store.claimed(), store.open("one").ledger
    for first in range(0, 260, 20):
        ledger.save(taken, *(event(str(each), 1, each) for each in range(first, first + 20)))
    [record] = store.open("reader").archive.search(taken.id)
    assert len(record.history) <= history.MOST
    [gap] = [each for each in record.history if each.kind is EventKind.LEFT_OUT]
    assert len(record.history) - 1 + int(gap.words) == 262
    assert (record.history[0].kind, record.history[-1].words) == (EventKind.ADMITTED, "259")


def test_an_owner_of_the_past_adds_nothing(store: Store) -> None:
    taken = store.claimed()
    store.open("two").keeper.evict(taken.id)
    with pytest.raises(ClaimLost):
        store.open("one").ledger.save(taken, event("late"))
    assert ("reached", 1) not in told(store, taken)


def test_it_is_found_by_request_ticket_and_a_part_of_its_id(store: Store) -> None:
    books = store.open("one")
    asked = replace(received().request, request_number="REQ0010077")
    other = received(2)
    transfer = books.ledger.admit(Transfer(request=asked, received_at=NOON))
    books.ledger.admit(other)
    books.outbox.add(post(transfer))
    books.outbox.settle((post(transfer), TICKET))
    for text in ("REQ0010077", "INC0010001", transfer.id[-8:], transfer.id, asked.number):
        assert [each.transfer.id for each in books.archive.find(text)] == [transfer.id], text
    for text in ("0001", "INC001", "REQ0010078"):
        assert list(books.archive.find(text)) == [], text
    assert len(books.archive.find("i:sc_task:")) == 2
