"""A guard for library calls that know no time-out: it hangs up when they stop making progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from time import monotonic
from typing import Protocol

TICK = 0.25
"""Seconds between two looks, and so the most that a time-out comes late."""
TRIFLE = 64
"""Bytes a second that are signs of life and no progress: keepalives of a server that asks once a
second, and the answers to them (36 to 52 bytes each).
"""


class Gauge(Protocol):
    """Counts the bytes of a line. Never raises."""

    def moved(self) -> int:
        """Bytes so far."""

    def more(self) -> bool:
        """Whether there is more to move at this moment."""


class Verdict(Enum):
    FINE = auto()
    STALLED = auto()
    """Nothing moved for as long as the patience."""
    SLOW = auto()
    """There was always more to move, and less of it moved than was demanded."""


class Watch:
    """One watched call. Times are seconds of a monotonic clock, `least` is in bytes a second.

    Progress is a `pat`, and bytes of the gauge. One thread pats, another looks: each only assigns.
    """

    def __init__(
        self,
        patience: float,
        now: float,
        gauge: Gauge | None = None,
        least: float = 0,
        *,
        in_all: bool = False,
    ) -> None:
        self._patience = patience
        self._in_all = in_all
        self._gauge = gauge
        self._least = least
        self._stretch: tuple[float, int] | None = None
        self._mark: int | None = None
        self._deadline = now + patience

    def pat(self, now: float) -> None:
        """Something moved: the patience begins anew, unless it is one for everything."""
        if not self._in_all:
            self._deadline = now + self._patience
            self._mark = None

    def renewed(self, now: float) -> Watch:
        if self._in_all:
            return self
        return Watch(self._patience, now, self._gauge, self._least)

    def look(self, now: float) -> Verdict:
        if self._gauge is not None:
            moved = self._gauge.moved()
            self._count(now, moved)
            if self._least and self._is_slow(now, moved, self._gauge):
                return Verdict.SLOW
        return Verdict.STALLED if now > self._deadline else Verdict.FINE

    def _count(self, now: float, moved: int) -> None:
        if self._mark is None:
            self._mark = moved
        elif moved - self._mark > TRIFLE * self._patience:
            self.pat(now)

    def _is_slow(self, now: float, moved: int, gauge: Gauge) -> bool:
        """Judged over one patience after the other, while there is always more to move."""
        if self._stretch is None or not gauge.more():
            self._stretch = now, moved
            return False
        began, before = self._stretch
        if now - began < self._patience:
            return False
        self._stretch = now, moved
        seconds, bytes_moved = now - began, moved - before
        return TRIFLE * seconds < bytes_moved < self._least * seconds


class UnwatchedError(Exception):
    """A fault of ours: somebody was about to wait for a partner with nobody to end it."""


class Watchdog:
    """Calls `bite` once, from a thread of its own, when a watched call outlives its patience.

    One thread at a time: a second one waits, no longer than its own patience, and then the line is
    cut for both. So nobody takes another's answers, nor another's watch away. `slow` says that
    bytes moved, but too few.
    """

    def __init__(self, bite: Callable[[], None]) -> None:
        self.bitten = False
        self.slow = False
        self._bite = bite
        self._watch: Watch | None = None
        self._use = threading.RLock()
        self._user = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="remote-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def watch(
        self,
        patience: float,
        gauge: Gauge | None = None,
        least: float = 0,
        *,
        in_all: bool = False,
    ) -> Iterator[None]:
        """Bite when nothing moves for `patience` seconds, or less than `least` bytes a second;
        `in_all` after so many seconds, whatever moves.

        An inner watch suspends an outer one. Raises TimeoutError when another thread's call is
        under way for as long as `patience`.
        """
        if not self._use.acquire(timeout=patience):
            self.bitten = True
            self._bite()
            raise TimeoutError("another call is under way")
        outer = self._watch
        self._user = threading.get_ident()
        self._watch = Watch(patience, monotonic(), gauge, least, in_all=in_all)
        try:
            yield
        finally:
            self._watch = outer and outer.renewed(monotonic())
            self._user = self._user if outer else 0
            self._use.release()

    def demand(self) -> None:
        """Asked before each wait: nobody waits without a watch of his own, whatever led there."""
        if self._user != threading.get_ident():
            raise UnwatchedError("a wait for the partner without a watch")

    def pat(self) -> None:
        """Something moved: the patience begins anew."""
        if watch := self._watch:
            watch.pat(monotonic())

    def stop(self) -> None:
        self._over.set()

    def _run(self) -> None:
        # Looking now and then needs no wake-up each time that the deadline moves.
        while not self._over.wait(TICK):
            watch = self._watch
            verdict = watch.look(monotonic()) if watch else Verdict.FINE
            if verdict is not Verdict.FINE:
                self.slow = verdict is Verdict.SLOW
                self.bitten = True
                self._bite()
                return
