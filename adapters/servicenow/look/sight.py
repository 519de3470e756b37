"""Whether FileFerry sees all that it reads: every table and field of it, on one row each.

A field that is hidden or misspelt is left out of an answer that says 200, and a condition on it is
dropped (servicenow.md 1.6, 1.8): only looking tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adapters.servicenow.desk.desk import FIELDS as TICKET_FIELDS
from adapters.servicenow.line.answers import OF_THE_RIGHTS, Excess
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from adapters.servicenow.look.findings import (
    Finding,
    Findings,
    broken,
    degraded,
    ok,
    refused,
    unproven,
)
from adapters.servicenow.reading.evidence import (
    APPROVAL_FIELDS,
    ITEM,
    MEMBER_FIELDS,
    TASK_FIELDS,
    VARIABLE_FIELDS,
    VARIABLE_ITEM,
    VARIABLE_NAME,
    subjects,
)
from adapters.servicenow.reading.history import CHANGE_FIELDS
from adapters.servicenow.reading.inbox import Intake
from transfer.errors import Permanent

NOBODY = "0" * 32
_SOME = 10
"""Rows of a table in which one may belong to a user who is gone."""
_ORDER = "Order a small transfer, have it approved, and check again."
_WRITTEN = ("sys_updated_on", "sys_updated_by")
_NUMBER, _REQUEST = f"{ITEM}.number", f"{ITEM}.request"
_OF_REQUESTS = ("number", "request_state", "approval", *_WRITTEN)
_OPTIONAL = frozenset({f"{_REQUEST}.{name}" for name in _OF_REQUESTS})
_EITHER = (f"{ITEM}.requested_for.user_name", f"{_REQUEST}.requested_for.user_name")
"""Older releases tell the requester on the request only: one of the two is enough."""
_SAID = (
    *("number", "state", "active", "sys_created_on"),
    *(f"{ITEM}.{name}" for name in ("number", "state", "cat_item", "approval", "opened_by")),
    *(f"{ITEM}.{name}" for name in ("opened_by.user_name", "sys_created_by", *_WRITTEN)),
)
"""Fields that are never empty: where one is, we may not see its value."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The looks at one instance; each is a call or two and changes nothing."""

    client: Client
    intake: Intake
    table: str

    def task(self) -> tuple[Finding, Record | None]:
        """The latest task of our group that belongs to an item."""
        name, group = "read sc_task", self.intake.group
        # By the item's number: a task whose item was deleted shows nothing of it to anybody.
        query = Query().sys_id("assignment_group", group).filled(_NUMBER)
        query = query.descending("sys_created_on")
        row, failed = self._look(name, "sc_task", query, TASK_FIELDS)
        if row is None:
            return failed or unproven(name, "Our group has no task of an item yet.", _ORDER), None
        hidden = [*_hidden(row, TASK_FIELDS, _OPTIONAL | _requester(row)), *_blank(row, _SAID)]
        if hidden or row["assignment_group"] != group:
            return _unseen(name, "sc_task", hidden or ["assignment_group"]), None
        return ok(name, f"All {len(TASK_FIELDS)} fields of {row['number']} are shown."), row

    def approvals(self, task: Record | None) -> Finding:
        name, table = "read approvals", "sysapproval_approver"
        query = Query().sys_ids("sysapproval", subjects(task)) if task else Query()
        row, failed = self._look(name, table, query, APPROVAL_FIELDS, rows=_SOME)
        if row is None:
            text = f"No approval{f' of {task[_NUMBER]}' if task else ''} is shown."
            return failed or unproven(
                name, text, f"If there is one, give read access to {table}. {_ORDER}"
            )
        said = ("approver", "approver.user_name", "state", *_WRITTEN)
        return self._seen(name, table, row, APPROVAL_FIELDS, said)

    def members(self) -> Finding:
        name, table = "read group members", "sys_user_grmember"
        query = Query().sys_id("group", self.intake.approver_group)
        row, failed = self._look(name, table, query, MEMBER_FIELDS, rows=_SOME)
        if row is None:
            text = "No member of servicenow.approver_group is shown, so nobody could approve."
            return failed or unproven(name, text, f"Give read access to {table}, or add members.")
        return self._seen(name, table, row, MEMBER_FIELDS, ("group", "user"))

    def variables(self, task: Record | None) -> Finding:
        name, table = "read variables", "sc_item_option_mtom"
        query = Query().words(VARIABLE_NAME, self.intake.variables)
        query = query.sys_id(VARIABLE_ITEM, task.reference(ITEM)) if task else query
        row, failed = self._look(name, table, query, VARIABLE_FIELDS)
        if row is None:
            wanted = ", ".join(self.intake.variables)
            advice = f"Give read access to {table}, sc_item_option and item_option_new, and compare"
            text = f"No variable {wanted} is shown."
            return failed or unproven(name, text, f"{advice} servicenow.variables with the item.")
        return self._seen(name, table, row, VARIABLE_FIELDS, VARIABLE_FIELDS[-4:])

    def history(self, task: Record | None) -> Finding:
        """Whom an item is for is asked of its history, where somebody wrote to the item since."""
        name = "read history of items"
        if task is None or task.get(f"{ITEM}.approval") != "approved":
            return ok(name, "Not known yet: there is no approved item.")
        query = (
            Query().sys_id("documentkey", task.reference(ITEM)).words("fieldname", ("approval",))
        )
        row, failed = self._look(name, "sys_audit", query, CHANGE_FIELDS)
        if row is None or _hidden(row, CHANGE_FIELDS):
            why = failed.text if failed else f"No change of {task[_NUMBER]} is shown in sys_audit."
            consequence = "An order whose item is written to after its approval waits."
            advice = "Have sc_req_item audited, and give read access to sys_audit."
            return degraded(name, f"{why} {consequence}", advice)
        return ok(name, "The history of items is shown.")

    def standing(self) -> Findings:
        """Only where there is a table of standing approvals."""
        table = self.intake.standing
        if table is None:
            return
        name = f"read {table.table}"
        row, failed = self._look(name, table.table, Query().flag("active", True), table.fields)
        if row is None:
            text = "No active standing approval is shown."
            yield failed or unproven(name, text, f"Make one, and check again: {table.table}.")
        else:
            yield self._seen(name, table.table, row, table.fields)
        if table.audited:
            audit, failed = self._look("read sys_audit", "sys_audit", Query(), ("sys_id",))
            if failed or audit is None:
                text = failed.text if failed else "No change is shown in sys_audit."
                advice = (
                    "Give read access to sys_audit, or set servicenow.standing.changes: record."
                )
                yield broken("read sys_audit", text, advice)

    def tickets(self) -> Finding:
        name = f"read {self.table}"
        query = Query().descending("sys_created_on")
        row, failed = self._look(name, self.table, query, TICKET_FIELDS)
        if row is None:
            return failed or unproven(name, "There is no ticket to look at yet.", "Nothing.")
        return self._seen(name, self.table, row, TICKET_FIELDS)

    def journal(self) -> Finding:
        name, fields = "read journal", ("sys_id", "element_id", "value")
        row, failed = self._look(name, "sys_journal_field", Query(), fields)
        if row is None or _hidden(row, fields):
            why = failed.text if failed else "No entry of sys_journal_field is shown."
            consequence = "FileFerry reads its notes from the ticket instead, which takes longer."
            return degraded(name, f"{why} {consequence}", "Read access to sys_journal_field helps.")
        return ok(name, "The notes can be read one by one.")

    def impossible(self) -> Finding:
        """A sys_id that nobody has must find nothing."""
        name, query = "queries hold", Query().sys_id("sys_id", NOBODY)
        row, failed = self._look(name, "sc_task", query, ("sys_id",))
        if row is None:
            return failed or ok(name, "A query that nothing meets finds nothing.")
        advice = "Ask the administrator which rule or proxy changes the queries of this account."
        return broken(name, "A query that nothing meets found a task.", advice)

    def regime(self, task: Record | None) -> Finding:
        """What becomes of a condition that the instance does not understand."""
        name = "invalid conditions"
        if task is None:
            return ok(name, "Not known yet; every row is checked again all the same.")
        query = Query().sys_id("sys_id", task["sys_id"]).number("zz_no_such_field", 1)
        row, failed = self._look(name, "sc_task", query, ("sys_id",))
        what = "left out, and the rest holds" if row else "met by no row"
        return failed or ok(name, f"They are {what}; every row is checked again.")

    def _look(
        self, name: str, table: str, query: Query, fields: Iterable[str], *, rows: int = 1
    ) -> tuple[Record | None, Finding | None]:
        """What any of so many rows shows, else None, and what the instance had against it."""
        try:
            return _together(self.client.rows(table, query, fields, limit=rows)), None
        except Excess as error:
            return None, unproven(name, error.message, _ORDER)
        except Permanent as error:
            if error.code not in OF_THE_RIGHTS:
                raise
            return None, refused(name, error)

    def _seen(
        self,
        name: str,
        table: str,
        row: Record,
        fields: Sequence[str],
        said: Sequence[str] = (),
    ) -> Finding:
        hidden = [*_hidden(row, fields), *_blank(row, said)]
        return _unseen(name, table, hidden) if hidden else ok(name, "All fields are shown.")


