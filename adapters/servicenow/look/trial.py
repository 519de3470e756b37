"""Two tickets, made and closed as those of a transfer, to see what the instance makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.servicenow.desk import forms
from adapters.servicenow.desk.attachments import Attachments
from adapters.servicenow.desk.callers import created_in_our_name
from adapters.servicenow.desk.closing import Written, closed
from adapters.servicenow.desk.desk import FIELDS
from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from adapters.servicenow.look.findings import Finding, broken, degraded, ok
from transfer.errors import Code, Permanent, Transient, Waiting
from transfer.model import Outcome
from transfer.tickets import Post, PostAction, TicketRole

_TITLE = "TEST of the FileFerry installation, please ignore"
_TEXT = (
    "`fileferry servicenow check` made this ticket to see whether FileFerry could work here. It "
    "stands for no transfer, and nobody has to do anything."
)
_FILE = b'{"test":true}\n'
_FORBIDDEN = (Code.SERVICENOW_DENIED, Code.SERVICENOW_REFUSED)
_CANCELED = "8"
_RIGHT = "Give the integration account the right to"


@dataclass
class Made:
    """A ticket that the check has made. `end`: empty, deleted, cancelled or left."""

    role: TicketRole
    table: str
    sys_id: str
    number: str
    url: str
    state: str
    end: str = ""


class Trial:
    """One run; `run` makes its tickets others than those of any other run."""

    def __init__(self, client: Client, form: TicketForm, run: str) -> None:
        self._client = client
        self._form = form
        self._run = run
        self.made: list[Made] = []

    def questions(self) -> Sequence[tuple[str, Callable[[], Iterable[Finding]]]]:
        return (
            ("create the user ticket", lambda: self._create(TicketRole.USER)),
            ("create it a second time", self._again),
            ("write a note", self._note),
            ("read the note", self._journal),
            ("attach a file", self._attach),
            ("resolve the user ticket", self._resolve),
            ("create the audit ticket", lambda: self._create(TicketRole.AUDIT)),
            ("close the audit ticket", self._close),
            ("read both back", self._read_back),
        )

    def remove(self) -> Iterator[Finding]:
        """Delete the tickets, or cancel what must not be deleted."""
        for each in self.made:
            each.end = self._removed(each)
            if each.end == "left":
                text = f"{each.number} may be neither deleted nor cancelled."
                yield degraded("clean up", text, "It is marked as a test: leave it as it is.")
            else:
                yield ok("clean up", f"{each.number} was {each.end}.")

    def _removed(self, made: Made) -> str:
        try:
            self._client.delete(made.table, made.sys_id)
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
        else:
            return "deleted"
        try:
            values = {"state": _CANCELED}
            row = self._client.update(made.table, made.sys_id, values, FIELDS)
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            return "left"
        made.state = row["state"]
        return "cancelled" if made.state == _CANCELED else "left"

    def _post(self, role: TicketRole, action: PostAction, outcome: Outcome | None = None) -> Post:
        return Post(
            key=f"check-{self._run}:{role}:{action}",
            transfer_id=f"check-{self._run}",
            generation=1,
            ticket=role,
            action=action,
            text=_TEXT,
            title=_TITLE,
            outcome=outcome,
            number="TEST",
        )

    def _create(self, role: TicketRole) -> Iterator[Finding]:
        name = f"create the {role} ticket"
        # Nobody is mailed about a test.
        values = forms.opening(self._post(role, PostAction.OPEN), self._form) | {"notify": "1"}
        row = self._created(values)
        self._remember(role, row)
        ignored = _ignored(row, values)
        hidden = [name for name in FIELDS if name not in row.values]
        if "correlation_id" in ignored:
            text = f"{row['number']} was made without its correlation_id."
            yield broken(name, text, f"{_RIGHT} write that field, by which tickets are found.")
        elif hidden:
            text = f"{row['number']} was made, and {', '.join(hidden)} is not shown."
            yield broken(name, text, f"{_RIGHT} read these fields of {self._form.table}.")
        elif others := [each for each in ignored if each != "sys_id"]:
            text = f"{row['number']} was made, and {', '.join(others)} was not written."
            yield degraded(name, text, f"{_RIGHT} write it.")
        elif row["caller_id"] and "caller_id" not in values:
            text = f"{row['number']} was refused without a caller; our own account stands in."
            yield degraded(name, text, forms.NAME_A_CALLER)
        else:
            yield ok(name, f"{row['number']} was made with all its fields.")
        if role is TicketRole.USER:
            yield _kept(ignored)

    def _created(self, values: Mapping[str, str]) -> Record:
        """The answer may be lost after the ticket was made; what was made is not left behind."""
        try:
            return self._client.create(self._form.table, values, FIELDS)
        except Permanent as error:
            return created_in_our_name(self._client, self._form.table, values, FIELDS, error)
        except Transient:
            found = self._client.row(self._form.table, values["sys_id"], FIELDS)
            if found is None:
                raise
            return found

    def _again(self) -> Iterator[Finding]:
        """A second insert of the same sys_id must not make a second ticket."""
        name, first = "create it a second time", self._of(TicketRole.USER)
        if first is None:
            return
        values = forms.opening(self._post(TicketRole.USER, PostAction.OPEN), self._form)
        try:
            row = self._client.create(self._form.table, values, FIELDS)
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            yield ok(name, f"It is refused: {error.message}")
            return
        self._remember(TicketRole.USER, row)
        yield degraded(
            name,
            f"A second ticket {row['number']} was made. FileFerry looks for the first one before "
            "each second try, so one is made twice only when an answer is lost and the ticket "
            "cannot be found yet.",
            "Let the integration account set the sys_id of a new ticket.",
        )

    def _note(self) -> Iterator[Finding]:
        row = self._of(TicketRole.USER)
        if row is not None:
            values = forms.note(self._post(TicketRole.USER, PostAction.NOTE))
            self._client.update(row.table, row.sys_id, values, FIELDS)
            yield ok("write a note", f"{row.number} took a work note.")

    def _journal(self) -> Iterator[Finding]:
        """Whether a note of ours can be found again after its answer was lost."""
        name, row = "read the note", self._of(TicketRole.USER)
        if row is None:
            return
        marker = self._post(TicketRole.USER, PostAction.NOTE).marker
        if marker in self._entries(row):
            yield ok(name, "It is found in sys_journal_field.")
            return
        shown = self._client.row(row.table, row.sys_id, ("sys_id", "work_notes"), display=True)
        if shown and marker in (shown.get("work_notes") or ""):
            text = "It is found on the ticket only, which takes a call more."
            yield degraded(name, text, "Give read access to sys_journal_field.")
        else:
            text = "It is not found again: a note whose answer is lost would be written twice."
            yield degraded(name, text, "Give read access to work_notes, or to sys_journal_field.")

    def _entries(self, made: Made) -> str:
        query = Query().sys_id("element_id", made.sys_id).words("element", ["work_notes"])
        try:
            rows = self._client.rows("sys_journal_field", query, ("sys_id", "value"), limit=10)
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            return ""
        return "\n".join(row.get("value") or "" for row in rows)

    def _attach(self) -> Iterator[Finding]:
        name, made = "attach a file", self._of(TicketRole.USER)
        row = made and self._client.row(made.table, made.sys_id, FIELDS)
        if not row:
            return
        lost = "The audit ticket then has no receipt.json; its text says all the same."
        try:
            why = Attachments(self._client).put(row, "check.json", _FILE, again=False)
        except Waiting:
            why = "The file was taken, and was not stored at once."
        digest = hashlib.sha256(_FILE).hexdigest()
        if why:
            yield degraded(name, f"{why} {lost}", f"{_RIGHT} create attachments of its tickets.")
        else:
            yield ok(name, f"It is stored with the SHA-256 that was sent ({digest[:12]}…).")

    def _resolve(self) -> Iterator[Finding]:
        name, made = "resolve the user ticket", self._of(TicketRole.USER)
        if made is None:
            return
        row = self._ended(TicketRole.USER, made, self._form.resolved_state)
        yield from self._judged(name, made, row, self._form.resolved_state)

    def _close(self) -> Iterator[Finding]:
        """State 7 is often for administrators only, while 6 is not (servicenow.md 3)."""
        name, made, form = "close the audit ticket", self._of(TicketRole.AUDIT), self._form
        if made is None:
            return
        try:
            row = self._ended(TicketRole.AUDIT, made, form.closed_state)
            why = "" if row["state"] == form.closed_state else f"It stayed in state {row['state']}."
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            why = error.message
        if why:
            row = self._ended(TicketRole.AUDIT, made, form.resolved_state)
            if row["state"] == form.resolved_state:
                made.state = row["state"]
                text = f"It may not be closed, and was resolved: {why}"
                yield degraded(
                    name,
                    text,
                    f"Set servicenow.tickets.closed_state: "
                    f"'{form.resolved_state}', or {_RIGHT.lower()} close.",
                )
                return
        yield from self._judged(name, made, row, form.closed_state)

    def _judged(self, name: str, made: Made, row: Record, state: str) -> Iterator[Finding]:
        made.state = row["state"]
        code = self._form.close_code_delivered
        if made.state != state:
            text = f"{made.number} stayed in state {made.state} where {state} was written."
            yield broken(name, text, f"{_RIGHT} write the state of its tickets.")
        elif row.get("close_code") != code:
            text = f"{made.number} has the close code {row.get('close_code')!r} and not {code!r}."
            yield degraded(name, text, f"{_RIGHT} write close_code, or set another code.")
        else:
            yield ok(name, f"{made.number} is in state {state}, close code {code!r}.")

    def _ended(self, role: TicketRole, made: Made, state: str) -> Record:
        post = self._post(role, PostAction.CLOSE, Outcome.DELIVERED)
        values = {**forms.ending(post, self._form), "state": state}
        written = Written(made.table, made.sys_id, made.state)
        return closed(self._client, written, values, FIELDS)[0]

    def _read_back(self) -> Iterator[Finding]:
        for made in self.made:
            row = self._client.row(made.table, made.sys_id, FIELDS)
            name = f"read {made.number} back"
            if row is None:
                advice = f"Give the integration account read access to {made.table}."
                yield broken(name, "It was made and is not shown.", advice)
            elif row["state"] != made.state:
                text = f"It is in state {row['state']} and not in {made.state} any more."
                yield degraded(name, text, "Look for a rule or a flow that changes tickets.")
            else:
                yield ok(name, f"It is there, in state {made.state}.")

    def _remember(self, role: TicketRole, row: Record) -> None:
        url = f"{self._client.url}/nav_to.do?uri={row.table}.do?sys_id={row['sys_id']}"
        self.made.append(Made(role, row.table, row["sys_id"], row["number"], url, row["state"]))

    def _of(self, role: TicketRole) -> Made | None:
        return next((each for each in self.made if each.role is role), None)


def _ignored(row: Record, values: Mapping[str, str]) -> list[str]:
    return [name for name in FIELDS if name in values and row.get(name) != values[name]]


def _kept(ignored: Sequence[str]) -> Finding:
    name = "keep the sys_id"
    if "sys_id" not in ignored:
        return ok(name, "A ticket has the sys_id that FileFerry gave it: it cannot exist twice.")
    text = "A ticket gets another sys_id; FileFerry finds it by its correlation_id."
    return degraded(name, text, "Let the integration account set the sys_id of a new ticket.")
