"""How many calls the instance is asked for in an hour: one count for the whole process.

Two limits meet here: our own, and the silence that the instance asks for with a 429.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus

import structlog

from adapters.servicenow.line.answers import LONGEST_WAIT, Answer, Call, busy_wait, throttle_wait
from adapters.servicenow.line.common import Common
from transfer.errors import Code, Transient

log = structlog.get_logger(__name__)

HOUR = 3600.0
_PROBE = 30.0
"""Seconds for the first call after a silence to be answered, before another one may try."""


class Need(float, Enum):
    """What calls are for, and the share of our own limit that such calls may fill.

    What is under way comes first, its check before the publish and its tickets; then new work; then
    words that nobody misses; and hints last, for the poll finds what they name, and anybody's
    producer may send them.
    """

    HINTS = 0.6
    WORDS = 0.7
    INTAKE = 0.85
    DUTY = 1.0


class Budget:
    """Shared by all threads. `per_hour` None counts the calls and sets no limit of our own.

    Our own hour is the one that has just passed, so that no window of the instance, wherever it
    begins, sees more calls than that. With `common` it is that of all doors together.
    """

    def __init__(
        self,
        per_hour: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        common: Common | None = None,
    ) -> None:
        self.per_hour = per_hour
        self._common = common
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._number = 0
        self._opens_at = 0.0
        self._silenced = 0
        """The number of the latest call when the instance asked for silence; 0: it has not."""
        self._said_at = clock()
        self._said = 0
        self.rule = ""
        """The instance's own limit, in its words, once it was seen."""

    @property
    def made(self) -> int:
        """Calls in the hour that has just passed."""
        with self._lock:
            self._forget(self._clock())
            return len(self._sent)

    @property
    def left(self) -> int | None:
        """Calls that our own limit leaves for now; None without one."""
        return None if self.per_hour is None else max(0, self.per_hour - self.made)

    def room(self, need: Need) -> bool:
        """Whether a call for that may be sent now."""
        with self._lock:
            return self._wait(self._clock(), need) <= 0

    def insist(self, call: Call, need: Need) -> None:
        """Raises Transient `servicenow.throttled` when there is no room for it."""
        with self._lock:
            wait = self._wait(self._clock(), need)
        if wait > 0:
            raise _silence(call, wait)

    def take(self, call: Call) -> int:
        """Count a call that is about to be sent; returns its number, for `learn`.

        Raises Transient `servicenow.throttled` when it may not be sent.
        """
        with self._lock:
            now = self._clock()
            wait = self._wait(now, Need.DUTY)
            if wait > 0:
                raise _silence(call, wait)
            if self._silenced:
                self._opens_at = now + _PROBE
            return self._count(now)

    def repeated(self) -> None:
        """A call was sent a second time."""
        with self._lock:
            self._count(self._clock())

    def learn(self, number: int, answer: Answer) -> None:
        """What the answer to the call of that number says about the next ones."""
        limit = answer.headers.get("X-RateLimit-Limit", "")
        if limit.isdigit():
            self.rule = f"{limit[:9]} calls an hour"
        with self._lock:
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                self._fall_silent(throttle_wait(answer) or busy_wait())
            elif number > self._silenced > 0:
                # An answer to a call from before the silence says nothing about its end.
                self._silenced, self._opens_at = 0, 0.0

    def _fall_silent(self, seconds: float) -> None:
        if not self._silenced:
            log.warning("servicenow asks for silence", seconds=round(seconds), rule=self.rule)
        self._silenced = self._number
        self._opens_at = self._clock() + seconds

    def _count(self, now: float) -> int:
        self._forget(now)
        self._sent.append(now)
        if self._common:
            self._common.made()
        self._number += 1
        if now - self._said_at >= HOUR:
            log.info("servicenow calls", made=self._number - self._said, limit=self.per_hour)
            self._said_at, self._said = now, self._number
        return self._number

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - HOUR:
            self._sent.popleft()

    def _wait(self, now: float, need: Need) -> float:
        """Seconds until there is room, 0 or less when there is."""
        silence = self._opens_at - now
        if self.per_hour is None or silence > 0:
            return silence
        if self._common:
            return self._common.wait(need)
        self._forget(now)
        over = len(self._sent) - max(1, int(self.per_hour * need))
        return self._sent[over] + HOUR - now if over >= 0 else 0.0


def _silence(call: Call, wait: float) -> Transient:
    return Transient(
        Code.SERVICENOW_THROTTLED,
        f"ServiceNow {call.host} takes no more calls for now; {call.name} was not sent.",
        retry_after=min(wait, LONGEST_WAIT),
    )
