"""Standing approvals: the records of the configured table, with what their approval rests on.

The table extends `task`, so that approvals hang on it as on an ordered item. Four calls serve a
listing of a page; the record's own row says who made it, `sys_audit` when each of its terms was
changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from adapters.servicenow.budget import Need
from adapters.servicenow.client import Client
from adapters.servicenow.evidence import Surroundings, approvals_of
from adapters.servicenow.pages import Implausible, every_row
from adapters.servicenow.query import Query, is_sys_id
from adapters.servicenow.records import Record
from adapters.servicenow.related import Related, Unread, unread
from adapters.servicenow.wording import storable
from transfer.errors import Permanent
from transfer.evidence import Approval, Evidence, Unreadable, Variable

log = structlog.get_logger(__name__)

MOST = 10_000
"""Records with a prefix that are active. Of more, the approved ones alone are read."""
_AUDIT = "sys_audit"
_CHANGE = ("sys_id", "documentkey", "fieldname", "newvalue", "user", "sys_created_on")
_APPROVAL, _APPROVED = "approval", "approved"


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
        """The fields that are approved; who it is for decides about the grants."""
        named = (self.prefix, self.destination, self.until, self.path, self.requester)
        return tuple(filter(None, named))

    @property
    def fields(self) -> tuple[str, ...]:
        own = ("sys_id", "number", "active", "state", _APPROVAL, "opened_by")
        system = ("sys_created_on", "sys_created_by", "sys_updated_on")
        names = (*own, *system, *self.terms, f"{self.requester}.user_name")
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
        _insist_on_fields(rows, ("active", self._table.prefix, _APPROVAL))
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
        rows = self._every(query.words(_APPROVAL, [_APPROVED]))
        for row in rows:
            if row.values.get(_APPROVAL, _APPROVED) != _APPROVED:
                raise row.untrusted(f"that does not meet the query's condition on {_APPROVAL}")
        return rows

    def _every(self, query: Query) -> Sequence[Record]:
        table = self._table
        return every_row(self._client, table.table, query, table.fields, believed=self._most)

    def _judged(
        self, rows: Sequence[Record], read_at: datetime, unread: Unread | None = None
    ) -> Sequence[Evidence]:
        """What stands around a draft cannot make it hold, and is not asked for."""
        related = Related(self._client, self._group, unread)
        ids = [row["sys_id"] for row in rows if row.get(_APPROVAL) == _APPROVED]
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
            changes = around.variables.get(record_id, ())
            found = self._evidence(row, tuple(map(_with_name, decided)), changes, read_at)
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
            item_approval=row.get(_APPROVAL),
            catalog_item="",
            request_number=row.get("number") or "",
            requester_id="",
            requester="",
            opened_by_id="",
            approvals=(),
            variables={prefix: Variable(value=row.get(prefix) or "", changed_at=read_at)},
            read_at=read_at,
            unreadable=why,
        )

    def _changes(self, ids: Sequence[str], related: Related) -> Mapping[str, Sequence[Record]]:
        if not self._table.audited:
            return {}
        wanted = (*self._table.terms, _APPROVAL)
        narrow = Query().words("fieldname", wanted)
        found = related.grouped(_AUDIT, "documentkey", ids, _CHANGE, narrow)
        rows = [row for rows in found.values() for row in rows]
        for row in rows:
            if row.values.get("fieldname", _APPROVAL) not in wanted:
                raise row.untrusted("that does not meet the query's condition on fieldname")
        _insist_on_fields(rows, ("fieldname",))
        return found

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
            item_approval=row[_APPROVAL] or None,
            catalog_item="",
            request_number=row["number"],
            requester_id=row.reference(requester),
            requester=row[f"{requester}.user_name"],
            opened_by_id=row.reference("opened_by"),
            approvals=approvals,
            variables=dict(self._terms(row, changes)),
            read_at=read_at,
            authors=self._authors(row, changes),
            history=not self._table.audited or _is_kept(changes),
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


def _insist_on_fields(rows: Sequence[Record], names: Sequence[str]) -> None:
    """A field that no row shows is hidden from us, and its condition was dropped."""
    for name in names:
        if rows and not any(name in row.values for row in rows):
            raise rows[0].untrusted(f"without the field {name} that was asked for")


def _user(row: Record, field: str) -> str:
    """A name that is shown as empty is hidden: everything is done by somebody."""
    if not row[field]:
        raise row.untrusted(f"with nobody in {field}")
    return row[field]


def _with_name(approval: Approval) -> Approval:
    """Who has no readable name could be the author, and does not count."""
    return replace(approval, in_group=approval.in_group and bool(approval.approver))


def _is_kept(changes: Sequence[Record]) -> bool:
    """The step to “approved” is an update: without a row of it nothing is kept, or none shown."""
    return any(row["fieldname"] == _APPROVAL and row["newvalue"] == "approved" for row in changes)
