"""Open work: the catalog tasks of our group, and everything that an approval rests on.

Three or four calls serve a whole page. Every row is checked again here, because the instance drops
query conditions that it does not understand and then answers with every row (servicenow.md 1.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from adapters.servicenow.client import Client
from adapters.servicenow.evidence import (
    APPROVAL_FIELDS,
    ITEM,
    MEMBER_FIELDS,
    TASK_FIELDS,
    VARIABLE_FIELDS,
    VARIABLE_ITEM,
    VARIABLE_NAME,
    Surroundings,
    evidence_of,
    subjects,
)
from adapters.servicenow.query import Query, is_sys_id
from adapters.servicenow.records import Record
from transfer.evidence import Evidence

log = structlog.get_logger(__name__)

_TABLE = "sc_task"
_OPEN = 1
_BATCH = 100
"""Sys_ids in one query: 3,300 characters of address; instances refuse beyond 8,000 or so."""
_PAGE = 10_000
"""Rows asked for around one batch; a full page may have been cut, and is refused.

A group approval makes one row for each member of the group, decided or not.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Whose tasks, whose approvals, which variables. Groups are sys_ids."""

    group: str
    approver_group: str
    variables: tuple[str, ...] = ("source", "destination", "path")
    max_rows: int = 100


class ServiceNowInbox:
    def __init__(
        self,
        client: Client,
        intake: Intake,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._intake = intake
        self._clock = clock

    def fetch(self) -> Sequence[Evidence]:
        read_at = self._clock()
        limit = self._intake.max_rows
        query = (
            Query()
            .flag("active", True)
            .sys_id("assignment_group", self._intake.group)
            .number("state", _OPEN)
            .ascending("sys_created_on")
        )
        tasks = self._client.rows(_TABLE, query, TASK_FIELDS, limit=limit)
        for task in tasks:
            self._insist_on_query(task)
        if len(tasks) == limit:
            log.warning("more tasks are open than one poll reads", max_rows=limit)
        tasks = tuple(sorted(tasks, key=lambda task: (task.time("sys_created_on"), task["number"])))
        return self._judged(tasks, read_at)

    def read(self, task_id: str) -> Evidence | None:
        read_at = self._clock()
        task = self._client.row(_TABLE, task_id, TASK_FIELDS) if is_sys_id(task_id) else None
        # A task that was handed to somebody else is no longer ours to work on.
        if task is None or task["assignment_group"] != self._intake.group:
            return None
        return self._judged((task,), read_at)[0]

    def _insist_on_query(self, task: Record) -> None:
        holds = {
            "active": task.flag("active"),
            "assignment_group": task["assignment_group"] == self._intake.group,
            "state": task["state"] == str(_OPEN),
        }
        for field, true in holds.items():
            if not true:
                raise task.untrusted(f"that does not meet the query's condition on {field}")

    def _judged(self, tasks: Sequence[Record], read_at: datetime) -> tuple[Evidence, ...]:
        around = self._surroundings(tasks)
        return tuple(evidence_of(task, around, read_at) for task in tasks)

    def _surroundings(self, tasks: Sequence[Record]) -> Surroundings:
        approvals = self._grouped(
            "sysapproval_approver",
            "sysapproval",
            {subject for task in tasks for subject in subjects(task)},
            APPROVAL_FIELDS,
        )
        approvers = {row.reference("approver") for rows in approvals.values() for row in rows} - {
            ""
        }
        return Surroundings(
            approvals=approvals,
            members=frozenset(self._members(approvers)),
            variables=self._variables({task.reference(ITEM) for task in tasks} - {""}),
        )

    def _members(self, users: set[str]) -> Iterator[str]:
        group = self._intake.approver_group
        narrow = Query().sys_id("group", group)
        for user, rows in self._grouped(
            "sys_user_grmember", "user", users, MEMBER_FIELDS, narrow
        ).items():
            for row in rows:
                if row["group"] != group:
                    raise row.untrusted("that does not meet the query's condition on group")
                yield user

    def _variables(self, items: set[str]) -> dict[str, list[Record]]:
        wanted = self._intake.variables
        found = self._grouped(
            "sc_item_option_mtom",
            VARIABLE_ITEM,
            items,
            VARIABLE_FIELDS,
            Query().words(VARIABLE_NAME, wanted),
        )
        for row in (row for rows in found.values() for row in rows):
            if row[VARIABLE_NAME] not in wanted:
                raise row.untrusted(f"that does not meet the query's condition on {VARIABLE_NAME}")
        return found

    def _grouped(
        self,
        table: str,
        key: str,
        values: Iterable[str],
        fields: Sequence[str],
        narrow: Query = Query(),  # noqa: B008 a frozen value
    ) -> dict[str, list[Record]]:
        """The rows whose `key` is one of `values`, under that value."""
        grouped = defaultdict(list)
        for batch in _batches(sorted(values)):
            rows = self._client.rows(table, narrow.sys_ids(key, batch), fields, limit=_PAGE)
            if len(rows) == _PAGE:
                raise rows[-1].untrusted("at the end of a page that may have been cut")
            for row in rows:
                if row[key] not in batch:
                    raise row.untrusted(f"that does not meet the query's condition on {key}")
                grouped[row[key]].append(row)
        return dict(grouped)


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
