"""The heartbeat: claims that outlive their lease, and the fence where they may not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.memory.ledger import MemoryLedger, MemoryStore
from adapters.running.alarm import LedgerAlarm
from adapters.running.heartbeat import Heartbeat, Hold, boot_time
from tests.daemon.ferry import until
from tests.transfer.made import request
from transfer.errors import ClaimLost, Code, Fenced, FerryError, Permanent, Transient
from transfer.model import Transfer

LEASE = 60.0


class Moody(MemoryLedger):
    """A ledger whose renewals the test may hold up or refuse."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(MemoryStore(), "moody", now)
        self.error: FerryError | None = None
        self.meanwhile: Callable[[Transfer], object] = lambda _: None
        self.renewals = 0

    def renew(self, transfer: Transfer, seconds: float) -> None:
        self.meanwhile(transfer)
        self.renewals += 1
        if self.error:
            raise self.error
        super().renew(transfer, seconds)


class Watchtower:
    def __init__(self) -> None:
        self.time = 1000.0
        self.ruin: list[FerryError] = []
        self.ledger = Moody(lambda: self.time)
        alarm = LedgerAlarm(self.ruin.append)
        self.heart = Heartbeat(self.ledger, LEASE, alarm, lambda: self.time)

    def hold(self, number: int = 1) -> Hold:
        transfer = self.ledger.admit(Transfer(request=request(id=f"i:sc_task:{number}")))
        claim = self.ledger.claim(transfer.id)
        assert claim
        return self.heart.hold(claim, self.time)

    def look(self) -> None:
        """One look, and everything that it begins."""
        self.heart.look()
        until(lambda: not any(hold.lock.locked() for hold in self.heart._holds))
        self.heart._beaters.submit(int).result(60)


@pytest.fixture
def tower() -> Watchtower:
    return Watchtower()


def test_a_claim_that_is_renewed_outlives_its_lease(tower: Watchtower) -> None:
    hold = tower.hold()
    for _ in range(12):
        tower.time += 15.0
        tower.look()
        until(lambda: hold.renewed_at == tower.time)
        tower.heart.fence(hold)
    assert tower.ledger.claim(hold.claim.id) is None


def test_it_is_renewed_four_times_in_a_lease_and_no_more(tower: Watchtower) -> None:
    tower.hold()
    for _ in range(60):
        tower.time += 1.0
        tower.look()
    until(lambda: tower.ledger.renewals == 4)


def test_the_owner_stops_by_itself_after_two_thirds_of_the_lease(tower: Watchtower) -> None:
    hold = tower.hold()
    tower.time += 40.0
    tower.heart.fence(hold)
    tower.time += 0.1
    with pytest.raises(Fenced):
        tower.heart.fence(hold)
    assert tower.ledger.claim(hold.claim.id) is None


def test_a_renewal_that_failed_is_tried_again_long_before_the_next_is_due(
    tower: Watchtower,
) -> None:
    hold = tower.hold()
    tower.ledger.error = Transient(Code.LEDGER_UNAVAILABLE, "No answer.")
    tower.time += 15.0
    tower.look()
    until(lambda: tower.ledger.renewals == 1)
    tower.ledger.error = None
    tower.time += 3.0
    tower.look()
    until(lambda: hold.renewed_at == tower.time)


def test_what_counts_is_the_moment_before_the_ledger_was_asked(tower: Watchtower) -> None:
    """Frozen while it asks: the answer is good, and as old as the question."""
    hold = tower.hold()

    def freeze(_: Transfer) -> None:
        tower.time += 100.0

    tower.time += 15.0
    tower.ledger.meanwhile = freeze
    tower.heart.look()
    until(lambda: tower.ledger.renewals == 1)
    with pytest.raises(Fenced):
        tower.heart.fence(hold)


