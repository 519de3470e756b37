"""Standing approvals: the records of the configured table, with what their approval rests on.

The table extends `task`, so that approvals hang on it as on an ordered item. Four calls serve a
listing of a page; the record's own row says who made it, `sys_audit` when each of its terms was
changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from adapters.servicenow.line.budget import Need
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.pages import Implausible, every_row
from adapters.servicenow.line.query import Query, is_sys_id
from adapters.servicenow.line.records import Record
from adapters.servicenow.line.wording import storable
from adapters.servicenow.reading.evidence import Surroundings, approvals_of
from adapters.servicenow.reading.history import (
    APPROVAL,
    APPROVED,
    Changes,
    asking_for,
    changes,
    insist_on_fields,
    is_kept,
)
from adapters.servicenow.reading.related import APPROVALS, Related, Unread, unread
from transfer.errors import Permanent
from transfer.evidence import Approval, Evidence, Unreadable, Variable

log = structlog.get_logger(__name__)

MOST = 10_000
"""Records with a prefix that are active. Of more, the approved ones alone are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingTable:
    """The table and its fields. `path` may be empty; `requester` refers to a user.

    `audited`: the changes are those of `sys_audit`. Else the record's latest update counts as a
    change of every term, unless it came within `settle` seconds after the approver's decision:
    ServiceNow itself writes to the record then.
    """

    table: str
    prefix: str = "u_prefix"
    destination: str = "u_destination"
    until: str = "u_until"
    path: str = "u_path"
    requester: str = "opened_by"
    audited: bool = True
    settle: float = 10.0

    @property
    def terms(self) -> tuple[str, ...]:
        """The fields that are approved; who it is for and who asked decide about the grants."""
        named = (self.prefix, self.destination, self.until, self.path, self.requester, "opened_by")
        return tuple(dict.fromkeys(filter(None, named)))

    @property
    def fields(self) -> tuple[str, ...]:
        own = ("sys_id", "number", "active", "state", APPROVAL, "opened_by")
        system = ("sys_created_on", "sys_created_by", "sys_updated_on")
        people = (f"{name}.user_name" for name in (self.requester, "opened_by"))
        names = (*own, *system, *self.terms, *people)
        return tuple(dict.fromkeys(names))


