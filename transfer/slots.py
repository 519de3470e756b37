"""So many files at once, shared fairly over requesters, requests and destinations."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from transfer.destination import Destination

LOOK_UP = 0.5
"""Seconds after which one that waits asks whether the service is being stopped."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    order: int
    requester: str
    transfer_id: str
    destination: Destination
    kept: bool = False


class Slots:
    """A free slot goes to the requester that holds the fewest, then to the transfer of theirs that
    holds the fewest, then to who has waited longest.

    No destination gets more than `most` says at once: its `connections`, or what other doors leave
    of them. For all threads of the process.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.most: Callable[[Destination], int] = lambda destination: destination.connections
        self._change = threading.Condition()
        self._orders = itertools.count()
        self._waiting: list[_Waiting] = []
        self._held: Counter[str] = Counter()
        self._requesters: Counter[str] = Counter()
        self._connections: Counter[str] = Counter()

    @contextmanager
    def take(
        self,
        transfer_id: str,
        destination: Destination,
        halt: Callable[[], None],
        requester: str = "",
        *,
        kept: bool = False,
    ) -> Iterator[None]:
        """Hold one slot and one connection, the one that was `kept` if there is one. Raises what
        `halt` raises while it waits.
        """
        me = _Waiting(next(self._orders), requester, transfer_id, destination, kept)
        with self._change:
            self._waiting.append(me)
            try:
                while not self._change.wait_for(lambda: self._next() is me, LOOK_UP):
                    halt()
                self._count(me, 1)
                self._connections[destination.name] -= kept
            finally:
                self._waiting.remove(me)
                self._change.notify_all()
        try:
            yield
        finally:
            with self._change:
                self._count(me, -1)
                self._change.notify_all()

    def keep(self, destination: Destination) -> bool:
        """The connection stays open beyond its slot, and counted: for a further `take`, or until it
        is `dropped`. False when somebody else waits for one to it.
        """
        with self._change:
            if any(one.destination.name == destination.name for one in self._waiting):
                return False
            self._connections[destination.name] += 1
            return True

    def dropped(self, destination: Destination) -> None:
        """One that was kept is closed."""
        with self._change:
            self._connections[destination.name] -= 1
            self._change.notify_all()

    def resize(self, total: int) -> None:
        """From now on; what holds a slot keeps it."""
        with self._change:
            self.total = total
            self._change.notify_all()

    def waiting(self) -> dict[str, str]:
        """Of each transfer that waits for a slot or a connection: to which destination."""
        with self._change:
            return {one.transfer_id: one.destination.name for one in self._waiting}

    def changed(self) -> None:
        """`most` says something else than before."""
        with self._change:
            self._change.notify_all()

    def used(self, destination: Destination) -> int:
        """Connections to it that are held."""
        with self._change:
            return self._connections[destination.name]

    @contextmanager
    def widen(self, destination: Destination, wanted: int) -> Iterator[int]:
        """Up to `wanted` further connections, as many as are left at once; never waits."""
        with self._change:
            left = self.most(destination) - self._connections[destination.name]
            granted = max(0, min(wanted, left))
            self._connections[destination.name] += granted
        try:
            yield granted
        finally:
            with self._change:
                self._connections[destination.name] -= granted
                self._change.notify_all()

    def _next(self) -> _Waiting | None:
        if self._held.total() >= self.total:
            return None
        ready = [
            one
            for one in self._waiting
            if one.kept or self._connections[one.destination.name] < self.most(one.destination)
        ]
        return min(ready, key=self._rank, default=None)

    def _rank(self, one: _Waiting) -> tuple[int, int, int]:
        return self._requesters[one.requester], self._held[one.transfer_id], one.order

    def _count(self, one: _Waiting, change: int) -> None:
        for held, name in ((self._held, one.transfer_id), (self._requesters, one.requester)):
            held[name] += change
            if not held[name]:
                del held[name]
        self._connections[one.destination.name] += change
