"""All rows that a query selects, page after page, whatever changes between the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.servicenow.line.answers import Excess
from adapters.servicenow.line.client import Client, Page
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from transfer.errors import Code, Permanent

SIZE = 500
"""Rows of a page."""


def every_row(  # noqa: PLR0913 what is asked, and how much of it is believed
    client: Client,
    table: str,
    query: Query,
    fields: Iterable[str],
    *,
    believed: int,
    size: int = SIZE,
) -> tuple[Record, ...]:
    """The rows, each once, in no order that means anything; `fields` must have the sys_id.

    A page begins after the sys_id that the one before ended with: rows that come and go meanwhile
    shift nothing. The instance cuts a page before it leaves out what we may not see, so a short
    page need not be the last one, and an empty one is stepped over. Raises Permanent
    `servicenow.untrusted` when more than `believed` rows are counted or come.

    What is more than one answer may hold is read in smaller pages.
    """
    named, rows = tuple(fields), list[Record]()
    after, skipped = "", 0
    while True:
        asked = (query.after(after) if after else query).ascending("sys_id")
        try:
            page = client.page(table, asked, named, limit=size, offset=skipped)
        except Excess:
            if size == 1:
                raise
            size //= 2
            continue
        _insist_on_order(page.rows, after)
        if len(rows) + max(page.total or 0, len(page.rows)) > believed:
            raise Implausible(client, table, believed)
        rows += page.rows
        if _was_last(page, skipped, size):
            return tuple(rows)
        after = max((row["sys_id"] for row in page.rows), default=after)
        skipped = 0 if page.rows else skipped + size


def _was_last(page: Page, skipped: int, size: int) -> bool:
    """Nothing lies behind this page; without a count, only an empty page tells."""
    return not page.rows if page.total is None else page.total <= skipped + size


def _insist_on_order(rows: Sequence[Record], after: str) -> None:
    for row in rows:
        if row["sys_id"] <= after:
            raise row.untrusted("that does not meet the query's condition on sys_id")


class Implausible(Permanent):
    """More rows than are believed."""

    def __init__(self, client: Client, table: str, believed: int) -> None:
        super().__init__(
            Code.SERVICENOW_UNTRUSTED,
            f"ServiceNow {client.host} has more than {believed} rows of table {table} for a query "
            "that should find few.",
            action="If so many are right, raise servicenow.believed_rows; else look for a "
            "condition that the instance ignores.",
        )
