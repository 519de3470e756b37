"""So many files an hour to a destination, of all doors together and over restarts."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from transfer.books import Limits
from transfer.destination import Destination
from transfer.errors import Code, Waiting
from transfer.limits import Lease

LOOK_AGAIN = 60.0
"""Seconds: the longest wait before somebody looks again; the number may be another one by then."""


class Quota:
    """For all threads; `wall` is the time that all hosts have in common."""

    def __init__(self, limits: Limits, wall: Callable[[], float] = time.time) -> None:
        self._limits = limits
        self._wall = wall

    def __call__(self, destination: Destination, wanted: int) -> int:
        """How many of so many files may be begun now; they are counted. With 0 nothing is.

        Raises Waiting `destination.quota` while none may, and `ledger.*`.
        """
        most = destination.files_per_hour
        if not most:
            return wanted
        lease = self._limits.calls(_page(destination), wanted, most)
        if lease.calls or lease.taken < most:
            return lease.calls
        wait = lease.room_in(most, self._wall())
        next_at = datetime.now(UTC) + timedelta(seconds=wait)
        raise Waiting(
            Code.DESTINATION_QUOTA,
            f"{destination.name} takes {most} files an hour, and has had as many; the next may go "
            f"at {next_at:%Y-%m-%d %H:%M} UTC.",
            retry_after=min(LOOK_AGAIN, wait),
        )

    def look(self, destination: Destination) -> tuple[int, float]:
        """How many files are counted, and the seconds until the next may go, 0 or less for now."""
        lease: Lease = self._limits.calls(_page(destination), 0, destination.files_per_hour)
        return lease.taken, lease.room_in(destination.files_per_hour, self._wall())


def _page(destination: Destination) -> str:
    return f"files {destination.name}"
