"""Keeps claims alive, and stops the work on one that may have been lost.

The time line of a claim whose ledger falls silent (lease L):

    renewed ──L/4── tried ── tried ── … ── 2L/3: fenced, the work stops ──── L: free for others
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from adapters.running.alarm import LedgerAlarm, is_fatal
from transfer import history
from transfer.audit.chain import Entry
from transfer.books import Ledger
from transfer.errors import ClaimLost, Fenced, FerryError
from transfer.history import Event
from transfer.model import Delivery, DeliveryState, Transfer
from transfer.tickets import Post

RENEWALS = 4
"""Renewals in a lease."""
LOOKS = 20
"""Looks at the claims in a lease: a renewal that failed is tried again at the next."""
FENCE = 2 / 3
"""Part of the lease without a renewal after which the owner stops by itself."""
BEATERS = 4
"""Renewals at the same time: one slow answer must not hold up the others."""

log = structlog.get_logger()


def boot_time() -> float:
    """Seconds; they go on while the machine sleeps, when those of CLOCK_MONOTONIC stand still."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True, eq=False)
class Hold:
    """One claim in our hands. `renewed_at`: when the last renewal that succeeded was sent."""

    claim: Transfer
    renewed_at: float
    due_at: float
    lost: bool = False
    silent: bool = False
    """The last renewal failed, and that has been said."""
    ended: bool = False
    """The work on it is over: no renewal may follow, only the giving back."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held during a call of the ledger: no renewal overtakes the giving back."""
    saved: Transfer | None = None
    """The head of the last save under this claim."""
    told: list[Event] = field(default_factory=list)
    """What has happened since; it is written with the next save."""
    waits: bool = False
    """It is given back for something to wait for, and what was told is written before that."""


