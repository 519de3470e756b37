"""What the carrier does at this moment: which files move how fast, and what waits for its next try.

It watches bytes (Observer) and tries (retries.Witness), and forgets what the carrier has put down.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from adapters.running.trouble import Board, Trouble
from transfer.errors import FerryError
from transfer.model import Delivery, Stage, Transfer
from transfer.ports import Observer

WINDOW = 10.0
"""Seconds over which a rate is measured."""
SAMPLES = 64
"""Of each file; a count that comes sooner than the window's share takes the place of the last."""
MOST = 1000
"""Files that are remembered; a person reads fewer."""
OF_PARTNERS = (
    "auth.",
    "hostkey.",
    "certificate.",
    "remote.insecure",
    "remote.unreachable",
    "remote.timeout",
    "remote.slow",
    "remote.dropped",
    "remote.full",
)
"""Codes that speak of the destination, whatever file it was about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A file under way; `rate` in bytes a second, None before there are two counts, and once all
    bytes are there: what follows then does not move any.
    """

    source: str
    target: str
    moved: int
    size: int
    rate: float | None

    @property
    def eta(self) -> float | None:
        """Seconds until the last byte, at this rate."""
        return (self.size - self.moved) / self.rate if self.rate else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A step failed and is tried again, `seconds` from now."""

    error: FerryError
    seconds: float


@dataclass(slots=True)
class _File:
    delivery: Delivery
    counts: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=SAMPLES))

    def count(self, delivery: Delivery, now: float) -> None:
        if self.counts and delivery.moved < self.counts[-1][1]:
            self.counts.clear()  # It begins anew, or further back.
        if len(self.counts) > 1 and now - self.counts[-2][0] < WINDOW / SAMPLES:
            self.counts.pop()
        self.delivery = delivery
        self.counts.append((now, delivery.moved))

    def rate(self, now: float) -> float | None:
        """Up to now: a line that hangs gets slower with every look."""
        recent = [count for count in self.counts if now - count[0] <= WINDOW] or [self.counts[-1]]
        at = self.counts.index(recent[0])
        first = self.counts[max(0, at - 1)]
        passed = now - first[0]
        return (self.counts[-1][1] - first[1]) / passed if len(self.counts) > 1 and passed else None

    @property
    def sent(self) -> bool:
        return self.delivery.moved >= self.delivery.size

    def moving(self, now: float) -> Moving:
        it = self.delivery
        return Moving(
            source=it.source.uri,
            target=it.final,
            moved=it.moved,
            size=it.size,
            rate=None if self.sent else self.rate(now),
        )


class Traffic:
    """For all threads; `then` is the Observer that is told as well."""

    def __init__(self, board: Board, now: Callable[[], float] = time.monotonic) -> None:
        self.then: Observer | None = None
        self.board = board
        self._now = now
        self._lock = threading.Lock()
        self._files: dict[tuple[str, int], _File] = {}
        self._again: dict[str, tuple[FerryError, float]] = {}

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        key = transfer.id, delivery.number
        with self._lock:
            if key in self._files or self._room():
                self._files.setdefault(key, _File(delivery)).count(delivery, self._now())
        if self.then:
            self.then.moved(transfer, delivery)

    def failed(self, transfer: Transfer, error: FerryError) -> None:
        """A try of a step ended with that."""
        if error.code.startswith(OF_PARTNERS):
            self._partner(transfer).say(error, transfer=transfer.id)

    def again(self, transfer: Transfer, error: FerryError, seconds: float) -> None:
        """It is tried again after so many seconds."""
        with self._lock:
            self._again[transfer.id] = error, self._now() + seconds

    def done(self, transfer: Transfer, reached: Transfer) -> None:
        """A step came to its end."""
        with self._lock:
            self._again.pop(transfer.id, None)
        if transfer.stage is Stage.PINNED and reached.stage is not Stage.PINNED:
            self._partner(transfer).over()

    def moving(self, transfer_id: str) -> list[Moving]:
        """Its files by number, as far as bytes of them were counted; those that are sent last."""
        with self._lock:
            now = self._now()
            files = [file for key, file in self._files.items() if key[0] == transfer_id]
            files.sort(key=lambda file: (file.sent, file.delivery.number))
            return [file.moving(now) for file in files]

    def waits(self, transfer_id: str) -> Again | None:
        """Why its step has to be tried again, and when."""
        with self._lock:
            found = self._again.get(transfer_id)
            return found and Again(error=found[0], seconds=max(0.0, found[1] - self._now()))

    def keep(self, transfer_ids: Collection[str]) -> None:
        """Forget all others."""
        with self._lock:
            self._files = {key: it for key, it in self._files.items() if key[0] in transfer_ids}
            self._again = {key: it for key, it in self._again.items() if key in transfer_ids}

    def _room(self) -> bool:
        """A file that is sent makes room for one that moves."""
        if len(self._files) >= MOST:
            sent = next((key for key, file in self._files.items() if file.sent), None)
            if sent:
                del self._files[sent]
        return len(self._files) < MOST

    def _partner(self, transfer: Transfer) -> Trouble:
        return self.board.trouble(f"destination {transfer.request.destination}")
