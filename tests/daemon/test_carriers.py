"""The carrier: retries by class of error, several at once, and an orderly halt."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from daemon.carriers import InProcess, retrying
from tests.transfer.bench import FINAL, Bench
from tests.transfer.made import request
from tests.transfer.test_journey import SOURCE
from transfer.errors import Code, FerryError, Permanent, Stopping, Transient
from transfer.model import CHUNK, Delivery, Outcome, Stage, Transfer
from transfer.names import parse_source
from transfer.slots import Slots
from transfer.tools import Tools

TOOLS = Bench().tools()
RECEIVED = Transfer(request=request())


class Stumbling:
    """A step that raises the given errors, one a try, then goes through."""

    __name__ = "stumbling"

    def __init__(self, *errors: FerryError) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self, transfer: Transfer, tools: Tools) -> Transfer:
        del tools
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return transfer


def dropped(retry_after: float | None = None) -> Transient:
    return Transient(Code.REMOTE_DROPPED, "The line broke.", retry_after=retry_after)


def waits_of(step: Stumbling, tries: int = 3) -> list[float]:
    waits: list[float] = []
    retrying(tries, 1.0, waits.append)(step, RECEIVED, TOOLS)
    return waits


def test_a_transient_error_is_tried_again_with_growing_waits() -> None:
    step = Stumbling(dropped(), dropped())
    waits = waits_of(step)
    assert step.tries == 3
    assert 1.0 <= waits[0] <= 2.0
    assert 2.0 <= waits[1] <= 3.0


def test_three_tries_are_three_tries() -> None:
    step = Stumbling(dropped(), dropped(), dropped(), dropped())
    with pytest.raises(Transient):
        waits_of(step)
    assert step.tries == 3


def test_a_try_that_moved_bytes_counts_as_the_first_again() -> None:
    bench = Bench()
    transfer = bench.received()
    step = Stumbling(*(dropped() for _ in range(9)))

    def progress(_seconds: float) -> None:
        item = Delivery(number=1, source=parse_source(SOURCE), final=FINAL, moved=step.tries)
        bench.ledger.save(transfer, item)

    retrying(3, 0.01, progress)(step, transfer, bench.tools())
    assert step.tries == 10


def test_the_deadline_ends_even_tries_that_make_progress() -> None:
    step = Stumbling(*(dropped() for _ in range(9)))
    with pytest.raises(Transient):
        retrying(100, 0.0, lambda _: None, deadline=0.0)(step, RECEIVED, TOOLS)
    assert step.tries == 1


@pytest.mark.parametrize("error", [Permanent(Code.AUTH_REFUSED, "No."), Stopping()])
def test_what_trying_cannot_help_is_tried_once(error: FerryError) -> None:
    step = Stumbling(error)
    with pytest.raises(type(error)):
        waits_of(step)
    assert step.tries == 1


def test_the_other_side_may_ask_for_a_longer_wait_up_to_a_minute() -> None:
    assert waits_of(Stumbling(dropped(retry_after=30.0))) == [30.0]
    assert waits_of(Stumbling(dropped(retry_after=4000.0))) == [60.0]


def test_servicenow_is_waited_for_longer_than_three_tries() -> None:
    away = [Transient(Code.SERVICENOW_UNREACHABLE, "No answer.") for _ in range(20)]
    step = Stumbling(*away)
    waits_of(step)
    assert step.tries == 21


class Ferry:
    """A carrier over the workbench whose ports the test may hold up."""

    def __init__(self, parallel: int = 2) -> None:
        self.bench = Bench()
        self.bench.objects.put(SOURCE, b"x" * 100)
        self.halting = threading.Event()
        self.bench.halt = self._halt
        self.tools = replace(self.bench.tools(), ledger=self.bench.ledger, slots=Slots(parallel))
        self.carrier = InProcess(
            ledger=self.bench.ledger,
            tools=self.tools,
            parallel=parallel,
            attempt=retrying(1, 0.01),
            halting=self.halting,
        )

    def _halt(self) -> None:
        if self.halting.is_set():
            raise Stopping

    def admit(self, number: int = 7) -> str:
        asked = request(id=f"i:sc_task:{number:032}", target=f"file-{number}")
        return self.bench.ledger.admit(Transfer(request=asked)).id


def test_a_transfer_is_carried_and_its_claim_given_back() -> None:
    ferry = Ferry()
    ferry.carrier.carry(ferry.admit())
    assert ferry.carrier.drain(10.0)
    record = ferry.bench.record()
    assert (record.transfer.stage, record.transfer.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert ferry.bench.store.rows[record.transfer.id].owner is None


def test_what_is_under_way_is_not_taken_up_twice() -> None:
    ferry, go_on = Ferry(), threading.Event()
    ferry.bench.watcher.then = lambda: go_on.wait(10.0)
    transfer_id = ferry.admit()
    for _ in range(5):
        ferry.carrier.carry(transfer_id)
    assert not ferry.carrier.drain(0.05)
    go_on.set()
    assert ferry.carrier.drain(10.0)
    assert ferry.bench.record().transfer.epoch == 1


def test_several_are_carried_at_once_and_no_more_than_allowed() -> None:
    ferry = Ferry(parallel=2)
    meeting = threading.Barrier(2)
    ferry.bench.watcher.then = lambda: meeting.wait(10.0)
    for number in range(4):
        ferry.carrier.carry(ferry.admit(number))
    assert ferry.carrier.drain(20.0)
    assert len(ferry.bench.remotes.files) == 4


def test_a_renewed_claim_outlives_its_first_lease() -> None:
    ferry, go_on, begun = Ferry(), threading.Event(), threading.Event()

    def pause() -> None:
        begun.set()
        go_on.wait(10.0)

    ferry.bench.watcher.then = pause
    transfer_id = ferry.admit()
    ferry.carrier.carry(transfer_id)
    assert begun.wait(10.0)
    ferry.bench.time[0] += 50.0
    ferry.carrier.renew()
    ferry.bench.time[0] += 50.0
    assert ferry.bench.ledger.claim(transfer_id) is None
    go_on.set()
    assert ferry.carrier.drain(10.0)


def test_a_halt_checkpoints_what_runs_and_takes_nothing_up() -> None:
    ferry = Ferry(parallel=1)
    ferry.bench.objects.put(SOURCE, b"x" * (3 * CHUNK))
    ferry.bench.watcher.then = ferry.halting.set
    first, second = ferry.admit(1), ferry.admit(2)
    ferry.carrier.carry(first)
    assert ferry.carrier.drain(10.0)
    ferry.carrier.carry(second)
    assert ferry.carrier.drain(1.0)
    assert list(ferry.bench.temps()) == []
    assert ferry.bench.store.rows[first].owner is None
    assert ferry.bench.store.rows[first].transfer.stage is Stage.PINNED
    assert ferry.bench.store.rows[second].transfer.epoch == 0


def test_a_taken_over_transfer_is_left_to_its_new_owner() -> None:
    ferry = Ferry()
    transfer_id = ferry.admit()

    def take_over() -> None:
        ferry.bench.time[0] += 61.0
        ferry.bench.watcher.then = list
        assert ferry.bench.ledger.claim(transfer_id)

    ferry.bench.watcher.then = take_over
    ferry.carrier.carry(transfer_id)
    assert ferry.carrier.drain(10.0)
    assert FINAL not in ferry.bench.remotes.files
    assert ferry.bench.store.rows[transfer_id].transfer.epoch == 2
    assert not ferry.bench.store.rows[transfer_id].transfer.finished
