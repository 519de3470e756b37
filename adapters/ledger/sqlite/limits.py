"""The Limits port on SQLite: what must not begin anew with each start of the service."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import reading, writing
from adapters.ledger.sqlite.rows import Rows
from transfer import limits
from transfer.limits import Edit, Lease, Result


class SqliteLimits:
    """The Limits port; `wall` tells the time, for a monotonic one ends with the boot."""

    def __init__(self, database: Database, lease: float, wall: Callable[[], float]) -> None:
        self._database = database
        self._lease = lease
        self._wall = wall

    def calls(self, name: str, wanted: int, most: int, back: Lease | None = None) -> Lease:
        def leased(page: Mapping[str, Any], now: float) -> tuple[Lease, Mapping[str, Any]]:
            lease = limits.lease_calls(page, wanted, most, now, back)
            return lease, lease.page

        return self._change(f"calls {name}", leased)

    def places(self, name: str, holder: str, wanted: int, most: int, using: int = 0) -> int:
        def taken(page: Mapping[str, Any], now: float) -> tuple[int, Mapping[str, Any]]:
            return limits.take_places(
                page, holder, wanted, most, now=now, lease=self._lease, using=using
            )

        return self._change(f"places {name}", taken)

    def change(self, name: str, change: Edit[Result]) -> Result:
        return self._change(f"page {name}", change)

    def _change(self, name: str, change: Edit[Result]) -> Result:
        with reading(self._database) as rows:
            page = _page(rows, name)
        result, changed = change(page, self._wall())
        if json.dumps(changed) == json.dumps(page):
            # Most looks change nothing, and cost no write to the disk.
            return result
        with writing(self._database) as rows:
            result, changed = change(_page(rows, name), self._wall())
            rows.put(
                "limits",
                (name, json.dumps(changed)),
                "ON CONFLICT (name) DO UPDATE SET page = excluded.page, seal = excluded.seal",
            )
            return result


def _page(rows: Rows, name: str) -> Mapping[str, Any]:
    row = rows.one("limits", "name = ?", (name,))
    page: Mapping[str, Any] = json.loads(row.text("page")) if row else {}
    return page
