"""From rows of ServiceNow to Evidence: who ordered what, who approved it, what changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from adapters.servicenow.line.query import is_sys_id
from adapters.servicenow.line.records import Record
from adapters.servicenow.line.wording import storable
from transfer.errors import Permanent
from transfer.evidence import Approval, Evidence, Unreadable, Variable

ITEM = "request_item"
REQUEST = f"{ITEM}.request"

QUERIED = ("active", "assignment_group", "state")
"""The fields of the poll's query: each is asked for, so that a hidden one is noticed."""

_OF_THE_ITEM = ("number", "active", "state", "cat_item", "request", "opened_by")
"""Fields that every item has; one that is not shown is hidden from us."""

TASK_FIELDS = (
    *("sys_id", "number", "sys_created_on", ITEM, *QUERIED),
    *(f"{ITEM}.{name}" for name in (*_OF_THE_ITEM, "approval", "requested_for")),
    *(f"{ITEM}.{name}.user_name" for name in ("requested_for", "opened_by")),
    *(f"{ITEM}.sys_created_{what}" for what in ("on", "by")),
    *(f"{record}.sys_updated_{what}" for record in (ITEM, REQUEST) for what in ("on", "by")),
    *(f"{REQUEST}.{name}" for name in ("number", "request_state", "approval")),
    *(f"{REQUEST}.requested_for", f"{REQUEST}.requested_for.user_name"),
)
NUMBERED = (("SCTASK", "number"), ("RITM", f"{ITEM}.number"), ("REQ", f"{REQUEST}.number"))
"""Where on a task a number with that prefix stands."""
APPROVAL_FIELDS = (
    *("sys_id", "sysapproval", "approver", "approver.user_name", "state"),
    *("sys_updated_on", "sys_updated_by"),
)
MEMBER_FIELDS = ("sys_id", "group", "user")

_OPTION = "sc_item_option"
VARIABLE_ITEM = "request_item"
VARIABLE_NAME = f"{_OPTION}.item_option_new.name"
_VALUE = f"{_OPTION}.value"
_CHANGED = ("sys_updated_on", f"{_OPTION}.sys_updated_on")
_AUTHORS = ("sys_updated_by", f"{_OPTION}.sys_updated_by")
"""Of the value, and of the row that ties it to the item: another value may be tied to it."""
VARIABLE_FIELDS = ("sys_id", VARIABLE_ITEM, VARIABLE_NAME, _VALUE, *_CHANGED, *_AUTHORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around the tasks of a page, each under the sys_id that it belongs to.

    `lost`: why what stands around that sys_id could not be read. `since`: since when the same
    people ask for an item; one of which nobody can tell is not there.
    """

    approvals: Mapping[str, Sequence[Record]]
    members: frozenset[str]
    variables: Mapping[str, Sequence[Record]]
    lost: Mapping[str, Unreadable]
    since: Mapping[str, datetime] = field(default_factory=dict)


def subjects(task: Record) -> tuple[str, ...]:
    """What approvals may hang on: the item, and the request that it is part of."""
    item, request = task.get(ITEM) or "", task.get(REQUEST) or ""
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
        request_number=told(f"{REQUEST}.number"),
        requester_id=told(requester),
        requester=told(f"{requester}.user_name"),
        opened_by_id=told(f"{ITEM}.opened_by"),
        opener=told(f"{ITEM}.opened_by.user_name"),
        approvals=(),
        variables={},
        read_at=read_at,
        unreadable=unreadable,
    )


def _evidence(task: Record, around: Surroundings, read_at: datetime) -> Evidence:
    """Raises Permanent `servicenow.untrusted` when a field that must be there is not."""
    item_id = task.reference(ITEM)
    requester = requester_of(task)
    variables = around.variables.get(item_id, ())
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
        request_number=task.get(f"{REQUEST}.number") or "",
        request_state=task.get(f"{REQUEST}.request_state") or "",
        request_approval=task.get(f"{REQUEST}.approval") or "",
        requester_id=_optional_id(task, requester),
        requester=task.get(f"{requester}.user_name") or "",
        opened_by_id=_of_item(task, "opened_by"),
        opener=task.get(f"{ITEM}.opened_by.user_name") or "",
        approvals=tuple(decisions(task, around)),
        variables=dict(_variables(variables)),
        read_at=read_at,
        authors=frozenset(_authors(task, variables)),
        asked_since=around.since.get(item_id),
    )


def _of_item(task: Record, name: str) -> str:
    """A task that belongs to no item has none of an item's fields, and that is not a fault."""
    return task[f"{ITEM}.{name}"] if task.reference(ITEM) else ""


def requester_of(task: Record) -> str:
    """The path to who ordered; older releases say it on the request only (servicenow.md 2.3)."""
    own = f"{ITEM}.requested_for"
    return own if _optional_id(task, own) else f"{REQUEST}.requested_for"


def _optional_id(task: Record, field: str) -> str:
    return task.reference(field) if task.get(field) else ""


def decisions(task: Record, around: Surroundings) -> Iterator[Approval]:
    """Raises Permanent `servicenow.untrusted` when the item hides what they hang on."""
    on = (task.reference(ITEM), _of_item(task, "request"))
    rows = (row for subject in on for row in around.approvals.get(subject, ()))
    return approvals_of(rows, around.members)


def _authors(task: Record, variables: Sequence[Record]) -> Iterator[str]:
    """Who made the item, whom its request is for, who wrote its variables last; "" is hidden."""
    if task.reference(ITEM):
        yield task.get(f"{ITEM}.sys_created_by") or ""
    if task.get(f"{REQUEST}.requested_for"):
        yield task.get(f"{REQUEST}.requested_for.user_name") or ""
    yield from (row.get(author) or "" for row in variables for author in _AUTHORS)


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
            actor=row.get("sys_updated_by") or "",
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
        if value is None or any(row.get(changed) is None for changed in _CHANGED):
            continue
        if names.count(name) == 1 and value == storable(value):
            yield name, Variable(value=value, changed_at=max(map(row.time, _CHANGED)))
