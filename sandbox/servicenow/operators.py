"""The operators of encoded queries: each tells whether a stored value satisfies an operand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sandbox.servicenow.refusal import not_simulated
from sandbox.servicenow.values import parse_stamp

Operator = Callable[[str, str], bool]
CompareFields = Callable[[str, str, str], bool]
"""(value, value of the other field, what stands behind its name) → whether the condition holds."""
_SYS_ID = re.compile(r"[0-9a-f]{32}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SIDES = {"before": (-1,), "after": (1,), "before or after": (-1, 1)}
_DISTANCE = re.compile(
    r"(?P<unit>minute|hour|day|week)@(?P<side>before or after|before|after)@(?P<count>\d+)"
)


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
    """`operand` is `day@first second@last second`; a day in figures does without the two."""
    day, _, bounds = operand.partition("@")
    first, _, last = bounds.partition("@")
    if parse_stamp(first) and parse_stamp(last):
        return first <= value <= last
    if not _DAY.fullmatch(day):
        raise not_simulated(f"ON{operand}")
    return value.startswith(day)


def _apart(test: Callable[[timedelta, timedelta], bool]) -> CompareFields:
    """`how` is `day@before@1`: the value so far before, after, or to either side of the other."""

    def compare(value: str, other: str, how: str) -> bool:
        match = _DISTANCE.fullmatch(how)
        if match is None:
            raise not_simulated(how)
        distance = timedelta(seconds=_UNITS[match["unit"]] * int(match["count"]))
        when, then = parse_stamp(value), parse_stamp(other)
        if when is None or then is None:
            return False
        ways = [(when - then) * sign for sign in _SIDES[match["side"]]]
        return any(way >= timedelta(0) and test(way, distance) for way in ways)

    return compare


def _same(value: str, other: str, how: str) -> bool:
    if how:
        raise not_simulated(f"SAMEAS…@{how}")
    return equal(value, other)


def _ordered(test: Operator) -> CompareFields:
    return lambda value, other, _: test(value, other)


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
}

COMPARED_FIELDS: dict[str, CompareFields] = {
    "SAMEAS": _same,
    "NSAMEAS": lambda value, other, how: not _same(value, other, how),
    "GT_FIELD": _ordered(more),
    "LT_FIELD": _ordered(less),
    "GT_OR_EQUALS_FIELD": _ordered(OPERATORS[">="]),
    "LT_OR_EQUALS_FIELD": _ordered(OPERATORS["<="]),
    "MORETHAN": _apart(timedelta.__gt__),
    "LESSTHAN": _apart(timedelta.__le__),
}
"""Operators whose right side names a field of the same record."""
RELATIVE = {"RELATIVEGT": ">", "RELATIVEGE": ">=", "RELATIVELT": "<", "RELATIVELE": "<="}
"""Operators that compare with a moment so far from now."""
FOREIGN = frozenset({
    "IN_HIERARCHY", "IN_HIERARCHY_DYNAMIC", "VALCHANGES", "CHANGESFROM", "CHANGESTO", "RELATIVEEE",
})  # fmt: skip
"""Operators of an instance that are not simulated."""
TEXT_OPERATORS = frozenset({
    "LIKE", "*", "CONTAINS", "NOT LIKE", "NOTLIKE", "!*", "DOES NOT CONTAIN", "STARTSWITH",
    "ENDSWITH", "%",
})  # fmt: skip
"""Operators that look at the display value of a reference."""
