"""`DATEPART`: dates by weekday, month, quarter, year, week or hour, in the zone of the user."""

from __future__ import annotations

import calendar
import operator
import re
from collections.abc import Callable
from datetime import datetime, tzinfo

from sandbox.servicenow.refusal import not_simulated
from sandbox.servicenow.values import parse_stamp

_CALL = re.compile(
    r"[^@]*@javascript:gs\.datePart\('(?P<part>\w+)','(?P<wanted>\w+)','(?P<sign>\w\w)'\)"
)
_DAYS = ["sunday", *(calendar.day_name[day].lower() for day in range(6))]
"""A week begins on Sunday here: "on or after Monday" is any day but Sunday, say the docs."""
_MONTHS = [name.lower() for name in calendar.month_abbr]
_SIGNS: dict[str, Callable[[int, int], bool]] = {
    "EE": operator.eq, "GE": operator.ge, "GT": operator.gt, "LE": operator.le, "LT": operator.lt,
}  # fmt: skip
_PARTS: dict[str, Callable[[datetime], int]] = {
    "dayofweek": lambda when: (when.weekday() + 1) % 7,
    "month": lambda when: when.month,
    "quarter": lambda when: (when.month + 2) // 3,
    "year": lambda when: when.year,
    "week": lambda when: int(when.strftime("%U")),
    "hour": lambda when: when.hour,
}


def test(operand: str, zone: tzinfo) -> Callable[[str, str], bool]:
    """Whether a stored value is in that part. Raises Refusal 501 for an operand of another form."""
    call = _CALL.fullmatch(operand)
    if call is None or call["part"] not in _PARTS or call["sign"] not in _SIGNS:
        raise not_simulated(operand)
    part, sign = _PARTS[call["part"]], _SIGNS[call["sign"]]
    wanted = _number(call["part"], call["wanted"].lower(), operand)

    def holds(value: str, _: str) -> bool:
        when = parse_stamp(value)
        return when is not None and sign(part(when.astimezone(zone)), wanted)

    return holds


def _number(part: str, wanted: str, operand: str) -> int:
    names = {"dayofweek": _DAYS, "month": _MONTHS}.get(part)
    word = wanted[:3] if part == "month" else wanted
    if names and word in names:
        return names.index(word)
    if not wanted.isdigit():
        raise not_simulated(operand)
    return int(wanted)
