"""Our part of the calls that all doors make to the instance, leased some at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from transfer.books import Limits
from transfer.limits import WINDOW, Lease

NAME = "servicenow"
LEAST, MOST = 200, 20
"""What is leased together: a 200th of the hour's calls, growing with use up to a 20th."""
NONE = Lease(calls=0, until=0)


class Common:
    """For one thread at a time; `clock` is the wall's. Raises `ledger.*`.

    A lease is as large as the one before was used, so that little of it is held in vain; what was
    not used of it is given back with the next one.
    """

    def __init__(
        self, limits: Limits, per_hour: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._limits = limits
        self._per_hour = per_hour
        self._clock = clock
        self._lease = NONE
        self._made = 0
        self._asked_at = 0.0
        self._again_at = 0.0

    def made(self) -> None:
        """One call of the lease; one that was not waited for is owed by the next lease."""
        self._made += 1

    def wait(self, share: float) -> float:
        """Seconds until a call may be made that may fill so much of the hour; 0: now."""
        now = self._clock()
        ahead = now >= self._lease.until or now < self._asked_at
        if (ahead or self._left() <= 0) and now >= self._again_at:
            self._ask(now)
        most = max(1, int(self._per_hour * share))
        # What is leased and not made yet is counted on the page, and is room for us.
        room = self._lease.room_in(most + max(0, self._left()), now)
        if room <= 0 and self._left() <= 0:
            return max(1.0, self._again_at - now)
        return max(0.0, room)

    def _left(self) -> int:
        return self._lease.calls - self._made

    def _ask(self, now: float) -> None:
        owed = max(0, -self._left())
        back = replace(self._lease, calls=max(0, self._left())) if self._lease.until else None
        wanted = owed + min(
            max(1, self._per_hour // LEAST, 2 * self._made), max(1, self._per_hour // MOST)
        )
        self._lease = self._limits.calls(NAME, wanted, self._per_hour, back)
        self._made = min(owed, self._lease.calls)
        self._asked_at = now
        opens = self._lease.room_in(self._per_hour, now)
        self._again_at = 0.0 if self._left() > 0 else now + min(max(1.0, opens), WINDOW)
