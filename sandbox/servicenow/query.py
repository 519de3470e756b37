"""Encoded queries: parsed once against the columns that exist, then asked of each record.

A condition that names no known field or operator is invalid. An instance drops it, or returns no
rows at all, depending on glide.invalid_query.returns_no_rows; it never refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.servicenow.operators import FIELD_OPERANDS, OPERATORS, comparable

_CONDITION = re.compile(
    r"(?P<path>[a-z][a-z0-9_.]*)(?P<operator>"
    + "|".join(re.escape(each) for each in sorted(OPERATORS, key=len, reverse=True))
    + r")(?P<operand>.*)",
    re.DOTALL,
)
_TEXT = "123TEXTQUERY321="

Exists = Callable[[str], bool]
Reader = Callable[[str, str], str]
"""(path, operator) → the value that the operator looks at; an empty path is all text at once."""


@dataclass(frozen=True)
class Condition:
    path: str
    operator: str
    operand: str

    def holds(self, read: Reader) -> bool:
        operand = read(self.operand, "=") if self.operator in FIELD_OPERANDS else self.operand
        return OPERATORS[self.operator](read(self.path, self.operator), operand)


@dataclass
class Query:
    """`groups` are OR-ed (`^NQ`), the chains in a group AND-ed, the conditions of a chain OR-ed."""

    groups: list[list[list[Condition]]] = field(default_factory=lambda: [[]])
    orders: list[tuple[str, bool]] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    headless: bool = False
    """The condition that a following `^OR` belongs to was dropped."""

    def matches(self, read: Reader) -> bool:
        return any(
            all(any(condition.holds(read) for condition in chain) for chain in group)
            for group in self.groups
        )

    def sort(self, readers: Iterable[tuple[int, Reader]]) -> list[int]:
        """The indices in the order asked for; the first ORDERBY counts most."""
        rows = list(readers)
        for path, descending in reversed(self.orders):
            rows.sort(key=lambda row: comparable(row[1](path, "LIKE")), reverse=descending)
        return [index for index, _ in rows]


def parse(text: str, exists: Exists) -> Query:
    query = Query()
    for token in text.split("^"):
        _take(query, token, exists)
    return query


def _take(query: Query, token: str, exists: Exists) -> None:
    if token.startswith("ORDERBY"):
        _order(query, token.removeprefix("ORDERBY"), exists)
    elif token.startswith("NQ"):
        query.groups.append([])
        _add(query, token[2:], exists, chained=False)
    elif token.startswith("OR"):
        _add(query, token[2:], exists, chained=True)
    elif token not in {"", "EQ"} and not token.startswith("GROUPBY"):
        _add(query, token, exists, chained=False)


def _order(query: Query, text: str, exists: Exists) -> None:
    descending = text.startswith("DESC")
    path = text.removeprefix("DESC")
    if exists(path):
        query.orders.append((path, descending))


def _add(query: Query, text: str, exists: Exists, *, chained: bool) -> None:
    condition = _condition(text, exists)
    if condition is None:
        query.invalid.append(text)
        query.headless = query.headless or not chained
        return
    group = query.groups[-1]
    if chained and group and not query.headless:
        group[-1].append(condition)
    else:
        group.append([condition])
    query.headless = False


def _condition(text: str, exists: Exists) -> Condition | None:
    if text.startswith(_TEXT):
        return Condition("", "LIKE", text.removeprefix(_TEXT))
    match = _CONDITION.fullmatch(text)
    if match is None or not exists(match["path"]):
        return None
    return _normal(match["path"], match["operator"], match["operand"])


def _normal(path: str, operator: str, operand: str) -> Condition | None:
    """`field=` asks for emptiness; a malformed relative date is an invalid condition."""
    if operator in {"=", "!="} and not operand:
        return Condition(path, "ISEMPTY" if operator == "=" else "ISNOTEMPTY", "")
    if operator.startswith("RELATIVE") and not re.fullmatch(
        r"@(minute|hour|day|dayofweek|week)@(ago|ahead)@\d+", operand
    ):
        return None
    return Condition(path, operator, operand)
