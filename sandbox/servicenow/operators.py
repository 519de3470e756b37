"""The operators of encoded queries: each tells whether a stored value satisfies an operand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.servicenow.values import parse_stamp

Operator = Callable[[str, str], bool]
_SYS_ID = re.compile(r"[0-9a-f]{32}")


def comparable(value: str) -> tuple[int, float, str]:
    """Sorts the empty before numbers, numbers by value, and text without regard to case.

    A sys_id is text, even one that reads like a number (`1e5…`).
    """
    if not value:
        return 0, 0.0, ""
    if _SYS_ID.fullmatch(value):
        return 2, 0.0, value
    try:
        return 1, float(value), ""
    except ValueError:
        return 2, 0.0, value.casefold()


def equal(value: str, operand: str) -> bool:
    return value.casefold() == operand.casefold()


def contains(value: str, operand: str) -> bool:
    return operand.casefold() in value.casefold()


def among(value: str, operand: str) -> bool:
    return any(equal(value, each) for each in operand.split(","))


def starts(value: str, operand: str) -> bool:
    return value.casefold().startswith(operand.casefold())


def ends(value: str, operand: str) -> bool:
    return value.casefold().endswith(operand.casefold())


def instance_of(value: str, operand: str) -> bool:
    return equal(value, operand) or operand == "task"


def less(value: str, operand: str) -> bool:
    return bool(value) and comparable(value) < comparable(operand)


def more(value: str, operand: str) -> bool:
    return bool(value) and comparable(value) > comparable(operand)


def between(value: str, operand: str) -> bool:
    low, _, high = operand.partition("@")
    return bool(value) and not less(value, low) and not more(value, high)


def on(value: str, operand: str) -> bool:
    """`operand` is `day@start@end`; only a literal day, Today and Yesterday are understood."""
    day = operand.split("@", maxsplit=1)[0]
    today = datetime.now(UTC).date()
    named = {"Today": str(today), "Yesterday": str(today - timedelta(days=1))}
    return value.startswith(named.get(day, day)) and bool(value)


_UNITS = {"minute": 60, "hour": 3600, "dayofweek": 86400, "day": 86400, "week": 604800}


def _moment(operand: str) -> datetime:
    """`@hour@ago@1` as a moment in time."""
    _, unit, direction, count = operand.split("@")
    distance = timedelta(seconds=_UNITS[unit] * int(count))
    return datetime.now(UTC) + (distance if direction == "ahead" else -distance)


def _relative(test: Callable[[datetime, datetime], bool]) -> Operator:
    def operator(value: str, operand: str) -> bool:
        when = parse_stamp(value)
        return when is not None and test(when, _moment(operand))

    return operator


def inverse(operator: Operator) -> Operator:
    return lambda value, operand: not operator(value, operand)


OPERATORS: dict[str, Operator] = {
    "=": equal,
    "!=": inverse(equal),
    ">": more,
    "<": less,
    ">=": lambda value, operand: bool(value) and not less(value, operand),
    "<=": lambda value, operand: bool(value) and not more(value, operand),
    "IN": among,
    "NOT IN": inverse(among),
    "INSTANCEOF": instance_of,
    "LIKE": contains,
    "*": contains,
    "CONTAINS": contains,
    "NOT LIKE": inverse(contains),
    "NOTLIKE": inverse(contains),
    "!*": inverse(contains),
    "DOES NOT CONTAIN": inverse(contains),
    "STARTSWITH": starts,
    "ENDSWITH": ends,
    "%": ends,
    "ISEMPTY": lambda value, _: not value,
    "EMPTYSTRING": lambda value, _: not value,
    "ISNOTEMPTY": lambda value, _: bool(value),
    "ANYTHING": lambda *_: True,
    "BETWEEN": between,
    "NOT BETWEEN": inverse(between),
    "ON": on,
    "NOTON": inverse(on),
    "RELATIVEGT": _relative(datetime.__gt__),
    "RELATIVEGE": _relative(datetime.__ge__),
    "RELATIVELT": _relative(datetime.__lt__),
    "RELATIVELE": _relative(datetime.__le__),
    "SAMEAS": equal,
    "NSAMEAS": inverse(equal),
}

FIELD_OPERANDS = frozenset({"SAMEAS", "NSAMEAS"})
"""Operators whose right side names a field of the same record."""
TEXT_OPERATORS = frozenset({
    "LIKE", "*", "CONTAINS", "NOT LIKE", "NOTLIKE", "!*", "DOES NOT CONTAIN", "STARTSWITH",
    "ENDSWITH", "%",
})  # fmt: skip
"""Operators that look at the display value of a reference."""
