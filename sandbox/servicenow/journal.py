"""Journal fields: a write appends an entry, a read gives nothing, the display is newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo

from sandbox.servicenow.schema import Field
from sandbox.servicenow.seed import Record
from sandbox.servicenow.store import Store
from sandbox.servicenow.values import parse_stamp

_LABELS = {"comments": "Additional comments", "work_notes": "Work notes"}
_BOTH = "comments_and_work_notes"


def split(columns: Mapping[str, Field], record: Record) -> Record:
    """Take the journal inputs out of the record, so that they are never stored as values."""
    names = [name for name, column in columns.items() if column.kind == "journal"]
    notes = {name: record[name] for name in names if record.get(name)}
    record.update(dict.fromkeys(names, ""))
    return notes


def rows(table: str, sys_id: str, notes: Record) -> Iterator[Record]:
    """The entries of sys_journal_field that the notes make."""
    for element, value in notes.items():
        yield {
            "name": table,
            "element": "comments" if element == _BOTH else element,
            "element_id": sys_id,
            "value": value,
        }


def entries(store: Store, sys_id: str, element: str) -> list[Record]:
    """Newest first."""
    wanted = set(_LABELS) if element == _BOTH else {element}
    every = (record for _, record in store.among("sys_journal_field", "element_id", [sys_id]))
    found = [row for row in every if row["element_id"] == sys_id and row["element"] in wanted]
    return found[::-1]


def text(store: Store, sys_id: str, element: str, zone: tzinfo) -> str:
    """The whole journal as display_value=true shows it, in the zone of the API user."""
    return "".join(_entry(store, row, zone) for row in entries(store, sys_id, element))


def _entry(store: Store, row: Record, zone: tzinfo) -> str:
    when = parse_stamp(row["sys_created_on"])
    local = when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if when else ""
    login = row["sys_created_by"]
    users = store.among("sys_user", "user_name", [login])
    names = (user["name"] for _, user in users if user["user_name"] == login)
    name = next(names, login)
    label = _LABELS.get(row["element"], row["element"])
    return f"{local} - {name} ({label})\n{row['value']}\n\n"
