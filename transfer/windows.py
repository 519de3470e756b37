"""When a destination may be written to, and how fast: by the hours of its zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:[-,][a-z]{3})*) +)?(?P<start>\d\d:\d\d) *- *(?P<end>\d\d:\d\d)"
)
_RATE = re.compile(
    r"(?:(?P<hours>.*\d\d:\d\d) +)?(?P<number>[1-9]\d{0,5}) *(?P<unit>[kmgKMG])B/s", re.ASCII
)
"""With a capital B: `Mb/s` are megabits to those who run networks, an eighth of it."""
_UNITS = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
RATE_FORM = "a rate as in `10 MB/s`, or hours with one as in `Mon-Fri 08:00-18:00 10 MB/s`"
FORM = "hours as in `08:00-18:00` or `Mon-Fri 08:00-18:00`"


@dataclass(frozen=True, slots=True)
class Blackout:
    """Hours of some days (0 is Monday) in the destination's zone, `end` excluded.

    An `end` that is not after `start` is on the next day; 00:00-00:00 is the whole day. Where the
    clock goes back, a `start` that comes twice counts the first time, an `end` the second time.
    """

    days: frozenset[int]
    start: time
    end: time

    def around(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """The blackout that `moment` (in the destination's zone) is in: from, until."""
        for day in (moment.date() - timedelta(days=1), moment.date()):
            last = day if self.end > self.start else day + timedelta(days=1)
            begin = min(_instants(datetime.combine(day, self.start, moment.tzinfo)))
            until = max(_instants(datetime.combine(last, self.end, moment.tzinfo)))
            # In UTC: within one zone Python compares what clocks show.
            if day.weekday() in self.days and begin <= moment.astimezone(UTC) < until:
                return begin.astimezone(moment.tzinfo), until.astimezone(moment.tzinfo)
        return None


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """`rate` bytes a second, in those hours, or always."""

    rate: int
    hours: Blackout | None = None


def parse_bandwidth(text: str) -> Bandwidth:
    """Raises ValueError with the form that is expected."""
    found = _RATE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"must be {RATE_FORM}")
    rate = int(found["number"]) * _UNITS[found["unit"].lower()]
    return Bandwidth(rate, parse_blackout(found["hours"]) if found["hours"] else None)


def rate_at(
    now: datetime, bandwidth: Sequence[Bandwidth], zone: str
) -> tuple[int | None, datetime | None]:
    """The least that holds at that moment, None without one, and when its hours end."""
    if not bandwidth:
        return None, None
    local = _local(now, zone)
    held: list[tuple[int, datetime | None]] = []
    for each in bandwidth:
        around = each.hours.around(local) if each.hours else None
        if around or not each.hours:
            held.append((each.rate, around[1] if around else None))
    return min(held, key=lambda each: each[0], default=(None, None))


def parse_blackout(text: str) -> Blackout:
    """Raises ValueError with the form that is expected."""
    found = _FORM.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"must be {FORM}")
    try:
        return Blackout(
            _days(found["days"] or "mon-sun"),
            time.fromisoformat(found["start"]),
            time.fromisoformat(found["end"]),
        )
    except ValueError as error:
        raise ValueError(f"must be {FORM}") from error


def opens_at(now: datetime, blackouts: Sequence[Blackout], zone: str) -> datetime | None:
    """The first moment from `now` on that is in no blackout; None when none comes in two weeks."""
    if not blackouts:
        return now
    local = _local(now, zone)
    last = local + timedelta(days=14)
    while local < last:
        around = next(filter(None, (item.around(local) for item in blackouts)), None)
        if around is None:
            return local.astimezone(now.tzinfo)
        local = around[1]
    return None


def _local(now: datetime, zone: str) -> datetime:
    # Here, for most destinations have no hours, and where zones are kept takes long to find out.
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    return now.astimezone(ZoneInfo(zone))


def _instants(wall: datetime) -> tuple[datetime, datetime]:
    """When clocks show that: two moments where the hour comes twice, or is left out."""
    first, second = wall.replace(fold=0), wall.replace(fold=1)
    return first.astimezone(UTC), second.astimezone(UTC)


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        # Fri-Mon goes over the week's end.
        days |= {number % 7 for number in range(begin, end + (7 if end < begin else 0) + 1)}
    return frozenset(days)
