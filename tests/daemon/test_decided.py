"""What an operator decides of a transfer that is under way, beside the service that carries it."""

from __future__ import annotations

import pytest

from adapters.memory.books import memory_books
from adapters.running.retries import retrying
from daemon.commands.taking import decide
from tests.daemon.ferry import Ferry, waits
from tests.transfer.made import NOON
from tests.transfer.test_journey import SOURCE
from transfer import decisions
from transfer.books import Books, Record
from transfer.decisions import Word
from transfer.errors import Code, Permanent, Transient, Waiting
from transfer.history import EventKind
from transfer.model import CHUNK, Delivery, DeliveryState, Outcome, Source, Stage, Transfer
from transfer.steps import Step
from transfer.tickets import Post, TicketRole
from transfer.tools import Tools

WORD = Word(by="eva@bastion", at=NOON, reason="sent to the wrong bank.")


def books(ferry: Ferry) -> Books:
    return memory_books(ferry.bench.store, "operator")


def record(ferry: Ferry, transfer: Transfer) -> Record:
    [found] = books(ferry).archive.search(transfer.id)
    return found


def cancel(ferry: Ferry, transfer: Transfer) -> Transfer:
    return decide(
        books(ferry), transfer.id, lambda head, files: decisions.cancel(head, files, WORD)
    )


def home(ferry: Ferry) -> None:
    """One more round of the service."""
    ferry.carry()
    assert ferry.carrier.drain(60.0)


def words(ferry: Ferry, role: TicketRole) -> str:
    posts: list[Post] = [each.post for each in ferry.bench.store.posts.values()]
    return "\n".join(each.text for each in posts if each.ticket is role)


def test_what_is_being_sent_stops_at_its_next_chunk_and_leaves_nothing() -> None:
    ferry = Ferry()
    ferry.bench.objects.put(SOURCE, b"x" * (3 * CHUNK))
    transfer = ferry.admit()
    ferry.bench.watcher.then = lambda: cancel(ferry, transfer)
    home(ferry)
    assert len(ferry.bench.watcher.seen) == 1
    home(ferry)
    head = ferry.head(transfer)
    assert (head.outcome, head.finished) == (Outcome.CANCELLED, True)
    assert ferry.bench.remotes.files == {}
    for role in TicketRole:
        assert "Cancelled by eva@bastion at 2026-11-23 12:00:00 UTC." in words(ferry, role)
        assert "Reason: sent to the wrong bank. " in words(ferry, role)
    told = [(each.kind, each.epoch) for each in record(ferry, transfer).history]
    assert (EventKind.TAKEN_BACK, 2) in told
    assert (EventKind.DECIDED, 3) in told
    assert (EventKind.OUTCOME, 3) in told


def test_what_nobody_carries_yet_is_cancelled_before_it_begins() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    cancel(ferry, transfer)
    home(ferry)
    assert ferry.head(transfer).outcome is Outcome.CANCELLED
    assert ferry.bench.remotes.opened == []


def test_one_that_waits_for_hours_is_home_at_once() -> None:
    ferry = Ferry(attempt=waits(Waiting(Code.DESTINATION_BUSY, "Busy.", retry_after=9999.0)))
    transfer = ferry.admit()
    home(ferry)
    [event] = [e for e in record(ferry, transfer).history if e.kind is EventKind.WAITS]
    assert (event.code, event.words) == (Code.DESTINATION_BUSY, "Busy.")
    cancel(ferry, transfer)
    home(ferry)
    assert ferry.head(transfer).outcome is Outcome.CANCELLED


def test_once_the_file_has_its_name_it_is_too_late() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    home(ferry)
    found = record(ferry, transfer)
    with pytest.raises(Permanent, match="has ended already: delivered") as told:
        decisions.cancel(found.transfer, found.deliveries, WORD)
    assert told.value.code is Code.DECISION_REFUSED


def test_between_publish_and_report_it_is_too_late_and_the_claim_is_given_back() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    ledger = books(ferry).ledger
    claim = ledger.claim(transfer.id)
    assert claim
    source = Source(bucket="exports", key="payroll/nov.csv")
    arrived = Delivery(number=1, source=source, final="/a", state=DeliveryState.PUBLISHED)
    ledger.save(claim, arrived)
    with pytest.raises(Permanent, match="too late to cancel"):
        cancel(ferry, transfer)
    assert ferry.owner(transfer) is None
    assert ferry.head(transfer).failure is None


def test_one_that_is_set_aside_by_hand_stays_so_until_it_is_released() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    decide(books(ferry), transfer.id, lambda head, files: decisions.set_aside(head, files, WORD))
    home(ferry)
    assert [each.id for each in books(ferry).archive.quarantined()] == [transfer.id]
    assert "Set aside by eva@bastion" in words(ferry, TicketRole.AUDIT)
    head, changes = decisions.release(record(ferry, transfer), WORD)
    books(ferry).keeper.amend(head, *changes)
    home(ferry)
    assert ferry.head(transfer).outcome is Outcome.DELIVERED


def test_one_in_quarantine_is_cancelled_too() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    decide(books(ferry), transfer.id, lambda head, files: decisions.set_aside(head, files, WORD))
    found = record(ferry, transfer)
    head, changes = decisions.cancel(found.transfer, found.deliveries, WORD)
    books(ferry).keeper.amend(head, *changes)
    home(ferry)
    ended = ferry.head(transfer)
    assert (ended.outcome, ended.quarantined_at) == (Outcome.CANCELLED, None)


def test_each_stage_file_and_failed_try_stands_in_the_history() -> None:
    trouble = [Transient(Code.SOURCE_UNAVAILABLE, "S3 said no.")]
    plain = retrying(2, 0.0, lambda _: None)

    def attempt(step: Step, head: Transfer, tools: Tools) -> Transfer:
        def flaky(head: Transfer, tools: Tools) -> Transfer:
            if trouble and head.stage is Stage.AUTHORISED:
                raise trouble.pop()
            return step(head, tools)

        return plain(flaky, head, tools)

    ferry = Ferry(attempt=attempt)
    transfer = ferry.admit()
    home(ferry)
    history = record(ferry, transfer).history
    named = [f"{each.kind} {each.words}".split(":")[0].strip() for each in history]
    told = ["session" if name.startswith("session") else name for name in named]
    assert told == [
        "admitted anna.berg",
        "taken up",
        "reached validated",
        *("session", "reached authorised"),
        *("try failed try 1", "reached pinned"),
        *("file 1 uploading", "file 1 intent", "file 1 published"),
        *("outcome delivered", "reached delivered", "reached reported", "reached notified"),
        "reached closed",
    ]
    assert [each.code for each in history if each.code] == [Code.SOURCE_UNAVAILABLE]
