"""What the watch has seen of a transfer stops it on its way out, and never on its way home."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.running.retries import retrying
from tests.daemon.ferry import Ferry, waits
from tests.transfer.test_journey import SOURCE
from transfer.errors import Code, Permanent, Waiting
from transfer.model import CHUNK, Outcome, Stage, Transfer
from transfer.steps import Step
from transfer.tools import Tools


def cancelled(*transfers: Transfer) -> Any:
    """A verdict on these transfers."""
    why = Permanent(Code.REQUEST_CANCELLED, "The item was cancelled.")
    ids = {transfer.id for transfer in transfers}
    return lambda transfer: why if transfer.id in ids else None


def test_a_cancelled_transfer_stops_at_the_next_chunk_and_removes_its_temp() -> None:
    ferry = Ferry()
    ferry.bench.objects.put(SOURCE, b"x" * (3 * CHUNK))
    transfer = ferry.admit()

    def cancel() -> None:
        ferry.carrier.verdict = cancelled(transfer)

    ferry.bench.watcher.then = cancel
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    head = ferry.head(transfer)
    assert (head.outcome, head.finished) == (Outcome.CANCELLED, True)
    assert [moved for _, moved in ferry.bench.watcher.seen] == [CHUNK]
    assert ferry.bench.remotes.files == {}


def test_one_that_waits_for_hours_is_cancelled_at_once() -> None:
    ferry = Ferry(attempt=waits(Waiting(Code.DESTINATION_BUSY, "Busy.", retry_after=9999.0)))
    transfer = ferry.admit()
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert [each.id for each in ferry.carrier.waiting()] == [transfer.id]
    ferry.carrier.verdict = cancelled(transfer)
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert ferry.head(transfer).outcome is Outcome.CANCELLED


def test_a_verdict_after_the_publish_stops_nothing() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    plain = retrying(1, 0.01)
    watched: list[int] = []

    def attempt(step: Step, head: Transfer, tools: Tools) -> Transfer:
        if head.stage is Stage.DELIVERED:
            ferry.carrier.verdict = cancelled(transfer)
            watched.append(len(ferry.carrier.watched()))
        tools.halt()
        return plain(step, head, tools)

    ferry.carrier._attempt = attempt
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    head = ferry.head(transfer)
    assert (head.outcome, head.finished, head.loose_ends) == (Outcome.DELIVERED, True, ())
    assert watched == [0]


def test_a_verdict_while_only_the_partners_word_is_missing_comes_too_late() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    plain = retrying(1, 0.01)
    late = [Waiting(Code.ACKNOWLEDGEMENT_PENDING, "No word yet.", retry_after=1.0)]

    def attempt(step: Step, head: Transfer, tools: Tools) -> Transfer:
        if head.stage is Stage.PINNED and late:
            step(head, tools)
            ferry.bench.ledger.save(head)
            raise late.pop()
        return plain(step, head, tools)

    ferry.carrier._attempt = attempt
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert "/inbox/file-7" in ferry.bench.remotes.files
    ferry.carrier.verdict = cancelled(transfer)
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert ferry.head(transfer).outcome is Outcome.DELIVERED


def test_a_retried_transfer_asks_servicenow_before_a_byte_leaves_the_house() -> None:
    ferry = Ferry()
    ferry.bench.consent.refusal = Permanent(Code.REQUEST_CANCELLED, "The task is closed.")
    transfer = ferry.admit()
    store = ferry.bench.store
    store.rows[transfer.id].transfer = replace(transfer, generation=2)
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert ferry.head(transfer).outcome is Outcome.CANCELLED
    assert ferry.bench.watcher.seen == []
    assert ferry.bench.remotes.opened == []
