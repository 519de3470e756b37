"""Open work: the catalog tasks of our group, and everything that an approval rests on.

Two requests serve a whole page where the instance takes batches, else four. Every row is checked
again here, because the instance drops query conditions that it does not understand and then answers
with every row (servicenow.md 1.6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from adapters.servicenow.line import pages
from adapters.servicenow.line.budget import Need
from adapters.servicenow.line.client import Asked, Client
from adapters.servicenow.line.query import Query, is_sys_id
from adapters.servicenow.line.records import Record
from adapters.servicenow.reading.evidence import (
    ITEM,
    NUMBERED,
    REQUEST,
    TASK_FIELDS,
    VARIABLE_FIELDS,
    VARIABLE_ITEM,
    VARIABLE_NAME,
    Surroundings,
    evidence_of,
    subjects,
)
from adapters.servicenow.reading.history import asked_since
from adapters.servicenow.reading.related import (
    APPROVALS,
    Question,
    Related,
    Unread,
    batches,
    unread,
)
from adapters.servicenow.reading.standing import StandingRecords, StandingTable
from transfer.errors import Permanent
from transfer.evidence import WITHDRAWN, Evidence, Unreadable
from transfer.remembered import Remembered
from transfer.request.hints import NUMBER

log = structlog.get_logger(__name__)

_TABLE = "sc_task"
_OPEN = 1
_KNOWN = 10_000, 86_400.0
"""Of how many tasks it is known for how many seconds what approvals hang on."""
FRESH = timedelta(seconds=60)
"""As long as this after it was read the rest of a list is worth to be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Whose tasks, whose approvals, which variables, where standing approvals are, if anywhere.

    Groups are sys_ids. `settle`: seconds after an approval in which ServiceNow itself writes.
    """

    group: str
    approver_group: str
    settle: float = 10.0
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
        self._unread = unread()
        self._polls = 0
        self._judged_at: Mapping[str, int] = {}
        self._rest: Sequence[Record] = ()
        self._rest_of = datetime.min.replace(tzinfo=UTC)
        narrow = Query().words(VARIABLE_NAME, intake.variables)
        self._variables_of = Question("sc_item_option_mtom", VARIABLE_ITEM, VARIABLE_FIELDS, narrow)
        self._subjects: Remembered[tuple[str, ...]] = Remembered(*_KNOWN)
        self._told: Remembered[Unreadable] = Remembered(1_000, 86_400.0)
        table = intake.standing
        self._standing = StandingRecords(client, table, intake.approver_group) if table else None

    def standing(self, record_id: str = "") -> Sequence[Evidence]:
        if self._standing is None:
            return ()
        if record_id:
            return self._standing.read(record_id, self._clock())
        return self._standing.listed(self._clock())

    def fetch(self, *, more: bool = False) -> Sequence[Evidence]:
        self._client.insist(Need.INTAKE)
        self._proof()
        read_at = self._clock()
        fresh = timedelta(0) <= read_at - self._rest_of < FRESH
        tasks = self._rest if more and self._rest and fresh else self._listed(read_at)
        first = self._first(tasks)
        taken = {task["sys_id"] for task in first}
        self._rest = [task for task in tasks if task["sys_id"] not in taken]
        return self._judged(sorted(first, key=_age), self._rest_of, self._related(self._unread))

    def _listed(self, read_at: datetime) -> Sequence[Record]:
        query = (
            Query()
            .flag("active", True)
            .sys_id("assignment_group", self._intake.group)
            .number("state", _OPEN)
        )
        believed = self._intake.believed_rows
        tasks = pages.every_row(self._client, _TABLE, query, TASK_FIELDS, believed=believed)
        self._insist_on_query(tasks)
        self._rest, self._rest_of = (), read_at
        return tasks

    def _related(self, unread: Unread | None = None) -> Related:
        return Related(self._client, self._intake.approver_group, unread)

    def _first(self, tasks: Sequence[Record]) -> Sequence[Record]:
        """As many as one poll judges: the approved ones first, of all who ordered in turn.

        Of each person those come first that were not judged yet, or not for the longest time, and
        then the oldest: neither tasks that wait or stay open nor many orders of one person keep
        those of others from being judged at the next poll.
        """
        most = self._intake.max_rows
        if len(tasks) <= most:
            return tasks
        if tasks is not self._rest:
            log.warning("more tasks are open than one poll judges", open=len(tasks), max_rows=most)
        first = in_turn(tasks, self._judged_at)[:most]
        self._polls += 1
        latest = {task["sys_id"]: self._polls for task in first}
        known = {task["sys_id"]: self._judged_at.get(task["sys_id"], 0) for task in tasks}
        # What was judged before of the same list may still be open.
        before = self._judged_at if tasks is self._rest else {}
        self._judged_at = {**before, **known, **latest}
        return first

    def read(self, task_id: str) -> Evidence | None:
        read_at = self._clock()
        related = self._related()
        task = self._task(task_id, related) if is_sys_id(task_id) else None
        # A task that was handed to somebody else is no longer ours to work on.
        if task is None or task["assignment_group"] != self._intake.group:
            return None
        return self._judged((task,), read_at, related)[0]

    def _task(self, task_id: str, related: Related) -> Record | None:
        """Together with what stands around it, as far as a look before has told what that is."""
        known = self._subjects.get(task_id)
        if known:
            asked = Asked(_TABLE, Query().sys_id("sys_id", task_id), TASK_FIELDS, limit=1)
            for task in self._look_ahead([known], related, asked):
                if task["sys_id"] != task_id:
                    raise task.untrusted("that does not meet the query's condition on sys_id")
                return task
        return self._client.row(_TABLE, task_id, TASK_FIELDS)

    def find(self, number: str) -> tuple[str, ...]:
        field = next((path for prefix, path in NUMBERED if number.startswith(prefix)), "")
        of_number = bool(field) and NUMBER.fullmatch(number) is not None
        if not of_number and not is_sys_id(number):
            return ()
        self._client.insist(Need.HINTS)
        self._proof()
        return self._numbered(field, number) if of_number else (number,)

    def _numbered(self, field: str, number: str) -> tuple[str, ...]:
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
        """The condition is on the sys_ids alone: what the instance leaves out is not there.

        One that hides whether it is active has not ended for all that is known; where all hide it,
        nothing is known of any.
        """
        query = Query().sys_ids("sys_id", task_ids)
        fields = ("sys_id", "active", f"{ITEM}.active", f"{REQUEST}.request_state")
        rows = self._client.rows(_TABLE, query, fields, limit=len(task_ids))
        told = any(row.get("active") in ("true", "false") for row in rows)
        for row in rows:
            if row["sys_id"] not in task_ids:
                raise row.untrusted("that does not meet the query's condition on sys_id")
            active = row.get("active") != "false" if told else row.flag("active")
            # A cancelled item may leave its task open, and a cancelled request its items.
            withdrawn = row.get(f"{REQUEST}.request_state") in WITHDRAWN
            if active and row.get(f"{ITEM}.active") != "false" and not withdrawn:
                yield row["sys_id"]

    def _insist_on_query(self, tasks: Sequence[Record]) -> None:
        """One row outside of the query, or a field of it that no row shows: it was not obeyed."""
        holds = {"active": "true", "assignment_group": self._intake.group, "state": str(_OPEN)}
        for field, value in holds.items():
            for task in tasks:
                if task.values.get(field, value) != value:
                    raise task.untrusted(f"that does not meet the query's condition on {field}")
            if tasks and not any(field in task.values for task in tasks):
                raise tasks[0].untrusted(f"without the field {field} that was asked for")

    def _judged(
        self, tasks: Sequence[Record], read_at: datetime, related: Related
    ) -> tuple[Evidence, ...]:
        known = {task["sys_id"]: subjects(task) for task in tasks}
        for task_id, on in known.items():
            self._subjects.keep(task_id, on)
        if not related.looked:
            self._look_ahead(known.values(), related)
        around = self._surroundings(tasks, related)
        found = tuple(evidence_of(task, around, read_at) for task in tasks)
        for each in found:
            self._tell(each)
        return found

    def _look_ahead(
        self, known: Collection[tuple[str, ...]], related: Related, *first: Asked
    ) -> Sequence[Record]:
        items = {on[0] for on in known if on}
        wanted = {APPROVALS: set().union(*known), self._variables_of: items}
        return related.look_ahead(wanted, first)

    def _tell(self, evidence: Evidence) -> None:
        """Once, for as long as it stays so and others do not crowd it out."""
        if evidence.unreadable is None:
            return
        if self._told.get(evidence.task_id) != evidence.unreadable:
            log.warning(
                "a task cannot be read, and holds up no other",
                transfer=evidence.request_id,
                task=evidence.task_number,
                request=evidence.item_number,
                requester=evidence.requester,
                reason=evidence.unreadable.why,
            )
        self._told.keep(evidence.task_id, evidence.unreadable)

    def _surroundings(self, tasks: Sequence[Record], related: Related) -> Surroundings:
        approvals = related.approvals({each for task in tasks for each in subjects(task)})
        around = Surroundings(
            approvals=approvals,
            members=related.members(approvals),
            variables=self._variables({task.get(ITEM) or "" for task in tasks}, related),
            lost=related.lost,
        )
        # A look of its own: a history that cannot be read leaves the rest of the task readable.
        history = self._related(related.unread)
        since = asked_since(history, tasks, around, self._intake.settle)
        return replace(around, since=since)

    def _variables(self, items: set[str], related: Related) -> dict[str, list[Record]]:
        wanted = self._intake.variables
        found = related.grouped(self._variables_of, filter(is_sys_id, items))
        rows = [row for rows in found.values() for row in rows]
        for row in rows:
            if row.values.get(VARIABLE_NAME, wanted[0]) not in wanted:
                raise row.untrusted(f"that does not meet the query's condition on {VARIABLE_NAME}")
        if rows and not any(VARIABLE_NAME in row.values for row in rows):
            raise rows[0].untrusted(f"without the field {VARIABLE_NAME} that was asked for")
        return found


def in_turn(tasks: Sequence[Record], judged_at: Mapping[str, int]) -> Sequence[Record]:
    """The order in which tasks are judged; `judged_at` is the number of the latest poll, or 0."""
    theirs: Counter[tuple[bool, str]] = Counter()
    ranked: list[tuple[bool, int, int, Record]] = []
    for task in sorted(tasks, key=lambda task: (judged_at.get(task["sys_id"], 0), _age(task))):
        whose = not _approved(task), task.get(f"{ITEM}.opened_by") or ""
        ranked.append((whose[0], theirs[whose], len(ranked), task))
        theirs[whose] += 1
    return [task for *_, task in sorted(ranked, key=lambda each: each[:3])]


def _age(task: Record) -> tuple[datetime, str]:
    """Whose age cannot be read comes last."""
    try:
        return task.time("sys_created_on"), task["number"]
    except Permanent:
        return datetime.max.replace(tzinfo=UTC), task["sys_id"]


def _approved(task: Record) -> bool:
    return task.get(f"{ITEM}.approval") == "approved"