class StandingRecords:
    """Reads them, one or all that are active. Every method raises FerryError `servicenow.*`."""

    def __init__(
        self, client: Client, table: StandingTable, approver_group: str, most: int = MOST
    ) -> None:
        self._most = most
        self._client = client
        self._table = table
        self._group = approver_group
        self._unread = unread()
        self._told = False

    def read(self, record_id: str, read_at: datetime) -> Sequence[Evidence]:
        """The one with that sys_id, open or not; none when it is not there."""
        if not is_sys_id(record_id):
            return ()
        found = self._client.row(self._table.table, record_id, self._table.fields)
        return self._judged((found,) if found else (), read_at)

    def listed(self, read_at: datetime) -> Sequence[Evidence]:
        """Those that are active and have a prefix, approved or not, oldest first."""
        self._client.insist(Need.HINTS)
        rows = self._active()
        for row in rows:
            shown = {name: row.values.get(name, "true") for name in ("active", self._table.prefix)}
            if shown["active"] != "true" or not shown[self._table.prefix]:
                names = " or ".join(shown)
                raise row.untrusted(f"that does not meet the query's condition on {names}")
        insist_on_fields(rows, ("active", self._table.prefix, APPROVAL))
        return self._judged(sorted(rows, key=_age), read_at, self._unread)

    def _active(self) -> Sequence[Record]:
        """Drafts too, as long as there are not too many of them for the approved ones."""
        query = Query().flag("active", True).filled(self._table.prefix)
        try:
            return self._every(query)
        except Implausible as error:
            if not self._told:
                log.warning("drafts of standing approvals are left out", reason=error.message)
            self._told = True
        rows = self._every(query.words(APPROVAL, [APPROVED]))
        for row in rows:
            if row.values.get(APPROVAL, APPROVED) != APPROVED:
                raise row.untrusted(f"that does not meet the query's condition on {APPROVAL}")
        return rows

    def _every(self, query: Query) -> Sequence[Record]:
        table = self._table
        return every_row(self._client, table.table, query, table.fields, believed=self._most)

    def _judged(
        self, rows: Sequence[Record], read_at: datetime, unread: Unread | None = None
    ) -> Sequence[Evidence]:
        """What stands around a draft cannot make it hold, and is not asked for."""
        related = Related(self._client, self._group, unread)
        ids = [row["sys_id"] for row in rows if row.get(APPROVAL) == APPROVED]
        audited = {asking_for(self._table.terms): ids} if self._table.audited else {}
        related.look_ahead({APPROVALS: ids, **audited})
        approvals = related.approvals(ids)
        around = Surroundings(
            approvals=approvals,
            members=related.members(approvals),
            # The variables of a record are its terms; their changes stand elsewhere.
            variables=self._changes(ids, related),
            lost=related.lost,
        )
        return [self._seen(row, around, read_at) for row in rows]

    def _seen(self, row: Record, around: Surroundings, read_at: datetime) -> Evidence:
        """One that cannot be read holds nothing, and holds up no other."""
        record_id = row["sys_id"]
        try:
            decided = approvals_of(around.approvals.get(record_id, ()), around.members)
            written = around.variables.get(record_id, ())
            found = self._evidence(row, tuple(decided), written, read_at)
        except Permanent as error:
            found = self._little(row, read_at, Unreadable(why=error.message))
        return replace(found, unreadable=around.lost.get(record_id, found.unreadable))

    def _little(self, row: Record, read_at: datetime, why: Unreadable) -> Evidence:
        """Enough to tell which objects it would cover."""
        prefix = self._table.prefix
        return Evidence(
            instance=row.host,
            task_id="",
            task_number="",
            task_active=False,
            task_state="",
            item_id=row["sys_id"],
            item_number=row.get("number") or row["sys_id"],
            item_active=row.get("active") == "true",
            item_state=row.get("state") or "",
            item_approval=row.get(APPROVAL),
            catalog_item="",
            request_number=row.get("number") or "",
            requester_id="",
            requester="",
            opened_by_id="",
            opener="",
            approvals=(),
            variables={prefix: Variable(value=row.get(prefix) or "", changed_at=read_at)},
            read_at=read_at,
            unreadable=why,
        )

    def _changes(self, ids: Sequence[str], related: Related) -> Changes:
        return changes(related, ids, self._table.terms) if self._table.audited else {}

    def _evidence(
        self,
        row: Record,
        approvals: tuple[Approval, ...],
        changes: Sequence[Record],
        read_at: datetime,
    ) -> Evidence:
        requester = self._table.requester
        return Evidence(
            instance=row.host,
            task_id="",
            task_number="",
            task_active=False,
            task_state="",
            item_id=row["sys_id"],
            item_number=row["number"],
            item_active=row.flag("active"),
            item_state=row["state"],
            item_approval=row[APPROVAL] or None,
            catalog_item="",
            request_number=row["number"],
            requester_id=row.reference(requester),
            requester=row[f"{requester}.user_name"],
            opened_by_id=row.reference("opened_by"),
            opener=row["opened_by.user_name"],
            approvals=approvals,
            variables=dict(self._terms(row, changes)),
            read_at=read_at,
            authors=self._authors(row, changes),
            history=not self._table.audited or is_kept(changes),
        )

    def _terms(self, row: Record, changes: Sequence[Record]) -> Iterator[tuple[str, Variable]]:
        """A value that no database could keep cannot be kept as it was approved: left out."""
        for name in self._table.terms:
            value = row[name]
            if row.values[name] == storable(value):
                yield name, Variable(value=value, changed_at=self._changed(name, row, changes))

    def _changed(self, name: str, row: Record, changes: Sequence[Record]) -> datetime:
        if not self._table.audited:
            return row.time("sys_updated_on") - timedelta(seconds=self._table.settle)
        times = [each.time("sys_created_on") for each in changes if each["fieldname"] == name]
        return max(times, default=row.time("sys_created_on"))

    def _authors(self, row: Record, changes: Sequence[Record]) -> frozenset[str]:
        """Who opened a record can be written into it, who created it cannot."""
        written = [each for each in changes if each["fieldname"] in self._table.terms]
        return frozenset({_user(row, "sys_created_by"), *(_user(each, "user") for each in written)})


def _age(row: Record) -> tuple[str, str]:
    return row.get("sys_created_on") or "", row.get("number") or ""


def _user(row: Record, field: str) -> str:
    """A name that is shown as empty is hidden: everything is done by somebody."""
    if not row[field]:
        raise row.untrusted(f"with nobody in {field}")
    return row[field]
