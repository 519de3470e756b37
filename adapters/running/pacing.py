"""So many bytes a second to a destination: of all threads, and this door's share of all doors.

The bucket of a destination is empty from the last piece on until `due`, and then holds the next
piece. Who waits for it holds nothing, and hears soon of a stop, a pause or another rate.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from transfer.destination import Destination
from transfer.windows import rate_at

PIECE = 0.25
"""Seconds of a piece: the line is never silent for long, and four pieces a second cost nothing."""
LEAST = 8 * 1024
"""Bytes of a piece at least."""
LATE = 0.25
"""Seconds by which a late one is made up for."""
LOOK_UP = 0.5
"""Seconds of a wait after which somebody asks whether the work is to end."""


def _now() -> datetime:
    return datetime.now(UTC)


def whole(_destination: Destination) -> float:
    """No other door sends there."""
    return 1.0


class Pacer:
    """For all threads. `destinations` are those of the moment, as a reload makes them; `share` is
    the part of a destination's bytes that is ours, from 0 to 1.
    """

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        share: Callable[[Destination], float] = whole,
        *,
        clock: Callable[[], datetime] = _now,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._destinations = destinations
        self._share = share
        self._clock = clock
        self._now = now
        self._wait = wait
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}

    def __call__(self, destination: Destination, wanted: int, halt: Callable[[], None]) -> int:
        """How many of so many bytes may be sent now; waits for the first. Raises what `halt` does,
        which is asked meanwhile.
        """
        while True:
            rate = self.rate(destination)
            if rate is None:
                return wanted
            granted, wait = self._taken(destination.name, wanted, rate)
            if granted:
                return granted
            self._wait(min(wait, LOOK_UP))
            halt()

    def rate(self, destination: Destination) -> float | None:
        """Bytes a second that this door may send now, None for any number."""
        found = self._destinations.get(destination.name, destination)
        if not found.bandwidth:
            return None
        rate, _ = rate_at(self._clock(), found.bandwidth, found.time_zone)
        return None if rate is None else rate * self._share(found)

    def _taken(self, name: str, wanted: int, rate: float) -> tuple[int, float]:
        """Bytes, or the seconds until there may be some."""
        if rate <= 0:
            return 0, LOOK_UP
        with self._lock:
            now = self._now()
            due = self._due.get(name, now)
            if due > now:
                return 0, due - now
            granted = min(wanted, max(LEAST, int(rate * PIECE)))
            self._due[name] = max(due, now - LATE) + granted / rate
            return granted, 0.0
