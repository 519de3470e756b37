"""`javascript:gs.…` on the right side of a condition, evaluated in the zone of the user.

The functions are those that ServiceNow's pages on filters name, and GlideSystem's for dates
(docs: "Operators available for filters and queries", "GlideSystem - Date and Time"). A script that
is none of them is refused, because nobody knows what an instance would make of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from sandbox.servicenow.refusal import not_simulated
from sandbox.servicenow.values import stamp

PREFIX = "javascript:"
_CALL = re.compile(r"(?:gs\.)?(?P<name>[A-Za-z0-9]+)\((?P<arguments>[^()]*)\);?")
_AGO = re.compile(
    r"(?P<unit>minutes|hours|days|weeks|months|quarters|years)Ago(?P<edge>Start|End)?"
)
_SPAN = re.compile(
    r"(?P<edge>beginning|end)Of(?P<which>This|Last|Next|Current|Yester|To|Tomor)"
    r"(?P<count>\d*)(?P<unit>minute|hour|day|row|week|month|quarter|year)s?",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"@(?P<unit>minute|hour|dayofweek|day|week|month|quarter|year)@(?P<side>ago|ahead)@(?P<count>\d+)"
)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "week": timedelta(weeks=1)}
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Scripts:
    """What scripts see: who asks, when (aware), and in which zone."""

    user_id: str
    user_name: str
    now: datetime
    zone: tzinfo

    def value(self, operand: str) -> str:
        """The operand with its script evaluated; one without a script as it is.

        Raises Refusal 501 for a script that is not understood.
        """
        if not operand.startswith(PREFIX):
            return operand
        call = _CALL.fullmatch(operand.removeprefix(PREFIX).strip())
        if call is None:
            raise not_simulated(operand)
        arguments = [part.strip(" '\"") for part in call["arguments"].split(",")]
        try:
            said = self._call(call["name"], arguments)
        except (ValueError, OverflowError):  # a year that no calendar has
            said = None
        if said is None:
            raise not_simulated(operand)
        return said

    def relative(self, operand: str) -> str:
        """The moment that `@hour@ago@1` says; empty for an operand of another form."""
        match = _RELATIVE.fullmatch(operand)
        if match is None:
            return ""
        unit = "day" if match["unit"] == "dayofweek" else match["unit"]
        count = int(match["count"]) * (1 if match["side"] == "ahead" else -1)
        local = self.now.astimezone(self.zone).replace(tzinfo=None)
        return stamp(self._aware(_moved(local, unit, count)))

    def _call(self, name: str, arguments: list[str]) -> str | None:
        plain: dict[str, Callable[[], str]] = {
            "getUserID": lambda: self.user_id,
            "getUserName": lambda: self.user_name,
            "nowDateTime": lambda: stamp(self.now),
            "now": lambda: str(self._local().date()),
        }
        if name in plain:
            return plain[name]()
        moment = self._moment(name, arguments)
        return None if moment is None else stamp(moment)

    def _moment(self, name: str, arguments: list[str]) -> datetime | None:
        if name == "dateGenerate" and len(arguments) > 1:
            return self._generated(arguments[0], arguments[1])
        ago = _AGO.fullmatch(name)
        if ago and re.fullmatch(r"-?\d+", arguments[0]):
            return self._ago(ago["unit"].removesuffix("s"), ago["edge"] or "", int(arguments[0]))
        span = _SPAN.fullmatch(name)
        return self._span(span) if span else None

    def _local(self) -> datetime:
        return self.now.astimezone(self.zone).replace(tzinfo=None, microsecond=0)

    def _aware(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def _generated(self, day: str, clock: str) -> datetime | None:
        clock = {"start": "00:00:00", "end": "23:59:59"}.get(clock, clock)
        try:
            return self._aware(datetime.fromisoformat(f"{day} {clock}"))
        except ValueError:
            return None

    def _ago(self, unit: str, edge: str, count: int) -> datetime:
        """`daysAgo(0)` is now; with `Start` and `End` the first and last second of that unit."""
        moment = _moved(self._local(), unit, -count)
        if edge == "Start":
            moment = _start(moment, unit)
        elif edge == "End":
            moment = _moved(_start(moment, unit), unit, 1) - _SECOND
        return self._aware(moment)

    def _span(self, span: re.Match[str]) -> datetime:
        """`beginningOfLast7Days`: so many whole units before this one; without a number, one."""
        which, unit = span["which"].lower(), span["unit"].lower()
        unit = "day" if unit == "row" else unit
        shift = {"last": -1, "yester": -1, "next": 1, "tomor": 1}.get(which, 0)
        count = int(span["count"] or 1)
        first = _moved(_start(self._local(), unit), unit, shift * count)
        if span["edge"].lower() == "beginning":
            return self._aware(first)
        # "Last 7 days" ends today, "last week" ends with that week.
        length = count + 1 if span["count"] and shift < 0 else count
        return self._aware(_moved(first, unit, length) - _SECOND)


def _start(local: datetime, unit: str) -> datetime:
    """The first second of the unit; a week begins on Monday."""
    if unit == "minute":
        return local.replace(second=0)
    if unit == "hour":
        return local.replace(minute=0, second=0)
    day = datetime.combine(local.date(), time())
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit in _MONTHS:
        months = _MONTHS[unit]
        return day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return day


def _moved(local: datetime, unit: str, count: int) -> datetime:
    """So many units later; a month that is too short for the day has it on its last one."""
    if unit not in _MONTHS:
        return local + _STEPS.get(unit, timedelta(days=1)) * count
    months = local.year * 12 + local.month - 1 + _MONTHS[unit] * count
    first = local.replace(year=months // 12, month=months % 12 + 1, day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(local.day, last.day))
