"""The part of a destination's `connections` that this door has, while others want theirs.

a crossing begins: asked for ─ none free: it waits ─ else Slots hands them out ─ renewed by the
heartbeat, with what others leave by then ─ the last crossing ends: given back
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog

from transfer.books import Limits
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Waiting
from transfer.model import Transfer
from transfer.slots import Slots

FIRST_LOOK, LOOK_AGAIN = 4.0, 30.0
"""Seconds before a crossing that found no place asks again, at first and at most: no other door can
tell it that it has given one back, and most are given back soon.
"""
RENEWALS = 4
"""Renewals in a lease, as of claims."""
PARTS = 1000
"""Of a destination's bytes a second: who sends there has as many of them, and equal ones as others
who do.
"""
SOON = 2.0
"""Seconds until somebody asks again who has none of them yet."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Part:
    """What is wanted of one destination, by transfer, and how much of it we may use."""

    destination: Destination
    wanted: dict[str, int] = field(default_factory=dict)
    may: int = 0
    share: float = 0.0
    asking: bool = False
    due_at: float = 0.0


class Places:
    """Of one door, for all its threads; `holder` names it. It tells `slots` how far to go.

    Raises Waiting `destination.busy` while other doors have all, and `ledger.*`.
    """

    def __init__(
        self,
        limits: Limits,
        holder: str,
        slots: Slots,
        lease: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._holder = holder
        self._slots = slots
        self._every = lease / RENEWALS
        self._now = now
        self._parts: dict[str, _Part] = {}
        self._looks: dict[str, float] = {}
        self._guard = threading.Lock()
        self._asking = threading.Lock()
        self._renewing = threading.Lock()
        slots.most = self.most

    def most(self, destination: Destination) -> int:
        """How many connections this door may have; all, for a look outside of a crossing."""
        with self._guard:
            part = self._parts.get(destination.name)
            if part is None:
                return destination.connections
            # What is in use was told just now: nothing more is begun before the answer is known.
            return 0 if part.asking else part.may

    def crossings(self, name: str) -> int:
        """How many connections to it the crossings of this door want, as far as there are any."""
        with self._guard:
            part = self._parts.get(name)
            return _wish(part) if part else 0

    def share(self, destination: Destination) -> float:
        """The part of its bytes a second that this door may send, from 0 to 1."""
        with self._guard:
            part = self._parts.get(destination.name)
            return part.share if part else 1.0

    @contextmanager
    def __call__(self, transfer: Transfer, destination: Destination, wanted: int) -> Iterator[None]:
        """For the time of a crossing that can use up to `wanted` connections."""
        with self._guard:
            part = self._parts.setdefault(destination.name, _Part(destination))
            part.wanted[transfer.id] = wanted
        try:
            if not self._ask(part):
                raise Waiting(
                    Code.DESTINATION_BUSY,
                    f"Other transfers have all connections that {destination.name} allows.",
                    retry_after=self._next_look(destination),
                )
            self._looks.pop(destination.name, None)
            yield
        finally:
            self._left(part, transfer)

    def renew(self) -> None:
        """What is due; called by the heartbeat, more often than that."""
        if not self._renewing.acquire(blocking=False):
            return
        try:
            with self._guard:
                due = [part for part in self._parts.values() if part.due_at <= self._now()]
            for part in due:
                self._ask(part)
        except FerryError as error:
            log.debug("places not renewed", code=error.code)
        finally:
            self._renewing.release()

    def _next_look(self, destination: Destination) -> float:
        """Doubled until somebody here has got one."""
        with self._guard:
            wait = self._looks.get(destination.name, FIRST_LOOK)
            self._looks[destination.name] = min(2 * wait, LOOK_AGAIN)
            return wait

    def _left(self, part: _Part, transfer: Transfer) -> None:
        with self._guard:
            waited = not part.may
            part.wanted.pop(transfer.id, None)
            if not part.wanted:
                self._parts.pop(part.destination.name, None)
        # Who waits stays on the page, so that others leave it its share.
        if part.wanted or not waited:
            with suppress(FerryError):
                self._ask(part)

    def _ask(self, part: _Part) -> int:
        """One at a time, so that what was said last holds."""
        destination = part.destination
        with self._asking:
            with self._guard:
                wish, part.asking = _wish(part), True
            try:
                using = self._slots.used(destination) if wish else 0
                granted = self._limits.places(
                    destination.name, self._holder, wish, destination.connections, using
                )
                share = self._share(destination, granted)
                every = self._every if share else min(SOON, self._every)
                with self._guard:
                    part.may, part.share, part.due_at = granted, share, self._now() + every
            finally:
                with self._guard:
                    part.asking = False
                self._slots.changed()
            return granted

    def _share(self, destination: Destination, granted: int) -> float:
        """Who sends nothing there leaves all of it to the others."""
        if not destination.bandwidth:
            return 1.0
        wanted, name = PARTS if granted else 0, f"rate {destination.name}"
        return self._limits.places(name, self._holder, wanted, PARTS) / PARTS


def _wish(part: _Part) -> int:
    return min(part.destination.connections, sum(part.wanted.values()))