class Heartbeat:
    """Renews every claim that is held, in threads of its own; `now` counts seconds."""

    def __init__(
        self,
        ledger: Ledger,
        lease: float,
        alarm: LedgerAlarm,
        now: Callable[[], float] = boot_time,
    ) -> None:
        self.lease = lease
        self.now = now
        self._every = lease / RENEWALS
        self.ledger = ledger
        self._alarm = alarm
        self._holds: list[Hold] = []
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._beaters = ThreadPoolExecutor(BEATERS, thread_name_prefix="beater")
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._looked_at = now()
        self.beside: Callable[[], None] = lambda: None
        """What else is renewed; called at each look, often before it is due."""

    def hold(self, claim: Transfer, asked_at: float) -> Hold:
        """From now on it is renewed. `asked_at` is the time before the ledger was asked for it."""
        hold = Hold(claim, renewed_at=asked_at, due_at=asked_at + self._every)
        with self._guard:
            self._holds.append(hold)
        return hold

    def fence(self, hold: Hold) -> None:
        """Raises ClaimLost when another has the claim, Fenced when another may have it."""
        if hold.lost:
            raise ClaimLost(hold.claim.id)
        if self.now() - hold.renewed_at > self.lease * FENCE:
            raise Fenced(hold.claim.id)

    def ledger_of(self, hold: Hold) -> Ledger:
        """The ledger as the work on this claim sees it: its own renewals count as well."""
        return _Claimed(self, hold)

    def renew(self, hold: Hold, seconds: float) -> None:
        """Now, and for a lease at least: a shorter one would end before the next beat."""
        with hold.lock:
            sent_at = self.now()
            self.ledger.renew(hold.claim, max(seconds, self.lease))
            hold.renewed_at, hold.due_at = sent_at, sent_at + self._every

    def give_back(self, hold: Hold) -> None:
        """The work is over. While the ledger does not answer it is tried again at each look."""
        hold.ended = True
        self._beat(hold)

    def hasten(self) -> None:
        """Renew all now: somebody may have taken a claim from us, and it shows at a renewal."""
        with self._guard:
            for hold in self._holds:
                hold.due_at = self.now()
        self.look()

    def drop(self, hold: Hold) -> None:
        """Renew it no more, and leave it as the ledger has it."""
        with self._guard, suppress(ValueError):
            self._holds.remove(hold)

    def owes(self, transfer_id: str) -> bool:
        """It has not been possible so far to give this claim back."""
        with self._guard:
            return any(hold.ended and hold.claim.id == transfer_id for hold in self._holds)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._beaters.shutdown(wait=False, cancel_futures=True)

    def beats(self) -> bool:
        """Its thread has looked at the claims within the last half of a lease."""
        return self.now() - self._looked_at < self.lease / 2

    def look(self) -> None:
        """Renew what is due, and give back what is owed; never waits for the ledger."""
        now = self.now()
        with self._guard:
            due = [hold for hold in self._holds if hold.due_at <= now]
        for hold in due:
            hold.due_at = now + self.lease / LOOKS
            if not hold.lock.locked():
                self._beaters.submit(self._beat, hold)
        self._beaters.submit(self.beside)
        self._looked_at = now

    def _run(self) -> None:
        while not self._stop.wait(self.lease / LOOKS):
            try:
                self.look()
            except Exception:
                if self._stop.is_set():
                    # The beaters have gone home while it looked.
                    return
                log.exception("heartbeat failed by a fault of ours")

    def _beat(self, hold: Hold) -> None:
        """One renewal, or the giving back."""
        with hold.lock:
            try:
                self._renew(hold)
            except ClaimLost:
                hold.lost = True
                self.drop(hold)
            except FerryError as error:
                self._failed(hold, error)
            except Exception:
                log.exception("claim not renewed by a fault of ours", **hold.claim.log_context())

    def _renew(self, hold: Hold) -> None:
        with self._guard:
            if hold not in self._holds:
                return
        ended, sent_at = hold.ended, self.now()
        head = hold.saved or hold.claim
        # The shards' port writes heads too, of which a hold knows nothing.
        if ended and hold.waits and hold.told and head.sharing is None:
            self.ledger.save(head, *hold.told)
            hold.told.clear()
        self.ledger.renew(hold.claim, 0 if ended else self.lease)
        # The moment before the call counts: who was frozen in between has a claim as old as that.
        hold.renewed_at, hold.due_at, hold.silent = sent_at, sent_at + self._every, False
        self._alarm.over()
        if ended:
            self.drop(hold)

    def _failed(self, hold: Hold, error: FerryError) -> None:
        if not hold.silent:
            log.warning("claim not renewed", **hold.claim.log_context(), code=error.code)
        hold.silent = True
        self._alarm.met(error)
        if is_fatal(error):
            self.drop(hold)


class _Claimed:
    """The Ledger port for the holder of one claim. Each save has the events that it tells of."""

    def __init__(self, heart: Heartbeat, hold: Hold) -> None:
        self._heart = heart
        self._hold = hold
        self._states: dict[int, DeliveryState] = {}
        self.admit = heart.ledger.admit
        self.claim = heart.ledger.claim
        self.beat = heart.ledger.beat
        self.deliveries = heart.ledger.deliveries

    def save(self, transfer: Transfer, *changes: Delivery | Post | Entry | Event) -> None:
        if transfer.shard is not None:
            self._heart.ledger.save(transfer, *changes)
            return
        now, files = datetime.now(UTC), [each for each in changes if isinstance(each, Delivery)]
        told = self._hold.told[:]
        events = [
            *told,
            *history.of_files(self._states, files, transfer.epoch, now),
            *history.between(self._hold.saved or self._hold.claim, transfer, now),
        ]
        self._heart.ledger.save(transfer, *changes, *events)
        self._hold.saved = transfer
        self._states |= {each.number: each.state for each in files}
        del self._hold.told[: len(told)]

    def renew(self, transfer: Transfer, seconds: float) -> None:
        del transfer  # it is the one that is held
        self._heart.renew(self._hold, seconds)
