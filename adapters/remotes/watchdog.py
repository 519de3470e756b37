"""A guard for library calls that know no time-out: it hangs up when they stop making progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic

TICK = 0.25
"""Seconds between two looks, and so the most that a time-out comes late."""


class Watchdog:
    """Calls `bite` once, from a thread of its own, when a watched call outlives its patience.

    Calls are made by one thread at a time. A deadline is only moved, never waited for, so a `pat`
    costs one assignment.
    """

    def __init__(self, bite: Callable[[], None]) -> None:
        self.bitten = False
        self._bite = bite
        self._patience = inf
        self._deadline = inf
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="remote-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def watch(self, patience: float) -> Iterator[None]:
        """Bite when nothing moves for `patience` seconds; an inner watch suspends an outer one."""
        outer = self._patience
        self._set(patience)
        try:
            yield
        finally:
            self._set(outer)

    def pat(self) -> None:
        """Something moved: the patience begins anew."""
        self._deadline = monotonic() + self._patience

    def stop(self) -> None:
        self._over.set()

    def _set(self, patience: float) -> None:
        self._patience = patience
        self.pat()

    def _run(self) -> None:
        # Looking now and then needs no wake-up each time that the deadline moves.
        while not self._over.wait(TICK):
            if monotonic() > self._deadline:
                self.bitten = True
                self._bite()
                return