def test_who_was_frozen_past_the_lease_meets_the_fence_before_a_renewal(
    tower: Watchtower,
) -> None:
    hold = tower.hold()
    tower.time += 61.0
    with pytest.raises(Fenced):
        tower.heart.fence(hold)
    tower.look()
    until(lambda: hold.renewed_at == tower.time)
    tower.heart.fence(hold)


def test_a_claim_that_was_taken_over_is_lost_for_good(tower: Watchtower) -> None:
    hold = tower.hold()
    tower.time += 61.0
    assert tower.ledger.claim(hold.claim.id)
    tower.look()
    until(lambda: hold.lost)
    with pytest.raises(ClaimLost):
        tower.heart.fence(hold)
    tower.time += 61.0
    renewals = tower.ledger.renewals
    tower.look()
    assert tower.ledger.renewals == renewals


def test_one_slow_answer_holds_up_no_other_claim(tower: Watchtower) -> None:
    slow, *others = [tower.hold(number) for number in range(6)]
    go_on = threading.Event()

    def crawl(transfer: Transfer) -> None:
        if transfer.id == slow.claim.id:
            go_on.wait(60)

    tower.ledger.meanwhile = crawl
    tower.time += 15.0
    tower.heart.look()
    until(lambda: all(hold.renewed_at == tower.time for hold in others))
    assert slow.renewed_at < tower.time
    go_on.set()
    until(lambda: slow.renewed_at == tower.time)


def test_a_renewal_by_the_work_counts_and_is_never_shorter_than_a_lease(
    tower: Watchtower,
) -> None:
    """Shortly before the publish; else a long lease would be cut to what that asks for."""
    hold = tower.hold()
    tower.time += 39.0
    tower.heart.ledger_of(hold).renew(hold.claim, 5.0)
    tower.time += 39.0
    tower.heart.fence(hold)
    assert tower.ledger.claim(hold.claim.id) is None


def test_a_claim_is_given_back_once_and_not_renewed_after_it(tower: Watchtower) -> None:
    hold = tower.hold()
    tower.heart.give_back(hold)
    row = tower.ledger.store.rows[hold.claim.id]
    assert (row.owner, row.transfer.claims) == (None, 0)
    tower.time += 61.0
    tower.look()
    assert tower.ledger.renewals == 1


def test_what_could_not_be_given_back_is_given_back_later(tower: Watchtower) -> None:
    hold = tower.hold()
    tower.ledger.error = Transient(Code.LEDGER_BUSY, "Locked.")
    tower.heart.give_back(hold)
    assert tower.heart.owes(hold.claim.id)
    tower.ledger.error = None
    tower.time += 30.0
    tower.look()
    until(lambda: not tower.heart.owes(hold.claim.id))
    row = tower.ledger.store.rows[hold.claim.id]
    assert (row.owner, row.transfer.claims) == (None, 0)


def test_a_ledger_that_is_lost_is_reported_and_not_asked_again(tower: Watchtower) -> None:
    tower.hold()
    tower.ledger.error = Permanent(Code.LEDGER_UNUSABLE, "The disk broke.")
    for _ in range(3):
        tower.time += 15.0
        tower.look()
    until(lambda: len(tower.ruin) == 1)
    assert tower.ledger.renewals == 1


def test_it_beats_by_itself_and_says_so() -> None:
    ledger = Moody(boot_time)
    heart = Heartbeat(ledger, 1.0, LedgerAlarm(lambda _: None))
    claim = ledger.claim(ledger.admit(Transfer(request=request())).id)
    assert claim
    heart.hold(claim, heart.now())
    heart.start()
    until(lambda: ledger.renewals >= 3 and heart.beats())
    heart.stop()
    until(lambda: not heart.beats())


def test_the_clock_goes_on_while_the_machine_sleeps() -> None:
    """CLOCK_BOOTTIME is what /proc/uptime shows; CLOCK_MONOTONIC lags behind it by every sleep."""
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(boot_time() - uptime) < 5.0
