"""The tickets: each opened once, each note written once, closed as its role and outcome ask.

An answer may be lost after the write has arrived. A ticket is then found by its sys_id, which was
known before, and a note by the marker in its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import structlog

from adapters.servicenow.desk import forms
from adapters.servicenow.desk.attachments import Attachments
from adapters.servicenow.desk.callers import created_in_our_name
from adapters.servicenow.desk.closing import Written, closed
from adapters.servicenow.desk.forms import TASK_TABLE, WORKING, TicketForm, ticket_id
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query, is_sys_id
from adapters.servicenow.line.records import Record
from transfer.errors import Code, Permanent
from transfer.model import Outcome
from transfer.remembered import Remembered
from transfer.tickets import Post, PostAction, Ticket, TicketRole

log = structlog.get_logger(__name__)

_FORBIDDEN = (Code.SERVICENOW_DENIED, Code.SERVICENOW_REFUSED)
"""A 403 means "not allowed", "against a rule", and also "that sys_id is there already"."""

_RESOLVED_INSTEAD = "audit tickets cannot be closed and are resolved instead"
_BY_STEPS = "tickets are closed by way of In Progress, as the instance demands"
_NOT_STARTED = "a task does not take the state Work in Progress, and is worked on all the same"
_COMPARED = ("sys_id", "correlation_id", "urgency", "caller_id", "assignment_group", "close_code")
FIELDS = ("number", "state", "active", "close_notes", *_COMPARED)
_NEWEST = 500
"""Journal entries looked through for a marker; posts of a ticket are sent in order."""


class ServiceNowDesk:
    def __init__(
        self, client: Client, form: TicketForm, known: Remembered[Record] | None = None
    ) -> None:
        """`known`: how long a ticket's fields, as the instance last answered, need not be read
        again before a first try to write; never, if it is not given.
        """
        self._known = known or Remembered(1, 0.0)
        self._client = client
        self._form = form
        self._files = Attachments(client)
        self._told: set[str] = set()

    def open(self, post: Post, *, again: bool) -> Ticket:
        if post.ticket is TicketRole.TASK:
            return self._ticket(post, self._sought(post, again=again))
        found = self._find(post) if again else None
        return self._ticket(post, found or self._created(post))

    def note(self, post: Post, *, again: bool) -> Ticket:
        starting = post.action is PostAction.START and post.ticket is TicketRole.TASK
        # A task that somebody has closed in the meantime is not opened again: that is a withdrawal,
        # and what is remembered does not tell.
        row = self._sought(post, again=again or starting)
        if again and self._mentions(row, post.marker):
            return self._ticket(post, row)
        values = forms.note(post)
        if starting and not self._is_closed(row):
            return self._ticket(post, self._started(row, values))
        return self._ticket(post, self._append(row, values))

    def attach(self, post: Post, name: str, content: bytes, *, again: bool) -> Ticket:
        row = self._sought(post, again=again)
        why = self._files.put(row, name, content, again=again)
        if why and not (again and self._mentions(row, post.marker)):
            # A ticket that stays open for the lack of a file would be the greater evil.
            self._tell_once("a receipt is not on its audit ticket", why)
            row = self._append(row, forms.missing(post, name, content, why))
        return self._ticket(post, row)

    def close(self, post: Post, *, again: bool) -> Ticket:
        # Of what was not delivered somebody may have closed the task: their words stay on it.
        doubtful = post.ticket is TicketRole.TASK and post.outcome is not Outcome.DELIVERED
        row = self._sought(post, again=again or doubtful)
        closed = self._is_closed(row)
        written = (again or closed) and self._mentions(row, post.marker)
        stays_open = forms.stays_open(post)
        in_notes = closed or stays_open or post.ticket is TicketRole.TASK
        remarks = {} if written else forms.remarks(post, in_notes=in_notes)
        values = remarks if closed else {**forms.ending(post, self._form), **remarks}
        if not values:
            return self._ticket(post, row)
        if closed or stays_open:
            return self._ticket(post, self._append(row, values))
        return self._ticket(post, self._shut(post, row, values))

    def read(self, post: Post) -> Ticket | None:
        row = self._find(post)
        return None if row is None else self._ticket(post, row)

    def _created(self, post: Post) -> Record:
        values = forms.opening(post, self._form)
        try:
            row = self._client.create(self._form.table, values, FIELDS)
        except Permanent as error:
            found = self._find(post) if error.code in _FORBIDDEN else None
            if found is not None:
                return found
            row = created_in_our_name(self._client, self._form.table, values, FIELDS, error)
            # Not refused again for each ticket to come.
            self._form = replace(self._form, audit_caller=row["caller_id"] or None)
        self._warn_of_ignored(row, values)
        return row

    def _started(self, row: Record, values: Mapping[str, str]) -> Record:
        """At least the note: a state is no reason to keep back all words that come after it."""
        try:
            return self._patch(row, {**values, **self._form.task_fields, "state": WORKING})
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            row = self._append(row, values)
            self._tell_once(_NOT_STARTED, error.message)
            return row

    def _append(self, row: Record, values: Mapping[str, str]) -> Record:
        """Journal entries; a ticket that somebody has closed need not take them."""
        try:
            return self._patch(row, values)
        except Permanent as error:
            if error.code not in _FORBIDDEN or not self._is_closed(row):
                raise
            log.warning("a closed ticket takes no note", ticket=row["number"], reason=str(error))
            return row

    def _shut(self, post: Post, row: Record, values: Mapping[str, str]) -> Record:
        """Close it. Closing (7) often is for administrators, while resolving (6) is not."""
        lower = {**values, "state": self._form.resolved_state}
        if post.ticket is not TicketRole.AUDIT or lower == values:
            shut = self._closed(post, row, values)
        else:
            shut = self._closed_or_resolved(post, row, values, lower)
        if not self._is_closed(shut):
            raise Permanent(
                Code.SERVICENOW_REFUSED,
                f"ServiceNow {row.host} left {shut['number']} in state {shut['state']} "
                f"where {values['state']} was written.",
                action="Give the integration account the right to write the state.",
            )
        return shut

    def _closed_or_resolved(
        self, post: Post, row: Record, values: Mapping[str, str], lower: Mapping[str, str]
    ) -> Record:
        try:
            shut = self._patch(row, values)
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            self._tell_once(_RESOLVED_INSTEAD, error.message)
            return self._closed(post, row, lower)
        if self._is_closed(shut):
            return shut
        self._tell_once(_RESOLVED_INSTEAD, f"{shut['number']} stayed in {shut['state']}")
        return self._closed(post, row, lower)

    def _closed(self, post: Post, row: Record, values: Mapping[str, str]) -> Record:
        made = Written(row.table, row["sys_id"], row["state"])
        try:
            shut, refused = closed(self._client, made, values, FIELDS)
        except Permanent as error:
            of_task = post.ticket is TicketRole.TASK
            raise forms.demanded(error, "task_fields" if of_task else "fields") from error
        if refused:
            self._tell_once(_BY_STEPS, refused.message)
        self._warn_of_ignored(shut, values)
        return shut

    def _patch(self, row: Record, values: Mapping[str, str]) -> Record:
        changed = self._client.update(row.table, row["sys_id"], values, FIELDS)
        self._warn_of_ignored(changed, values)
        return changed

    def _planned(self, post: Post) -> tuple[str, str]:
        """Table and sys_id of the ticket, as planned."""
        if post.ticket is TicketRole.TASK:
            return TASK_TABLE, post.task_id
        return self._form.table, ticket_id(post)

    def _sought(self, post: Post, *, again: bool) -> Record:
        known = None if again else self._known.get(self._planned(post))
        row = known or self._find(post)
        if row is None:
            raise Permanent(
                Code.SERVICENOW_NOT_FOUND,
                f"ServiceNow {self._client.host} shows no {post.ticket} ticket of {post.number}.",
            )
        return row

    def _find(self, post: Post) -> Record | None:
        table, planned = self._planned(post)
        row = self._client.row(table, planned, FIELDS) if is_sys_id(planned) else None
        if row is not None or post.ticket is TicketRole.TASK:
            return row
        query = Query().sys_id("correlation_id", planned).ascending("sys_created_on")
        for found in self._client.rows(table, query, FIELDS, limit=1):
            if found["correlation_id"] != planned:
                raise found.untrusted("that does not meet the query's condition on correlation_id")
            return found
        return None

    def _mentions(self, row: Record, marker: str) -> bool:
        return any(marker in text for text in self._written(row))

    def _written(self, row: Record) -> Iterator[str]:
        """All that stands on the ticket, the cheapest first."""
        yield row.get("close_notes") or ""
        yield from self._journal(row)
        # The journal's own table is often closed to all but administrators.
        fields = ("sys_id", "work_notes", "comments")
        shown = self._client.row(row.table, row["sys_id"], fields, display=True)
        yield from shown.values.values() if shown else ()

    def _journal(self, row: Record) -> Iterator[str]:
        query = (
            Query()
            .sys_id("element_id", row["sys_id"])
            .words("element", ["work_notes", "comments"])
            .descending("sys_created_on")
        )
        fields = ("sys_id", "element_id", "value")
        try:
            entries = self._client.rows("sys_journal_field", query, fields, limit=_NEWEST)
        except Permanent as error:
            if error.code is not Code.SERVICENOW_DENIED:
                raise
            return
        yield from (entry["value"] for entry in entries if entry["element_id"] == row["sys_id"])

    def _is_closed(self, row: Record) -> bool:
        if not row.flag("active"):
            return True
        shut = {self._form.resolved_state, self._form.closed_state}
        return row.table != TASK_TABLE and row["state"] in shut

    def _warn_of_ignored(self, row: Record, values: Mapping[str, str]) -> None:
        """Fields that the account may not write are ignored with success (servicenow.md 1.8)."""
        ignored = [name for name in _COMPARED if row.get(name) != values.get(name, row.get(name))]
        if ignored:
            log.warning("servicenow kept other values", ticket=row["number"], fields=ignored)

    def _tell_once(self, what: str, reason: str) -> None:
        if what not in self._told:
            log.warning(what, reason=reason)
        self._told.add(what)

    def _ticket(self, post: Post, row: Record) -> Ticket:
        self._known.keep(self._planned(post), row)
        return Ticket(
            role=post.ticket,
            sys_id=row["sys_id"],
            number=row["number"],
            url=f"{self._client.url}/nav_to.do?uri={row.table}.do?sys_id={row['sys_id']}",
            state=row["state"],
        )
