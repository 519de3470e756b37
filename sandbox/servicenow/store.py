"""Records in memory with their past versions, so that a lagging replica can be played."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator

from sandbox.servicenow.refusal import invalid_table
from sandbox.servicenow.schema import REFERENCES, TABLES, Field, Table, open_table
from sandbox.servicenow.seed import Record

_KEPT = 16
_FIRST_NUMBER = 10001

Version = tuple[float, Record | None]


class Store:
    """Tables, their columns and rows. Not locked: Instance holds the lock.

    `as_of` is a reading of `time.monotonic`; with it, a row is seen as it was then.
    """

    def __init__(self, tables: Iterable[Table] = TABLES.values()) -> None:
        self.tables = {table.name: table for table in tables}
        self._rows: dict[str, dict[str, list[Version]]] = {name: {} for name in self.tables}
        self._extra: dict[str, dict[str, Field]] = {}
        self._places: dict[str, dict[str, int]] = {name: {} for name in self.tables}
        self._indexes: dict[tuple[str, str], dict[str, set[str]]] = {}
        self._numbers: Counter[str] = Counter()
        self._families: dict[str, list[str]] = {}

    def open(self, name: str) -> None:
        """Let the table come into being when there is none of that name."""
        if name not in self.tables:
            self.tables[name] = open_table(name)
            self._families.clear()
            self._rows[name] = {}
            self._places[name] = {}

    def table(self, name: str) -> Table:
        if name not in self.tables:
            raise invalid_table(name)
        return self.tables[name]

    def columns(self, name: str) -> dict[str, Field]:
        table = self.table(name)
        inherited = self._extra.get(table.parent, {})
        return {**table.fields, **inherited, **self._extra.get(name, {})}

    def widen(self, name: str, fields: Iterable[str]) -> None:
        """Add a column for each unknown field."""
        known = self.columns(name)
        extra = self._extra.setdefault(name, {})
        extra.update({key: REFERENCES.get(key, Field(key)) for key in fields if key not in known})

    def family(self, name: str) -> list[str]:
        """The table and those that extend it. Asked for at every look at a row."""
        if name not in self._families:
            self.table(name)
            own = (each.name for each in self.tables.values() if name in (each.name, each.parent))
            self._families[name] = [*own]
        return self._families[name]

    def root(self, name: str) -> str:
        return self.table(name).parent or name

    def find(self, name: str, sys_id: str, as_of: float | None = None) -> Record | None:
        for member in self.family(name):
            found = _seen(self._rows[member].get(sys_id, []), as_of)
            if found is not None:
                return found
        return None

    def table_of(self, name: str, sys_id: str) -> str:
        """The table of the family that holds the row; `name` itself when none does."""
        holders = (each for each in self.family(name) if _seen(self._rows[each].get(sys_id, [])))
        return next(holders, name)

    def rows(self, name: str, as_of: float | None = None) -> Iterator[tuple[str, Record]]:
        """(table, record) of the table and those that extend it, oldest first."""
        for member in self.family(name):
            for versions in list(self._rows[member].values()):
                record = _seen(versions, as_of)
                if record is not None:
                    yield member, record

    def among(
        self, name: str, field: str, values: Iterable[str], as_of: float | None = None
    ) -> Iterator[tuple[str, Record]]:
        """As rows(), of those alone that have, or once had, one of the values in the field; without
        regard to case. The caller still looks.
        """
        wanted = {value.casefold() for value in values}
        for member in self.family(name):
            index, places = self._index(member, field), self._places[member]
            found = {key for value in wanted for key in index.get(value, ())}
            for key in sorted(found, key=places.__getitem__):
                record = _seen(self._rows[member][key], as_of)
                if record is not None:
                    yield member, record

    def _index(self, member: str, field: str) -> dict[str, set[str]]:
        """Made when it is first asked for; put() keeps it."""
        if (member, field) not in self._indexes:
            index = self._indexes[member, field] = {}
            for key, versions in self._rows[member].items():
                for _, record in versions:
                    index.setdefault((record or {}).get(field, "").casefold(), set()).add(key)
        return self._indexes[member, field]

    def put(self, name: str, record: Record) -> None:
        key = record["sys_id"]
        versions = self._rows[name].setdefault(key, [])
        versions.append((time.monotonic(), dict(record)))
        del versions[:-_KEPT]
        self._places[name].setdefault(key, len(self._places[name]))
        for (member, field), index in self._indexes.items():
            if member == name:
                index.setdefault(record.get(field, "").casefold(), set()).add(key)

    def remove(self, name: str, sys_id: str) -> None:
        self._rows[name][sys_id].append((time.monotonic(), None))

    def next_number(self, name: str) -> str:
        prefix = self.table(name).prefix
        if not prefix:
            return ""
        self._numbers[prefix] += 1
        return f"{prefix}{_FIRST_NUMBER - 1 + self._numbers[prefix]:07d}"


def _seen(versions: list[Version], as_of: float | None = None) -> Record | None:
    for when, record in reversed(versions):
        if as_of is None or when <= as_of:
            return dict(record) if record is not None else None
    return None
