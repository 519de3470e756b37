"""Encoded queries: parsed once against the columns that exist, then asked of each record.

A condition that names no known field or operator is invalid. An instance drops it, or returns no
rows at all, depending on glide.invalid_query.returns_no_rows; it never refuses it. What an instance
knows and the simulator does not is refused (501), never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sandbox.servicenow import datepart
from sandbox.servicenow.operators import (
    COMPARED_FIELDS,
    FOREIGN,
    OPERATORS,
    RELATIVE,
    Operator,
    comparable,
)
from sandbox.servicenow.refusal import not_simulated
from sandbox.servicenow.relations import Relation, taken_out
from sandbox.servicenow.script import Scripts

_KNOWN = {*OPERATORS, *COMPARED_FIELDS, *RELATIVE, *FOREIGN, "DATEPART", "DYNAMIC"}
_CONDITION = re.compile(
    r"(?P<path>[a-z][a-z0-9_.]*)(?P<operator>"
    + "|".join(re.escape(each) for each in sorted(_KNOWN, key=len, reverse=True))
    + r")(?P<operand>.*)",
    re.DOTALL,
)
_TEXT = "123TEXTQUERY321="
_UNKNOWN_WORDS = ("123TEXTINDEXGROUP321", "RLQUERY", "SUBQUERY", "JOIN")
_ME = "90d1921e5f510100a9ad2572f2b477fe"
"""The dynamic filter option "Me", the same on every instance."""
_PLAIN = frozenset({"=", "IN"})
_SPLIT = frozenset({"BETWEEN", "NOT BETWEEN", "ON", "NOTON"})

Exists = Callable[[str], bool]
Reader = Callable[[str, str], str]
"""(path, operator) → the value that the operator looks at; an empty path is all text at once."""


@dataclass(frozen=True)
class Condition:
    """`test` stands in for the operator's own where it depends on who asks."""

    path: str
    operator: str
    operand: str
    test: Operator | None = None

    def holds(self, read: Reader) -> bool:
        value = read(self.path, self.operator)
        if self.operator in COMPARED_FIELDS:
            name, _, how = self.operand.partition("@")
            return COMPARED_FIELDS[self.operator](value, read(name, "="), how)
        return (self.test or OPERATORS[self.operator])(value, self.operand)


@dataclass
class Query:
    """`groups` are OR-ed (`^NQ`), the chains in a group AND-ed, the conditions of a chain OR-ed."""

    groups: list[list[list[Condition]]] = field(default_factory=lambda: [[]])
    orders: list[tuple[str, bool]] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    headless: bool = False
    """The condition that a following `^OR` belongs to was dropped."""

    def matches(self, read: Reader) -> bool:
        return any(
            all(any(condition.holds(read) for condition in chain) for chain in group)
            for group in self.groups
        )

    def narrow(self) -> Iterator[tuple[str, list[str]]]:
        """Fields of the record itself of which every match has one of the values."""
        for chain in self.groups[0] if len(self.groups) == 1 else ():
            first = chain[0]
            plain = len(chain) == 1 and first.operator in _PLAIN and first.test is None
            if plain and first.operand and first.path and "." not in first.path:
                many = first.operator == "IN"
                yield first.path, first.operand.split(",") if many else [first.operand]

    def sort(self, readers: Iterable[tuple[int, Reader]]) -> list[int]:
        """The indices in the order asked for; the first ORDERBY counts most."""
        rows = list(readers)
        for path, descending in reversed(self.orders):
            rows.sort(key=lambda row: comparable(row[1](path, "LIKE")), reverse=descending)
        return [index for index, _ in rows]


def parse(text: str, exists: Exists, scripts: Scripts) -> Query:
    """Raises Refusal 501 for what an instance understands and the simulator does not."""
    rest, relations = taken_out(text)
    parser = _Parser(Query(relations=relations), exists, scripts)
    for token in rest.split("^"):
        parser.take(token)
    return parser.query


@dataclass
class _Parser:
    query: Query
    exists: Exists
    scripts: Scripts

    def take(self, token: str) -> None:
        if token.startswith("ORDERBY"):
            self._order(token.removeprefix("ORDERBY"))
        elif token.startswith("NQ"):
            self.query.groups.append([])
            self._add(token[2:], chained=False)
        elif token.startswith("OR"):
            self._add(token[2:], chained=True)
        elif token not in {"", "EQ"} and not token.startswith("GROUPBY"):
            self._add(token, chained=False)

    def _order(self, text: str) -> None:
        descending = text.startswith("DESC")
        path = text.removeprefix("DESC")
        if self.exists(path):
            self.query.orders.append((path, descending))

    def _add(self, text: str, *, chained: bool) -> None:
        query, condition = self.query, self._condition(text)
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

    def _condition(self, text: str) -> Condition | None:
        if text.startswith(_TEXT):
            return Condition("", "LIKE", text.removeprefix(_TEXT))
        if text.startswith(_UNKNOWN_WORDS):
            raise not_simulated(text)
        match = _CONDITION.fullmatch(text)
        if match is None or not self.exists(match["path"]):
            return None
        return self._normal(match["path"], match["operator"], match["operand"])

    def _normal(self, path: str, operator: str, operand: str) -> Condition | None:
        """`field=` asks for emptiness; a malformed relative date is an invalid condition."""
        if operator in FOREIGN or (operator == "DYNAMIC" and operand != _ME):
            raise not_simulated(f"{path}{operator}{operand}")
        if operator == "DYNAMIC":
            return Condition(path, "=", self.scripts.user_id)
        if operator in {"=", "!="} and not operand:
            return Condition(path, "ISEMPTY" if operator == "=" else "ISNOTEMPTY", "")
        if operator in RELATIVE:
            moment = self.scripts.relative(operand)
            return Condition(path, RELATIVE[operator], moment) if moment else None
        if operator == "DATEPART":
            return Condition(path, operator, "", datepart.test(operand, self.scripts.zone))
        return Condition(path, operator, self._evaluated(operator, operand))

    def _evaluated(self, operator: str, operand: str) -> str:
        parts = operand.split("@") if operator in _SPLIT else [operand]
        return "@".join(self.scripts.value(part) for part in parts)
