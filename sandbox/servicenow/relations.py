"""Conditions on other tables: `RLQUERY…^ENDRLQUERY`, `SUBQUERY…^ENDSUBQUERY` and `JOIN…!…`.

RLQUERY counts the records that refer to this one (docs: "Encoded query strings"), SUBQUERY and JOIN
ask for one with the same value in a field. They hold beside the rest of the query; what an instance
makes of them behind `^OR` or `^NQ`, nested or twice is not known well enough and is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.servicenow.refusal import not_simulated

_WORDS = re.compile(r"RLQUERY|SUBQUERY|JOIN(?=[a-z])")
_RELATED = re.compile(
    r"RLQUERY(?P<table>[a-z0-9_]+)\.(?P<field>[a-z0-9_.]+),"
    r"(?P<count>(?:>=|<=|!=|=|>|<)\d+|BETWEEN\d+@\d+)(?:,m2m)?"
    r"(?P<query>(?:[\^,](?!ENDRLQUERY).*?)?)(?:\^ENDRLQUERY|$)",
    re.DOTALL,
)
_SUBQUERY = re.compile(
    r"SUBQUERY(?P<own>[a-z0-9_.]+),(?P<field>[a-z0-9_.]+),(?P<table>[a-z0-9_]+)"
    r"(?P<query>\^.*?)(?:\^ENDSUBQUERY|$)",
    re.DOTALL,
)
_JOIN = re.compile(
    r"JOIN(?P<first>[a-z0-9_]+)\.(?P<own>[a-z0-9_.]+)=(?P<table>[a-z0-9_]+)\."
    r"(?P<field>[a-z0-9_.]+)!(?P<query>(?:[^^]|\^\^)*)"
)
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge, "<=": operator.le, "!=": operator.ne,
    "=": operator.eq, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


@dataclass(frozen=True)
class Relation:
    """So many records of `table` that `query` selects have our `own` in `field`.

    `count` is `>=1`, `=0`, `BETWEEN1@3`, …; `first` the table whose field `own` is, if it says so.
    """

    table: str
    field: str
    query: str
    count: str = ">=1"
    own: str = "sys_id"
    first: str = ""

    def holds(self, value: str, found: Iterable[str]) -> bool:
        """`found` has the values of `field` in the records that were selected."""
        number = sum(each == value for each in found) if value else 0
        low, between, high = self.count.removeprefix("BETWEEN").partition("@")
        if between:
            return int(low) <= number <= int(high)
        sign = self.count.rstrip("0123456789")
        return _COMPARISONS[sign](number, int(self.count.removeprefix(sign)))


def taken_out(text: str) -> tuple[str, list[Relation]]:
    """The query without its relations, and these. Raises Refusal 501 for what is not understood."""
    relations: list[Relation] = []
    for pattern in (_RELATED, _SUBQUERY, _JOIN):
        while match := pattern.search(text):
            before = text[: match.start()]
            if before and not before.endswith("^"):
                raise not_simulated(text)
            relations.append(_relation(match))
            text = before.removesuffix("^") + text[match.end() :]
    if _WORDS.search(text) or sum(each.count != ">=1" for each in relations) > 1:
        raise not_simulated(text)
    return text, relations


def _relation(match: re.Match[str]) -> Relation:
    parts = match.groupdict()
    query = (parts.pop("query") or "").lstrip("^,").replace("^^", "^")
    if _WORDS.search(query):
        raise not_simulated(match[0])
    return Relation(query=query, **{key: value for key, value in parts.items() if value})
