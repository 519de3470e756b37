"""Encoded queries, built from values that cannot change them.

The grammar has no escape for `^`, `,` or `@`, so only sys_ids, whole numbers, flags, plain words
and numbers of records get in; a requester's text never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

SYS_ID = re.compile(r"[0-9a-f]{32}")
_RECORD = re.compile(r"[A-Z]{3,8}[0-9]{5,15}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_FIELD = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,4}")


def is_sys_id(text: str) -> bool:
    return SYS_ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions joined by AND, then an order. Every method raises ValueError on unfit values."""

    conditions: tuple[str, ...] = ()
    order: str = ""

    def __str__(self) -> str:
        return "^".join((*self.conditions, *filter(None, [self.order])))

    def flag(self, field: str, value: bool) -> Query:
        return self._with(field, "=", "true" if value else "false")

    def number(self, field: str, value: int) -> Query:
        return self._with(field, "=", str(int(value)))

    def sys_id(self, field: str, value: str) -> Query:
        return self._with(field, "=", _matching(SYS_ID, value))

    def after(self, sys_id: str) -> Query:
        """The rows of the next page, of a query in the order of its sys_ids."""
        return self._with("sys_id", ">", _matching(SYS_ID, sys_id))

    def sys_ids(self, field: str, values: Iterable[str]) -> Query:
        return self._with(field, "IN", ",".join(_matching(SYS_ID, value) for value in values))

    def record(self, field: str, number: str) -> Query:
        """The number of a record, e.g. `RITM0010001`."""
        return self._with(field, "=", _matching(_RECORD, number))

    def words(self, field: str, values: Iterable[str]) -> Query:
        """Words of the configuration or of the instance's choice lists."""
        return self._with(field, "IN", ",".join(_matching(_WORD, value) for value in values))

    def begins(self, field: str, word: str) -> Query:
        return self._with(field, "STARTSWITH", _matching(_WORD, word))

    def filled(self, field: str) -> Query:
        """The field is not empty."""
        return replace(self, conditions=(*self.conditions, f"{_matching(_FIELD, field)}ISNOTEMPTY"))

    def our_own(self, field: str) -> Query:
        """The field names the account that asks; the instance evaluates the script."""
        return self._with(field, "=", "javascript:gs.getUserID()")

    def ascending(self, field: str) -> Query:
        return replace(self, order=f"ORDERBY{_matching(_FIELD, field)}")

    def descending(self, field: str) -> Query:
        return replace(self, order=f"ORDERBYDESC{_matching(_FIELD, field)}")

    def _with(self, field: str, operator: str, value: str) -> Query:
        # An empty right side would test for an empty field, which nobody here means.
        if not value:
            raise ValueError(f"no value to compare {field} with")
        condition = f"{_matching(_FIELD, field)}{operator}{value}"
        return replace(self, conditions=(*self.conditions, condition))


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} does not belong into an encoded query")
    return text
