"""The shape of records in JSON: plain values, display values or both, with links or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.servicenow import journal
from sandbox.servicenow.seed import Record
from sandbox.servicenow.values import parse_stamp
from sandbox.servicenow.walk import Cell, Walker


@dataclass(frozen=True)
class Shape:
    """How the caller wants to see values: `display` false, true or all; `api`: base of links."""

    api: str
    display: str = "false"
    links: bool = True

    @classmethod
    def of(cls, arguments: Mapping[str, str], api: str) -> Shape:
        """From the sysparm_* arguments of a request."""
        display = arguments.get("sysparm_display_value", "false")
        bare = arguments.get("sysparm_exclude_reference_link", "false") == "true"
        return cls(api, display if display in {"true", "all"} else "false", not bare)


class Renderer:
    """Renders records for one request, as `walker` sees them."""

    def __init__(self, walker: Walker, shape: Shape) -> None:
        self._walker = walker
        self._shape = shape
        self._labels = _labels(walker)

    def record(self, table: str, record: Record, fields: Sequence[str] = ()) -> dict[str, Any]:
        """All fields, or those named; a name that is unknown or hidden is left out."""
        names = fields or sorted(self._walker.instance.store.columns(table))
        cells = {name: self._walker.cell(table, record, name) for name in names}
        return {name: self.value(cell) for name, cell in cells.items() if cell is not None}

    def value(self, cell: Cell) -> Any:
        raw = "********" if cell.field.kind == "password" and cell.value else cell.value
        if cell.field.reference:
            return self._reference(cell)
        if self._shape.display == "false":
            return raw
        shown = raw if cell.field.kind == "password" else self.display(cell)
        return shown if self._shape.display == "true" else {"display_value": shown, "value": raw}

    def _reference(self, cell: Cell) -> Any:
        display, links = self._shape.display, self._shape.links
        if display != "all" and (not cell.value or not links):
            return self._walker.display(cell) if display == "true" else cell.value
        parts: dict[str, str] = {}
        if display != "false":
            parts["display_value"] = self._walker.display(cell)
        if links and cell.value:
            parts["link"] = f"{self._shape.api}/table/{cell.field.reference}/{cell.value}"
        if display != "true":
            parts["value"] = cell.value
        return parts

    def display(self, cell: Cell) -> str:
        """What a person sees: label of a choice, local time, the text of a journal, a name."""
        field, name = cell.field, cell.field.name
        if field.kind == "journal" and cell.owner is not None:
            entries = cell.owner["sys_id"], name
            return journal.text(self._walker.instance.store, *entries, self._walker.zone)
        if field.kind == "datetime":
            return self._local(cell.value)
        if name == "sys_class_name":
            tables = self._walker.instance.store.tables
            return tables[cell.value].label if cell.value in tables else cell.value
        if field.kind == "choice":
            return self._label(cell)
        return self._walker.display(cell)

    def _label(self, cell: Cell) -> str:
        owner = cell.owner or {}
        tables = (owner.get("sys_class_name"), cell.table, "task")
        keys = [(table, cell.field.name, cell.value) for table in tables]
        return next((self._labels[key] for key in keys if key in self._labels), cell.value)

    def _local(self, value: str) -> str:
        when = parse_stamp(value)
        return when.astimezone(self._walker.zone).strftime("%Y-%m-%d %H:%M:%S") if when else value


def _labels(walker: Walker) -> dict[tuple[str | None, str, str], str]:
    rows = walker.instance.store.rows("sys_choice")
    return {(row["name"], row["element"], row["value"]): row["label"] for _, row in rows}
