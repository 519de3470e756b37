"""Open work: the catalog tasks of our group, and everything that an approval rests on.

Three or four calls serve a whole page. Every row is checked again here, because the instance drops
query conditions that it does not understand and then answers with every row (servicenow.md 1.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from adapters.servicenow import pages
from adapters.servicenow.budget import Need
from adapters.servicenow.client import Client
from adapters.servicenow.evidence import (
    ITEM,
    NUMBERED,
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
from adapters.servicenow.related import Related, batches
from adapters.servicenow.standing import StandingRecords, StandingTable
from transfer.evidence import Evidence
from transfer.hints import NUMBER

log = structlog.get_logger(__name__)

_TABLE = "sc_task"
_OPEN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Whose tasks, whose approvals, which variables, where standing approvals are, if anywhere.

    Groups are sys_ids.
    """

    group: str
    approver_group: str
    variables: tuple[str, ...] = ("source", "destination", "path")
    max_rows: int = 100
    believed_rows: int = 10_000
    standing: StandingTable | None = None


class ServiceNowInbox:
    """`proof` is called before work is taken in, and raises FerryError when it must not be."""

    def __init__(
        self,
        client: Client,
        intake: Intake,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        proof: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._proof = proof
        self._intake = intake
        self._clock = clock
        self._related = Related(client, intake.approver_group)
        table = intake.standing
        self._standing = StandingRecords(client, table, self._related) if table else None

    def standing(self, record_id: str = "") -> Sequence[Evidence]:
        if self._standing is None:
            return ()
        if record_id:
            return self._standing.read(record_id, self._clock())
        return self._standing.listed(self._clock())

    def fetch(self) -> Sequence[Evidence]:
        self._client.insist(Need.INTAKE)
        self._proof()
        read_at = self._clock()
        query = (
            Query()
            .flag("active", True)
            .sys_id("assignment_group", self._intake.group)
            .number("state", _OPEN)
        )
        believed = self._intake.believed_rows
        tasks = pages.every_row(self._client, _TABLE, query, TASK_FIELDS, believed=believed)
        for task in tasks:
            self._insist_on_query(task)
        return self._judged(sorted(self._first(tasks), key=_age), read_at)

    def _first(self, tasks: Sequence[Record]) -> Sequence[Record]:
        """As many as one poll judges: the oldest that are approved, then the oldest others.

        Old tasks that wait for their approval would else hold up all that came after them.
        """
        most = self._intake.max_rows
        if len(tasks) > most:
            log.warning("more tasks are open than one poll judges", open=len(tasks), max_rows=most)
        return sorted(tasks, key=lambda task: (not _approved(task), _age(task)))[:most]

    def read(self, task_id: str) -> Evidence | None:
        read_at = self._clock()
        task = self._client.row(_TABLE, task_id, TASK_FIELDS) if is_sys_id(task_id) else None
        # A task that was handed to somebody else is no longer ours to work on.
        if task is None or task["assignment_group"] != self._intake.group:
            return None
        return self._judged((task,), read_at)[0]

    def find(self, number: str) -> tuple[str, ...]:
        field = next((path for prefix, path in NUMBERED if number.startswith(prefix)), None)
        if field is None or not NUMBER.fullmatch(number):
            return ()
        self._client.insist(Need.INTAKE)
        self._proof()
        group = self._intake.group
        query = Query().sys_id("assignment_group", group).record(field, number)
        fields = ("sys_id", "number", "assignment_group", field)
        tasks = self._client.rows(_TABLE, query, fields, limit=self._intake.max_rows)
        for task in tasks:
            if task["assignment_group"] != group or task[field] != number:
                raise task.untrusted(f"that does not meet the query's condition on {field}")
        return tuple(task["sys_id"] for task in tasks)

    def ended(self, task_ids: Sequence[str]) -> frozenset[str]:
        wanted = frozenset(task_ids)
        known = sorted(filter(is_sys_id, wanted))
        return wanted - {task for batch in batches(known) for task in self._active(batch)}

    def _active(self, task_ids: Sequence[str]) -> Iterator[str]:
        """The condition is on the sys_ids alone: what the instance leaves out is not there."""
        query = Query().sys_ids("sys_id", task_ids)
        fields = ("sys_id", "active", f"{ITEM}.active")
        for row in self._client.rows(_TABLE, query, fields, limit=len(task_ids)):
            if row["sys_id"] not in task_ids:
                raise row.untrusted("that does not meet the query's condition on sys_id")
            # A cancelled item may leave its task open.
            if row.flag("active") and row.get(f"{ITEM}.active") != "false":
                yield row["sys_id"]

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
        approvals = self._related.approvals({each for task in tasks for each in subjects(task)})
        return Surroundings(
            approvals=approvals,
            members=self._related.members(approvals),
            variables=self._variables({task.reference(ITEM) for task in tasks} - {""}),
        )

    def _variables(self, items: set[str]) -> dict[str, list[Record]]:
        wanted = self._intake.variables
        found = self._related.grouped(
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


def _age(task: Record) -> tuple[datetime, str]:
    return task.time("sys_created_on"), task["number"]


def _approved(task: Record) -> bool:
    return task.get(f"{ITEM}.approval") == "approved"
