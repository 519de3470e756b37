"""The tables that every instance has, their columns and choice lists, as tables.toml tells them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TOLD: dict[str, Any] = tomllib.loads(Path(__file__).with_name("tables.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Field:
    """`kind`: string, choice, boolean, integer, date, datetime, journal, reference or password.

    `length` is in characters, 0 for none of its own; no two rows have the same of a `unique` one.
    """

    name: str
    kind: str = "string"
    default: str = ""
    reference: str = ""
    length: int = 0
    unique: bool = False


@dataclass(frozen=True)
class Table:
    """`open`: any field may be written; `prefix`: of the automatic number."""

    name: str
    label: str
    parent: str = ""
    display: str = "name"
    prefix: str = ""
    open: bool = False
    fields: Mapping[str, Field] = field(default_factory=dict)


MAX_LENGTH = {
    "short_description": 160,
    "correlation_id": 100,
    "correlation_display": 100,
    "number": 40,
    "description": 4000,
    "close_notes": 4000,
}
"""Characters; a longer value is cut without a word, as the dictionary of an instance does."""


def _field(text: str) -> Field:
    head, _, default = text.strip().partition("=")
    head, _, reference = head.partition(">")
    name, _, kind = head.partition(":")
    return Field(name, "reference" if reference else kind or "string", default, reference)


def _fields(text: str) -> dict[str, Field]:
    fields = [_field(part) for part in text.split(",") if part.strip()]
    return {each.name: each for each in fields}


SYSTEM = _fields(_TOLD["system"]["fields"])
REFERENCES = _fields(_TOLD["open"]["references"])
"""Of open tables: a column of that name refers to such a table."""


def _build() -> Iterator[Table]:
    for name, told in _TOLD["tables"].items():
        inherited = _TOLD["tables"].get(told.get("parent"), {}).get("fields", "")
        own = told.get("fields", "")
        rest = {key: value for key, value in told.items() if key != "fields"}
        yield Table(name, fields={**SYSTEM, **_fields(inherited), **_fields(own)}, **rest)
    for name in _TOLD["open"]["names"].split():
        yield open_table(name)


def open_table(name: str) -> Table:
    """A table of which only the system fields and a name are known beforehand."""
    label = name.removeprefix("u_").replace("_", " ").title()
    return Table(name, label, open=True, fields={**SYSTEM, "name": Field("name")})


TABLES: dict[str, Table] = {table.name: table for table in _build()}
CHOICES: dict[str, dict[str, dict[str, str]]] = _TOLD["choices"]
"""Table → column → value → label."""
