"""Connections that ended well are kept for a while, for the next request to the same destination.

A login costs ten round trips and some servers' patience; to ask whether an idle line still lives
costs one.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Protocol, runtime_checkable

import structlog

from adapters.remotes import Shared
from adapters.remotes.lent import Lent, lent
from transfer.destination import Destination
from transfer.ports import Remote, Remotes

PROBE = 5.0
"""Seconds that the server has to show that an idle line still lives."""
OLDEST = 3600.0
"""Seconds after its login that a connection is kept no more: keys and accounts have their days."""

log = structlog.get_logger()
_of_the_parent: list[object] = []
"""After a fork: what the child must not finalise, since its farewell would reach the server."""


@runtime_checkable
class Lasting(Protocol):
    """A Remote that can be used again."""

    def is_well(self, patience: float) -> bool:
        """Whether nothing is under way and the server answers in time. Never raises."""


@dataclass(slots=True, kw_only=True)
class _Line:
    """An open connection; `since` it is idle. Times are the clock's."""

    remote: Remote
    destination: Destination
    born: float
    process: int
    since: float = 0.0

    @property
    def due(self) -> float:
        return self.since + self.destination.keep_idle


class Pool:
    """Port `Remotes` over another. For all threads of the process.

    Open connections to one destination are never more than its `connections` for the idle ones'
    sake: an idle one is taken before a new one is made, and closed where it stands in the way.
    """

    def __init__(self, remotes: Remotes, clock: Callable[[], float] = monotonic) -> None:
        self._remotes = remotes
        self._clock = clock
        self._closed = False
        self._begin()
        _tell_children(weakref.WeakMethod(self._forget))

    def _begin(self) -> None:
        self._change = threading.Condition()
        self._idle: list[_Line] = []
        self._lent: Counter[str] = Counter()
        self._reaper: threading.Thread | None = None

    @property
    def protocols(self) -> frozenset[str]:
        return self._remotes.protocols

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Remote:
        if isinstance(beside, Lent) and isinstance(beside.inner, Shared):
            mate = self._open(destination, beside.inner)
            handle = lent(mate, lambda _sound: self._leave(destination, mate))
            beside.mates.append(handle)
            return handle
        line = self._reuse(destination) or _Line(
            remote=self._open(destination),
            destination=destination,
            born=self._clock(),
            process=os.getpid(),
        )
        return lent(line.remote, partial(self._give_back, line))

    def idle(self, destination: Destination) -> int:
        """How many connections to it are kept at this moment."""
        with self._change:
            return sum(line.destination == destination for line in self._idle)

    def sweep(self) -> float | None:
        """Close what was idle too long; seconds until the next one is, None when none is kept."""
        with self._change:
            over, pause = self._expired()
        _hang_up(over)
        return pause

    def close(self) -> None:
        """Close the idle ones now, and those that are lent out when they come back."""
        with self._change:
            self._closed = True
            over, self._idle = self._idle, []
            self._change.notify_all()
        _hang_up(over)

    def _forget(self) -> None:
        _of_the_parent.append(self._idle)
        self._begin()

    def _reuse(self, destination: Destination) -> _Line | None:
        line = self._take(destination)
        if line is None or self._is_well(line):
            return line
        with self._change:
            self._lent[destination.name] -= 1
            # Whatever ended this one has ended its neighbours, and each would be waited for.
            over = [one for one in self._idle if one.destination == destination]
            self._idle = [one for one in self._idle if one not in over]
        _hang_up([line, *over])
        return None

    def _take(self, destination: Destination) -> _Line | None:
        """The one that was idle shortest, counted as lent."""
        with self._change:
            now = self._clock()
            for line in reversed(self._idle):
                if line.destination == destination and now < line.due:
                    self._idle.remove(line)
                    self._lent[destination.name] += 1
                    return line
        return None

    def _is_well(self, line: _Line) -> bool:
        patience = min(PROBE, line.destination.timeout)
        well = isinstance(line.remote, Lasting) and line.remote.is_well(patience)
        idle = round(self._clock() - line.since, 1)
        log.debug("remote.reused", destination=line.destination.name, idle=idle, well=well)
        return well

    def _open(self, destination: Destination, beside: Remote | None = None) -> Remote:
        """One more connection; idle ones make room for it."""
        with self._change:
            self._lent[destination.name] += 1
            over = self._in_the_way(destination)
            self._idle = [line for line in self._idle if line not in over]
        _hang_up(over)
        try:
            return self._remotes.connect(destination, beside=beside)
        except BaseException:
            self._uncount(destination)
            raise

    def _in_the_way(self, destination: Destination) -> list[_Line]:
        """Those of other settings first, then the oldest."""
        name = destination.name
        idle = [line for line in self._idle if line.destination.name == name]
        idle.sort(key=lambda line: line.destination == destination)
        left = max(0, destination.connections - self._lent[name])
        return idle[: max(0, len(idle) - left)]

    def _give_back(self, line: _Line, sound: bool) -> None:
        if line.process != os.getpid():
            _of_the_parent.append(line)
            return
        with self._change:
            line.since = self._clock()
            self._lent[line.destination.name] -= 1
            keep = sound and self._is_worth_keeping(line)
            if keep:
                self._idle.append(line)
                self._watch()
        if not keep:
            _hang_up([line])

    def _is_worth_keeping(self, line: _Line) -> bool:
        destination, name = line.destination, line.destination.name
        idle = sum(one.destination.name == name for one in self._idle)
        return (
            not self._closed
            and isinstance(line.remote, Lasting)
            and line.due > line.since
            and line.since - line.born < OLDEST
            and self._lent[name] + idle < destination.connections
        )

    def _leave(self, destination: Destination, mate: Remote) -> None:
        self._uncount(destination)
        mate.close()

    def _uncount(self, destination: Destination) -> None:
        with self._change:
            self._lent[destination.name] -= 1

    def _watch(self) -> None:
        """One thread for all that are idle, and only while there are any."""
        self._change.notify_all()
        if self._reaper is None:
            self._reaper = threading.Thread(target=self._reap, name="remote-reaper", daemon=True)
            self._reaper.start()

    def _reap(self) -> None:
        while True:
            with self._change:
                over, pause = self._expired()
                if not over and pause is None:
                    self._reaper = None
                    return
                if not over:
                    self._change.wait(pause)
            _hang_up(over)

    def _expired(self) -> tuple[list[_Line], float | None]:
        """Those whose time is over, and the seconds until the next one's is."""
        now = self._clock()
        over = [line for line in self._idle if line.due <= now]
        self._idle = [line for line in self._idle if line.due > now]
        return over, min((line.due - now for line in self._idle), default=None)


def _tell_children(forget: weakref.WeakMethod[Callable[[], None]]) -> None:
    def in_child() -> None:
        if (method := forget()) is not None:
            method()

    os.register_at_fork(after_in_child=in_child)


def _hang_up(lines: list[_Line]) -> None:
    for line in lines:
        line.remote.close()
