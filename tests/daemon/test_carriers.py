"""The carrier: several at once, what waits, what is stopped, and what is left as it stands."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryLedger
from tests.daemon.ferry import Ferry, waits
from tests.transfer.bench import FINAL
from tests.transfer.test_journey import SOURCE
from transfer.books import Beat
from transfer.errors import Code, Permanent, Transient, Waiting
from transfer.model import CHUNK, Outcome, Route, Stage, Transfer


def test_a_transfer_is_carried_and_its_claim_given_back() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    record = ferry.bench.record()
    assert (record.transfer.stage, record.transfer.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert (record.transfer.claims, ferry.owner(transfer)) == (0, None)


def test_what_is_under_way_is_not_taken_up_twice() -> None:
    ferry, go_on = Ferry(), threading.Event()
    ferry.bench.watcher.then = lambda: go_on.wait(60)
    ferry.admit()
    for _ in range(5):
        ferry.carry()
    assert not ferry.carrier.drain(0.05)
    go_on.set()
    assert ferry.carrier.drain(60.0)
    assert ferry.bench.record().transfer.epoch == 1


def test_several_are_carried_at_once_and_no_more_than_allowed() -> None:
    ferry = Ferry(parallel=2)
    meeting = threading.Barrier(2)
    ferry.bench.watcher.then = lambda: meeting.wait(60)
    for number in range(4):
        ferry.admit(number)
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert len(ferry.bench.remotes.files) == 4


def test_a_halt_checkpoints_what_runs_and_takes_nothing_up() -> None:
    ferry = Ferry(parallel=1)
    ferry.bench.objects.put(SOURCE, b"x" * (3 * CHUNK))
    ferry.bench.watcher.then = ferry.halting.set
    first, second = ferry.admit(1), ferry.admit(2)
    ferry.carry(first)
    assert ferry.carrier.drain(60.0)
    ferry.carry(second)
    assert ferry.carrier.drain(60.0)
    head = ferry.head(first)
    assert (ferry.owner(first), head.claims, head.stage) == (None, 0, Stage.PINNED)
    assert ferry.head(second).epoch == 0


def routed(ferry: Ferry, transfer: Transfer) -> Transfer:
    """Another door carries it from now on; nobody holds it between two of its functions."""
    ledger = ferry.bench.ledger
    taken = ledger.claim(transfer.id)
    assert taken
    ledger.save(taken.evolve(route=Route.STEP_FUNCTIONS, execution="ff-1"))
    ledger.renew(taken, 0)
    return ferry.head(transfer)


def test_what_another_door_carries_is_passed_over_until_that_is_dead() -> None:
    ferry = Ferry()
    head = routed(ferry, ferry.admit())
    ferry.carry()
    assert ferry.carrier.drain(10.0)
    assert ferry.head(head) == head
    ferry.carrier.elsewhere = lambda _: False
    ferry.carry()
    assert ferry.carrier.drain(10.0)
    assert ferry.head(head).outcome is Outcome.DELIVERED


def test_what_was_routed_since_the_look_is_given_back_untouched() -> None:
    ferry = Ferry()
    transfer = ferry.admit()
    head = routed(ferry, transfer)
    ferry.carrier.carry([transfer])
    assert ferry.carrier.drain(10.0)
    assert ferry.head(transfer) == head.evolve(epoch=head.epoch + 1)
    assert ferry.owner(transfer) is None


def test_a_taken_over_transfer_is_left_to_its_new_owner() -> None:
    ferry = Ferry()
    transfer = ferry.admit()

    def take_over() -> None:
        ferry.bench.time[0] += 61.0
        ferry.bench.watcher.then = list
        assert ferry.bench.ledger.claim(transfer.id)

    ferry.bench.watcher.then = take_over
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert FINAL not in ferry.bench.remotes.files
    assert (ferry.head(transfer).epoch, ferry.head(transfer).claims) == (2, 2)
    assert not ferry.head(transfer).finished


def test_an_owner_that_could_not_renew_in_time_publishes_nothing_and_lets_go() -> None:
    ferry = Ferry()
    transfer = ferry.admit()

    def freeze() -> None:
        ferry.bench.time[0] += 45.0
        ferry.bench.watcher.then = list

    ferry.bench.watcher.then = freeze
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert "/inbox/file-7" not in ferry.bench.remotes.files
    assert (ferry.owner(transfer), ferry.head(transfer).claims) == (None, 0)
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert ferry.head(transfer).outcome is Outcome.DELIVERED


def test_what_waits_gives_its_claim_back_and_is_left_alone_until_its_time() -> None:
    busy = Waiting(Code.DESTINATION_BUSY, "Another has the name.", retry_after=20.0)
    ferry = Ferry(attempt=waits(busy, busy))
    transfer = ferry.admit()
    with capture_logs() as logs:
        for seconds, epoch in ((0, 1), (19, 1), (2, 2), (19, 2), (2, 3)):
            ferry.bench.time[0] += seconds
            ferry.carry()
            assert ferry.carrier.drain(60.0)
            assert (ferry.head(transfer).epoch, ferry.owner(transfer)) == (epoch, None)
            assert ferry.head(transfer).claims == 0
    assert ferry.head(transfer).outcome is Outcome.DELIVERED
    assert [line["event"] for line in logs].count("transfer waits") == 1


class Flawed(MemoryLedger):
    """Raises the given errors in its saves, or in its claims, one each."""

    def __init__(self, ferry: Ferry, saves: list[Exception], claims: list[Exception]) -> None:
        super().__init__(ferry.bench.store, "flawed", lambda: ferry.bench.time[0])
        self.saves = saves
        self.claims = claims

    def save(self, transfer: Transfer, *changes: Any) -> None:
        if self.saves:
            raise self.saves.pop(0)
        super().save(transfer, *changes)

    def claim(
        self, transfer_id: str, *, over: str = "", seen: Beat | None = None
    ) -> Transfer | None:
        if self.claims:
            raise self.claims.pop(0)
        return super().claim(transfer_id, over=over, seen=seen)


def flawed(saves: Sequence[Exception] = (), claims: Sequence[Exception] = ()) -> Ferry:
    plain = Ferry()
    return Ferry(bench=plain.bench, ledger=Flawed(plain, list(saves), list(claims)))


def full() -> Transient:
    return Transient(Code.LEDGER_FULL, "The disk is full.")


def test_a_fault_of_ours_is_no_death_and_goes_on_at_the_next_poll() -> None:
    # The second of each pair meets the attempt to note the first.
    ferry = flawed(saves=[RuntimeError("a bug")] * 2 * 7)
    transfer = ferry.admit()
    with capture_logs() as logs:
        for _ in range(8):
            ferry.carry()
            assert ferry.carrier.drain(60.0)
            assert (ferry.head(transfer).claims, ferry.owner(transfer)) == (0, None)
    assert ferry.head(transfer).outcome is Outcome.DELIVERED
    aside = [line for line in logs if line["event"] == "transfer set aside"]
    assert [line["log_level"] for line in aside] == ["error"] * 7


def test_a_ledger_that_takes_no_claim_is_said_once_and_tried_at_each_poll() -> None:
    ferry = flawed(claims=[full() for _ in range(3)])
    transfer = ferry.admit()
    with capture_logs() as logs:
        for _ in range(4):
            ferry.carry()
            assert ferry.carrier.drain(60.0)
    told = [line["event"] for line in logs if line["event"].startswith("trouble")]
    assert told == ["trouble", "trouble over"]
    assert ferry.head(transfer).outcome is Outcome.DELIVERED


def test_a_ledger_that_fills_up_meanwhile_fails_no_transfer() -> None:
    ferry = flawed(saves=[full() for _ in range(2)])
    transfer = ferry.admit()
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert (ferry.head(transfer).outcome, ferry.head(transfer).claims) == (Outcome.DELIVERED, 0)


def test_a_ledger_that_is_lost_is_left_alone_and_reported() -> None:
    lost = Permanent(Code.LEDGER_UNUSABLE, "The disk broke.")
    ferry = flawed(saves=[lost, lost])
    transfer = ferry.admit()
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert {error.code for error in ferry.ruin} == {Code.LEDGER_UNUSABLE}
    assert (ferry.head(transfer).claims, ferry.owner(transfer)) == (1, "flawed")


def test_a_carrier_thread_that_dies_is_seen_and_its_transfer_taken_up_again() -> None:
    """Nobody reads its future: it has to speak for itself."""
    exit_: Any = SystemExit("a library gave up")
    ferry = Ferry(attempt=waits(exit_))
    transfer = ferry.admit()
    with capture_logs() as logs:
        ferry.carry()
        assert ferry.carrier.drain(60.0)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "transfer set aside"
    ]
    assert ferry.head(transfer).claims == 1
    ferry.bench.time[0] += 61.0
    ferry.carry()
    assert ferry.carrier.drain(60.0)
    assert ferry.head(transfer).outcome is Outcome.DELIVERED
