"""Whether a transfer may move now: its own times and its destination's hours."""

from __future__ import annotations

from datetime import datetime

from transfer.destination import Destination
from transfer.errors import Code, Permanent, Waiting
from transfer.model import Request
from transfer.request.options import Options
from transfer.windows import opens_at

LOOK_AGAIN = 60.0
"""Seconds: the longest wait before a transfer looks at the clock again."""


def start_of(request: Request, destination: Destination, now: datetime) -> datetime:
    """When the request may move: `now`, or a later moment. Raises Permanent `window.missed`."""
    options = Options.of(request.options)
    first = max(now, options.not_before or now)
    start = opens_at(first, destination.blackouts, destination.time_zone)
    if start is None or (options.finish_by and start > options.finish_by):
        raise Permanent(
            Code.WINDOW_MISSED,
            f"{destination.name} may not be written to in time: "
            + (f"not before {start:%Y-%m-%d %H:%M} UTC." if start else "its hours are all closed."),
        )
    return start


def may_start(request: Request, destination: Destination, now: datetime) -> None:
    """Raises Waiting `window.closed` until the request may move, Permanent `window.missed`."""
    start = start_of(request, destination, now)
    if start > now:
        raise Waiting(
            Code.WINDOW_CLOSED,
            f"{request.number} may not be sent to {destination.name} "
            f"before {start:%Y-%m-%d %H:%M} UTC.",
            retry_after=min(LOOK_AGAIN, (start - now).total_seconds()),
        )


def may_publish(request: Request, now: datetime) -> None:
    """Raises Permanent `window.missed` once the request had to be finished."""
    finish_by = Options.of(request.options).finish_by
    if finish_by and now > finish_by:
        raise Permanent(
            Code.WINDOW_MISSED,
            f"{request.number} had to be finished by {finish_by:%Y-%m-%d %H:%M} UTC.",
        )
