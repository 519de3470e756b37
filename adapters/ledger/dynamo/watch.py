"""What this process has seen of others, and for how long it has not changed, by its own clock."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST = 50_000
"""Things that are watched at the same time; the longest untouched are forgotten first."""


def steady() -> float:
    """Seconds; they go on while the machine sleeps, when those of CLOCK_MONOTONIC stand still."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Watch:
    """Tells silence. No clock of another host has a say in it.

    seen first at t ──── same mark ──── same mark at t+s, asked before the look: silent for s
                         other mark: everything begins anew
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._seen: OrderedDict[Hashable, tuple[Hashable, float]] = OrderedDict()
        self._lock = threading.Lock()

    def silent(self, thing: Hashable, mark: Hashable, asked_at: float) -> float:
        """Seconds for which the mark has stood; `asked_at` is `now()` before it was read.

        The first sight counts from now on, the later ones up to the moment before the reading:
        both errors make the silence shorter than it was.
        """
        with self._lock:
            known = self._seen.get(thing)
            if known is None or known[0] != mark:
                self._seen[thing] = (mark, self.now())
                known = self._seen[thing]
            self._seen.move_to_end(thing)
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)
            return max(0.0, asked_at - known[1])

    def forget(self, thing: Hashable) -> None:
        with self._lock:
            self._seen.pop(thing, None)
