"""Standing approvals: the records of the configured table, with what their approval rests on.

The table extends `task`, so that approvals hang on it as on an ordered item. Four calls serve a
listing; the record's own row says who made it, `sys_audit` when each of its terms was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.servicenow.budget import Need
from adapters.servicenow.client import Client
from adapters.servicenow.evidence import approvals_of
from adapters.servicenow.query import Query, is_sys_id
from adapters.servicenow.records import Record
from adapters.servicenow.related import Related
from adapters.servicenow.wording import storable
from transfer.evidence import Approval, Evidence, Variable

MOST = 1_000
"""Records with a prefix that are active; a full page may have been cut, and is refused."""
_AUDIT = "sys_audit"
_CHANGE = ("sys_id", "documentkey", "fieldname", "newvalue", "user", "sys_created_on")
_APPROVAL = "approval"


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

    def __init__(self, client: Client, table: StandingTable, related: Related) -> None:
        self._client = client
        self._table = table
        self._related = related

    def read(self, record_id: str, read_at: datetime) -> Sequence[Evidence]:
        """The one with that sys_id, open or not; none when it is not there."""
        if not is_sys_id(record_id):
            return ()
        found = self._client.row(self._table.table, record_id, self._table.fields)
        return self._judged((found,) if found else (), read_at)

    def listed(self, read_at: datetime) -> Sequence[Evidence]:
        """Those that are active and have a prefix, approved or not, oldest first."""
        self._client.insist(Need.INTAKE)
        table = self._table
        query = Query().flag("active", True).filled(table.prefix).ascending("sys_created_on")
        rows = self._client.rows(table.table, query, table.fields, limit=MOST)
        for row in rows:
            if not row.flag("active") or not row[table.prefix]:
                raise row.untrusted(f"that does not meet the condition on active or {table.prefix}")
        if len(rows) == MOST:
            raise rows[-1].untrusted("at the end of a page that may have been cut")
        return self._judged(rows, read_at)

    def _judged(self, rows: Sequence[Record], read_at: datetime) -> Sequence[Evidence]:
        ids = [row["sys_id"] for row in rows]
        approvals = self._related.approvals(ids)
        members = self._related.members(approvals)
        changes = self._changes(ids)
        found = []
        for row in rows:
            decided = approvals_of(approvals.get(row["sys_id"], ()), members)
            named = tuple(map(_with_name, decided))
            found.append(self._evidence(row, named, changes.get(row["sys_id"], ()), read_at))
        return found

    def _changes(self, ids: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        if not self._table.audited:
            return {}
        wanted = (*self._table.terms, _APPROVAL)
        narrow = Query().words("fieldname", wanted)
        found = self._related.grouped(_AUDIT, "documentkey", ids, _CHANGE, narrow)
        for row in (row for rows in found.values() for row in rows):
            if row["fieldname"] not in wanted:
                raise row.untrusted("that does not meet the query's condition on fieldname")
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