def looks_at_orders(sight: Sight, *, thorough: bool = False) -> Findings:
    """Raises FerryError when the instance does not answer, or refuses the login."""
    finding, task = sight.task()
    yield finding
    yield sight.approvals(task)
    yield sight.members()
    yield sight.variables(task)
    if thorough:
        yield sight.history(task)
    yield from sight.standing()
    yield sight.impossible()
    yield sight.regime(task)


def looks_at_tickets(sight: Sight) -> Findings:
    """What making a ticket and reading it back would prove as well. Raises as the other."""
    yield sight.tickets()
    yield sight.journal()


def _requester(row: Record) -> frozenset[str]:
    """The ways to the requester that need not be shown, for another one is."""
    known = [path for path in _EITHER if row.get(path)]
    spared = [path for path in _EITHER if known and path not in known]
    return frozenset(each for path in spared for each in (path, path.removesuffix(".user_name")))


def _together(rows: Sequence[Record]) -> Record | None:
    """One row of a user who was deleted shows no name, and says nothing of our rights."""
    if not rows:
        return None
    values: dict[str, str] = {}
    for row in rows:
        values |= {key: text for key, text in row.values.items() if not values.get(key)}
    return replace(rows[0], values=values)


def _hidden(
    row: Record, fields: Iterable[str], but: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    return tuple(name for name in fields if name not in row.values and name not in but)


def _blank(row: Record, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if row.values.get(name) == "")


def _unseen(name: str, table: str, hidden: Sequence[str]) -> Finding:
    fields = ", ".join(hidden)
    return broken(
        name,
        f"Table {table} does not show {fields}.",
        "Give the integration account read access to it, or look for the field's name in the "
        "dictionary.",
    )
