"""From rows of ServiceNow to Evidence: who ordered what, who approved it, what changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.servicenow.query import is_sys_id
from adapters.servicenow.records import Record
from adapters.servicenow.wording import storable
from transfer.errors import Permanent
from transfer.evidence import Approval, Evidence, Unreadable, Variable

ITEM = "request_item"
_REQUEST = f"{ITEM}.request"

QUERIED = ("active", "assignment_group", "state")
"""The fields of the poll's query: each is asked for, so that a hidden one is noticed."""

_OF_THE_ITEM = ("number", "active", "state", "cat_item", "request", "opened_by")
"""Fields that every item has; one that is not shown is hidden from us."""

TASK_FIELDS = (
    *("sys_id", "number", "sys_created_on", ITEM, *QUERIED),
    *(f"{ITEM}.{name}" for name in (*_OF_THE_ITEM, "approval", "requested_for")),
    *(f"{ITEM}.requested_for.user_name", f"{_REQUEST}.number"),
    *(f"{_REQUEST}.requested_for", f"{_REQUEST}.requested_for.user_name"),
)
NUMBERED = (("SCTASK", "number"), ("RITM", f"{ITEM}.number"), ("REQ", f"{_REQUEST}.number"))
"""Where on a task a number with that prefix stands."""
APPROVAL_FIELDS = (
    *("sys_id", "sysapproval", "approver", "approver.user_name", "state", "sys_updated_on"),
)
MEMBER_FIELDS = ("sys_id", "group", "user")

_OPTION = "sc_item_option"
VARIABLE_ITEM = "request_item"
VARIABLE_NAME = f"{_OPTION}.item_option_new.name"
_VALUE, _CHANGED = f"{_OPTION}.value", f"{_OPTION}.sys_updated_on"
VARIABLE_FIELDS = ("sys_id", VARIABLE_ITEM, VARIABLE_NAME, _VALUE, _CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around the tasks of a page, each under the sys_id that it belongs to.

    `lost`: why what stands around that sys_id could not be read.
    """

    approvals: Mapping[str, Sequence[Record]]
    members: frozenset[str]
    variables: Mapping[str, Sequence[Record]]
    lost: Mapping[str, Unreadable]


def subjects(task: Record) -> tuple[str, ...]:
    """What approvals may hang on: the item, and the request that it is part of."""
    item, request = task.get(ITEM) or "", task.get(_REQUEST) or ""
    return tuple(filter(is_sys_id, (item, request))) if is_sys_id(item) else ()


def evidence_of(task: Record, around: Surroundings, read_at: datetime) -> Evidence:
    """Unreadable as far as a field that must be there is not: this task alone is held up by it."""
    try:
        found = _evidence(task, around, read_at)
    except Permanent as error:
        return _little(task, read_at, Unreadable(why=error.message))
    lost = [around.lost[each] for each in subjects(task) if each in around.lost]
    return replace(found, unreadable=max(lost, key=lambda each: each.lasting)) if lost else found


def _little(task: Record, read_at: datetime, unreadable: Unreadable) -> Evidence:
    """What can be told of a task all the same, so that its ticket says why it waits."""

    def told(name: str) -> str:
        return task.get(name) or ""

    requester = f"{ITEM}.requested_for"
    return Evidence(
        instance=task.host,
        task_id=task["sys_id"],
        task_number=told("number"),
        task_active=told("active") == "true",
        task_state=told("state"),
        item_id=told(ITEM),
        item_number=told(f"{ITEM}.number") or told("number"),
        item_active=told(f"{ITEM}.active") == "true",
        item_state=told(f"{ITEM}.state"),
        item_approval=task.get(f"{ITEM}.approval"),
        catalog_item=told(f"{ITEM}.cat_item"),
        request_number=told(f"{_REQUEST}.number"),
        requester_id=told(requester),
        requester=told(f"{requester}.user_name"),
        opened_by_id=told(f"{ITEM}.opened_by"),
        approvals=(),
        variables={},
        read_at=read_at,
        unreadable=unreadable,
    )


def _evidence(task: Record, around: Surroundings, read_at: datetime) -> Evidence:
    """Raises Permanent `servicenow.untrusted` when a field that must be there is not."""
    item_id = task.reference(ITEM)
    requester = _requester(task)
    decided = (item_id, _of_item(task, "request"))
    return Evidence(
        instance=task.host,
        task_id=task["sys_id"],
        task_number=task["number"],
        task_active=task.flag("active"),
        task_state=task["state"],
        item_id=item_id,
        item_number=_of_item(task, "number"),
        item_active=bool(item_id) and task.flag(f"{ITEM}.active"),
        item_state=_of_item(task, "state"),
        item_approval=task.get(f"{ITEM}.approval"),
        catalog_item=_of_item(task, "cat_item"),
        request_number=task.get(f"{_REQUEST}.number") or "",
        requester_id=_optional_id(task, requester),
        requester=task.get(f"{requester}.user_name") or "",
        opened_by_id=_of_item(task, "opened_by"),
        approvals=tuple(approvals_of(_decisions(decided, around), around.members)),
        variables=dict(_variables(around.variables.get(item_id, ()))),
        read_at=read_at,
    )


def _of_item(task: Record, name: str) -> str:
    """A task that belongs to no item has none of an item's fields, and that is not a fault."""
    return task[f"{ITEM}.{name}"] if task.reference(ITEM) else ""


def _requester(task: Record) -> str:
    """The path to who ordered; older releases say it on the request only (servicenow.md 2.3)."""
    own = f"{ITEM}.requested_for"
    return own if _optional_id(task, own) else f"{_REQUEST}.requested_for"


def _optional_id(task: Record, field: str) -> str:
    return task.reference(field) if task.get(field) else ""


def _decisions(on: Iterable[str], around: Surroundings) -> Iterator[Record]:
    return (row for subject in on for row in around.approvals.get(subject, ()))


def approvals_of(rows: Iterable[Record], members: frozenset[str]) -> Iterator[Approval]:
    """The decisions of these approver rows; `members` are the sys_ids of who may approve."""
    for row in rows:
        approver_id = row.reference("approver")
        yield Approval(
            approver_id=approver_id,
            approver=row.get("approver.user_name") or "",
            state=row["state"],
            decided_at=row.time("sys_updated_on"),
            in_group=approver_id in members,
        )


def _variables(rows: Sequence[Record]) -> Iterator[tuple[str, Variable]]:
    """The variables whose value and time of change are both proven.

    One without a readable time could have been altered after the approval, one that stands there
    twice has no single value, one with a lone surrogate cannot be kept as it was approved: each is
    left out, and policy refuses the request as incomplete.
    """
    names = [row[VARIABLE_NAME] for row in rows]
    for name, row in zip(names, rows, strict=True):
        value = row.values.get(_VALUE)
        if value is None or row.get(_CHANGED) is None:
            continue
        if names.count(name) == 1 and value == storable(value):
            yield name, Variable(value=value, changed_at=row.time(_CHANGED))
