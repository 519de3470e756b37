"""The destinations that requesters may choose from in the catalog: names and descriptions, no more.

Several FileFerrys may offer theirs in one table. Each alters its own rows alone; a name that two of
them offer is the row of whoever came first, until he takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.servicenow.application.tables import Application, absent, insist_on
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.pages import every_row
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from adapters.servicenow.line.wording import clean
from transfer.errors import Permanent

FIELDS = ("sys_id", "name", "description", "active", "instance")
DESCRIPTION = 200
"""Characters that a description holds."""
_BELIEVED = 10_000


class Act(StrEnum):
    """What becomes of a name. `left`: another FileFerry offers it; `kept`: it is right as it is."""

    CREATE = "create"
    UPDATE = "update"
    TAKE_OVER = "take over"
    DEACTIVATE = "deactivate"
    LEFT = "left"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`values` are written to `row`, or to a new one; none where nothing is done."""

    act: Act
    name: str
    text: str
    values: Mapping[str, str]
    row: Record | None = None


class Offer:
    """What this FileFerry offers: destination → description. Raises FerryError `servicenow.*`,
    `application.missing`.
    """

    def __init__(self, client: Client, application: Application, wanted: Mapping[str, str]) -> None:
        self._client = client
        self._application = application
        self._wanted = {name: clean(text, DESCRIPTION) for name, text in wanted.items()}

    def changes(self) -> list[Change]:
        """What would have to be done, by name. Reads only."""
        table = self._application.destination
        try:
            found = every_row(self._client, table, Query(), FIELDS, believed=_BELIEVED)
        except Permanent as error:
            raise absent(error, self._application.scope) from error
        rows: dict[str, list[Record]] = {name: [] for name in self._wanted}
        for row in sorted(found, key=self._rank):
            rows.setdefault(row["name"], []).append(row)
        return [change for name in sorted(rows) for change in self._of(name, rows[name])]

    def make(self, change: Change) -> Change:
        """Carry it out, and say what was done in the end; nothing is ever deleted."""
        if not change.values:
            return change
        if change.row is None:
            return self._create(change)
        table, sys_id = self._application.destination, change.row["sys_id"]
        insist_on(self._client.update(table, sys_id, change.values, FIELDS), change.values)
        return change

    def _create(self, change: Change) -> Change:
        table = self._application.destination
        key = self._application.row_id(table, change.name)
        try:
            row = self._client.create(table, {"sys_id": key, **change.values}, FIELDS)
        except Permanent:
            # Another FileFerry may have been there first: the table takes no name twice.
            now = next(each for each in self.changes() if each.name == change.name)
            if now.act is Act.CREATE:
                raise
            return self.make(now)
        insist_on(row, change.values)
        return change

    def _rank(self, row: Record) -> tuple[bool, bool, str]:
        """What is active first, then ours: the table should have no name twice, but may."""
        return not row.flag("active"), not self._ours(row), row["sys_id"]

    def _ours(self, row: Record) -> bool:
        return row["instance"] == self._application.known_as

    def _of(self, name: str, rows: Sequence[Record]) -> Iterator[Change]:
        """The first row may be ours to offer; every further one of ours is taken back."""
        first, rest = (rows[0], rows[1:]) if rows else (None, ())
        if name in self._wanted:
            yield self._offered(name, first)
        elif first:
            yield from self._taken_back(first)
        for row in rest:
            yield from self._taken_back(row)

    def _offered(self, name: str, row: Record | None) -> Change:
        text = self._wanted[name]
        values = {"name": name, "description": text, "active": "true"}
        values["instance"] = self._application.known_as
        if row is None:
            return Change(act=Act.CREATE, name=name, text=text, values=values)
        if not self._ours(row) and row.flag("active"):
            words = f"{row['instance'] or 'somebody'} offers it"
            return Change(act=Act.LEFT, name=name, text=words, values={}, row=row)
        if not self._ours(row):
            words = f"{row['instance'] or 'somebody'} offers it no more"
            return Change(act=Act.TAKE_OVER, name=name, text=words, values=values, row=row)
        other = {key: value for key, value in values.items() if (row.get(key) or "") != value}
        act = Act.UPDATE if other else Act.KEPT
        return Change(act=act, name=name, text=text, values=other, row=row)

    def _taken_back(self, row: Record) -> Iterator[Change]:
        if self._ours(row) and row.flag("active"):
            words = "not among the destinations any more"
            values = {"active": "false"}
            yield Change(act=Act.DEACTIVATE, name=row["name"], text=words, values=values, row=row)
