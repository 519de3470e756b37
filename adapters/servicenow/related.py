"""What stands around records: the decisions of their approvers, and other rows that refer to them.

Every row is checked again here, because the instance drops query conditions that it does not
understand and then answers with every row (servicenow.md 1.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from adapters.servicenow.client import Client
from adapters.servicenow.evidence import APPROVAL_FIELDS, MEMBER_FIELDS
from adapters.servicenow.query import Query
from adapters.servicenow.records import Record

_BATCH = 100
"""Sys_ids in one query: 3,300 characters of address; instances refuse beyond 8,000 or so."""
_PAGE = 10_000
"""Rows asked for around one batch; a full page may have been cut, and is refused.

A group approval makes one row for each member of the group, decided or not.
"""


class Related:
    """Every method raises FerryError `servicenow.*`; `approver_group` is a sys_id."""

    def __init__(self, client: Client, approver_group: str) -> None:
        self._client = client
        self._group = approver_group

    def approvals(self, subjects: Iterable[str]) -> dict[str, list[Record]]:
        """The approver rows of each of these records."""
        return self.grouped("sysapproval_approver", "sysapproval", subjects, APPROVAL_FIELDS)

    def members(self, approvals: Mapping[str, Sequence[Record]]) -> frozenset[str]:
        """Those of the approvers who are in the approver group."""
        users = {row.reference("approver") for rows in approvals.values() for row in rows}
        return frozenset(self._in_group(users - {""}))

    def grouped(
        self,
        table: str,
        key: str,
        values: Iterable[str],
        fields: Sequence[str],
        narrow: Query = Query(),  # noqa: B008 a frozen value
    ) -> dict[str, list[Record]]:
        """The rows whose `key` is one of `values`, under that value."""
        grouped = defaultdict(list)
        for batch in batches(sorted(values)):
            rows = self._client.rows(table, narrow.sys_ids(key, batch), fields, limit=_PAGE)
            if len(rows) == _PAGE:
                raise rows[-1].untrusted("at the end of a page that may have been cut")
            for row in rows:
                if row[key] not in batch:
                    raise row.untrusted(f"that does not meet the query's condition on {key}")
                grouped[row[key]].append(row)
        return dict(grouped)

    def _in_group(self, users: set[str]) -> Iterator[str]:
        narrow = Query().sys_id("group", self._group)
        found = self.grouped("sys_user_grmember", "user", users, MEMBER_FIELDS, narrow)
        for user, rows in found.items():
            for row in rows:
                if row["group"] != self._group:
                    raise row.untrusted("that does not meet the query's condition on group")
                yield user


def batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many as fit into one query."""
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
