"""Journal fields: a write appends an entry, a read gives nothing, the display is newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING

from sandbox.servicenow.schema import Field
from sandbox.servicenow.seed import Record
from sandbox.servicenow.values import parse_stamp

if TYPE_CHECKING:
    from sandbox.servicenow.instance import Instance

_LABELS = {"comments": "Additional comments", "work_notes": "Work notes"}
_BOTH = "comments_and_work_notes"


def split(columns: Mapping[str, Field], record: Record) -> Record:
    """Take the journal inputs out of the record, so that they are never stored as values."""
    names = [name for name, column in columns.items() if column.kind == "journal"]
    notes = {name: record[name] for name in names if record.get(name)}
    record.update(dict.fromkeys(names, ""))
    return notes


def append(instance: Instance, table: str, sys_id: str, notes: Record, by: str) -> None:
    for element, value in notes.items():
        fields = {
            "name": table,
            "element": "comments" if element == _BOTH else element,
            "element_id": sys_id,
            "value": value,
        }
        instance.create("sys_journal_field", fields, by=by)


def entries(instance: Instance, sys_id: str, element: str) -> list[Record]:
    """Newest first."""
    wanted = set(_LABELS) if element == _BOTH else {element}
    rows = (record for _, record in instance.store.rows("sys_journal_field"))
    found = [row for row in rows if row["element_id"] == sys_id and row["element"] in wanted]
    return found[::-1]


def text(instance: Instance, sys_id: str, element: str, zone: tzinfo) -> str:
    """The whole journal as display_value=true shows it, in the zone of the API user."""
    return "".join(_entry(instance, row, zone) for row in entries(instance, sys_id, element))


def _entry(instance: Instance, row: Record, zone: tzinfo) -> str:
    when = parse_stamp(row["sys_created_on"])
    local = when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if when else ""
    author = instance.user(row["sys_created_by"])
    name = author["name"] if author else row["sys_created_by"]
    label = _LABELS.get(row["element"], row["element"])
    return f"{local} - {name} ({label})\n{row['value']}\n\n"
