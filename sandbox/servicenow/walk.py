"""Dot-walking: finds the value behind `request_item.request.number` or `variables.source`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Protocol

from sandbox.servicenow import journal
from sandbox.servicenow.operators import TEXT_OPERATORS
from sandbox.servicenow.schema import Field
from sandbox.servicenow.script import Scripts
from sandbox.servicenow.seed import Record
from sandbox.servicenow.store import Store
from sandbox.servicenow.values import zone_of

VARIABLES = "variables."


@dataclass(frozen=True)
class Cell:
    """One value and the column that it stands in; `owner` is the record, `table` its table."""

    table: str
    field: Field
    value: str
    owner: Record | None


class World(Protocol):
    """What is walked through: an Instance, of which no more is needed."""

    store: Store
    clock: Callable[[], datetime]
    zone: tzinfo


@dataclass(frozen=True)
class Walker:
    """Reads fields as `user` sees them: `hidden` (table, field) pairs do not exist for him, and
    `blank` ones are always empty.

    `as_of` is the moment (`time.monotonic`) whose state a lagging replica shows, None for now.
    """

    instance: World
    hidden: frozenset[tuple[str, str]] = frozenset()
    blank: frozenset[tuple[str, str]] = frozenset()
    as_of: float | None = None
    user: Record = field(default_factory=dict)

    @property
    def zone(self) -> tzinfo:
        """In which the user sees times: his own where his record names one."""
        return zone_of(self.user.get("time_zone", "")) or self.instance.zone

    @property
    def scripts(self) -> Scripts:
        """What `javascript:` in a query sees."""
        name = self.user.get("user_name", "")
        return Scripts(self.user.get("sys_id", ""), name, self.instance.clock(), self.zone)

    def column(self, table: str, path: str) -> tuple[str, Field] | None:
        """(table, field) where the path ends, None when any part of it is unknown or hidden."""
        first, _, rest = path.partition(".")
        field = self.instance.store.columns(table).get(first)
        if field is None or (table, first) in self.hidden:
            return None
        if not rest:
            return table, field
        if field.reference not in self.instance.store.tables:
            return None
        return self.column(field.reference, rest)

    def cell(self, table: str, record: Record, path: str) -> Cell | None:
        """The value behind the path, empty where a reference on the way leads nowhere."""
        if path.startswith(VARIABLES):
            return self._variable(table, record, path.removeprefix(VARIABLES))
        found = self.column(table, path)
        if found is None:
            return None
        blank = (found[0], found[1].name) in self.blank
        owner = None if blank else self._follow(table, record, path)
        name = path.rpartition(".")[2]
        return Cell(found[0], found[1], (owner or {}).get(name, ""), owner)

    def _follow(self, table: str, record: Record, path: str) -> Record | None:
        first, _, rest = path.partition(".")
        if not rest:
            return record
        reference = self.instance.store.columns(table)[first].reference
        target = self.instance.store.find(reference, record.get(first, ""), self.as_of)
        return self._follow(reference, target, rest) if target is not None else None

    def _variable(self, table: str, record: Record, name: str) -> Cell | None:
        item = {"sc_req_item": "sys_id", "sc_task": "request_item"}.get(table)
        if item is None or "." in name or (table, VARIABLES + name) in self.hidden:
            return None
        store = self.instance.store
        links = store.among("sc_item_option_mtom", "request_item", [record[item]], self.as_of)
        for _, link in links:
            if link["request_item"] != record[item]:
                continue
            option = store.find("sc_item_option", link["sc_item_option"], self.as_of) or {}
            question = store.find("item_option_new", option.get("item_option_new", ""))
            if question is not None and question["name"] == name:
                return Cell(table, Field(VARIABLES + name), option["value"], option)
        return None

    def display(self, cell: Cell) -> str:
        """What a person sees of a reference; the value itself of anything else."""
        if not cell.field.reference or not cell.value:
            return cell.value
        store = self.instance.store
        target = store.find(cell.field.reference, cell.value, self.as_of)
        if target is None:
            return cell.value if cell.value == "global" else ""
        holder = store.table_of(cell.field.reference, cell.value)
        return target.get(store.table(holder).display, "") or cell.value

    def reader(self, table: str, record: Record) -> Callable[[str, str], str]:
        """What the operators of a query look at in this record."""

        def read(path: str, operator: str) -> str:
            if not path:
                return "\n".join(record.values())
            cell = self.cell(table, record, path)
            if cell is None:
                return ""
            if cell.field.kind == "journal" and cell.owner is not None:
                name = path.rpartition(".")[2]
                return journal.text(self.instance.store, cell.owner["sys_id"], name, self.zone)
            return self.display(cell) if operator in TEXT_OPERATORS else cell.value

        return read
