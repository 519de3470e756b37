"""When a field of a record was changed, and by whom: `sys_audit`, one row for each change.

Whom an ordered item is for has no time of its own, as a variable has. Most items are not written to
between their approval and the poll that takes them up, but for what ServiceNow itself writes; of
the others the history is asked, where it may be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.servicenow.line.answers import OF_THE_RIGHTS
from adapters.servicenow.line.query import Query, is_sys_id
from adapters.servicenow.line.records import Record
from adapters.servicenow.reading.evidence import (
    ITEM,
    REQUEST,
    Surroundings,
    decisions,
    requester_of,
)
from adapters.servicenow.reading.related import Question, Related
from transfer.errors import Permanent

AUDIT = "sys_audit"
APPROVAL, APPROVED = "approval", "approved"
CHANGE_FIELDS = ("sys_id", "documentkey", "fieldname", "newvalue", "user", "sys_created_on")
_SYSTEM = "system"
_ASKED = ("requested_for", "opened_by")

Changes = Mapping[str, Sequence[Record]]


def asking_for(fields: Collection[str]) -> Question:
    """What `changes` of these fields asks."""
    narrow = Query().words("fieldname", (*fields, APPROVAL))
    return Question(AUDIT, "documentkey", CHANGE_FIELDS, narrow)


def changes(related: Related, records: Iterable[str], fields: Collection[str]) -> Changes:
    """The rows about these fields and the approval, by the sys_id of the record."""
    wanted = (*fields, APPROVAL)
    found = related.grouped(asking_for(fields), records)
    rows = [row for rows in found.values() for row in rows]
    for row in rows:
        if row.values.get("fieldname", APPROVAL) not in wanted:
            raise row.untrusted("that does not meet the query's condition on fieldname")
    insist_on_fields(rows, ("fieldname",))
    return found


def insist_on_fields(rows: Sequence[Record], names: Sequence[str]) -> None:
    """A field that no row shows is hidden from us, and its condition was dropped."""
    for name in names:
        if rows and not any(name in row.values for row in rows):
            raise rows[0].untrusted(f"without the field {name} that was asked for")


def is_kept(rows: Iterable[Record]) -> bool:
    """The step to “approved” is an update: without a row of it nothing is kept, or none shown."""
    return any(row["fieldname"] == APPROVAL and row["newvalue"] == APPROVED for row in rows)


def asked_since(
    related: Related, tasks: Sequence[Record], around: Surroundings, settle: float
) -> dict[str, datetime]:
    """Since when the same people ask for an item, by its sys_id; without one nobody can tell.

    What is written within `settle` seconds after the approval by the system, or in the session of
    who decided, is ServiceNow's own.
    """
    approved = [each for each in tasks if each.get(f"{ITEM}.approval") == APPROVED]
    doubtful = [each for each in approved if not _untouched(each, around, settle)]
    records = {each.get(path) or "" for each in doubtful for path in _paths(each)}
    known = _shown(related, filter(is_sys_id, records))
    doubted = {each["sys_id"] for each in doubtful}
    told = {
        each.get(ITEM) or "": _told(each, known, kept=each["sys_id"] not in doubted)
        for each in approved
    }
    return {item: since for item, since in told.items() if since is not None}


def _shown(related: Related, records: Iterable[str]) -> Changes:
    """Nothing of it where we have no right to it."""
    try:
        return changes(related, records, _ASKED)
    except Permanent as error:
        if error.code not in OF_THE_RIGHTS:
            raise
        return {}


def _told(task: Record, known: Changes, *, kept: bool) -> datetime | None:
    """None where its history is needed, and is not kept or not shown whole."""
    try:
        if not kept and not is_kept(known.get(task[ITEM], ())):
            return None
        rows = [row for path in _paths(task) for row in known.get(task.reference(path), ())]
        times = [row.time("sys_created_on") for row in rows if row["fieldname"] in _ASKED]
        return max((*times, task.time(f"{ITEM}.sys_created_on")))
    except Permanent:
        return None


def _untouched(task: Record, around: Surroundings, settle: float) -> bool:
    try:
        return all(_not_written_to(path, task, around, settle) for path in _paths(task))
    except Permanent:
        return False


def _not_written_to(path: str, task: Record, around: Surroundings, settle: float) -> bool:
    """Not since the first approval that may count, but for ServiceNow's own hand right after it."""
    valid = [each for each in decisions(task, around) if each.state == "approved"]
    first = min((each.decided_at for each in valid if each.in_group), default=None)
    if first is None or not task.get(f"{path}.sys_updated_on"):
        return False
    own = (_SYSTEM, *(each.actor for each in valid if each.in_group))
    spared = timedelta(seconds=settle if task.get(f"{path}.sys_updated_by") in own else 0)
    return task.time(f"{path}.sys_updated_on") <= first + spared


def _paths(task: Record) -> Iterator[str]:
    """The records that say who asks; older releases name the requester on the request alone."""
    yield ITEM
    if requester_of(task).startswith(f"{REQUEST}."):
        yield REQUEST
