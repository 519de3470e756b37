"""The Limits port on DynamoDB: one item for each limit, written under the version that was read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from adapters.ledger.dynamo.errors import Refused
from adapters.ledger.dynamo.items import Item, limit_key, number
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change
from transfer import limits
from transfer.limits import Edit, Lease, Result

ROUNDS = 20
"""Tries for one write; each meets another door that came first."""


class DynamoLimits:
    """The Limits port; `wall` tells the time that all hosts have in common."""

    def __init__(self, store: Store, wall: Callable[[], float]) -> None:
        self._store = store
        self._wall = wall

    def calls(self, name: str, wanted: int, most: int, back: Lease | None = None) -> Lease:
        def leased(page: Mapping[str, Any]) -> tuple[Lease, Mapping[str, Any]]:
            lease = limits.lease_calls(page, wanted, most, self._wall(), back)
            return lease, lease.page

        return self._change("calls", name, leased)

    def places(self, name: str, holder: str, wanted: int, most: int, using: int = 0) -> int:
        def taken(page: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
            now, lease = self._wall(), self._store.lease
            return limits.take_places(page, holder, wanted, most, now=now, lease=lease, using=using)

        return self._change("places", name, taken)

    def change(self, name: str, change: Edit[Result]) -> Result:
        return self._change("page", name, lambda page: change(page, self._wall()))

    def _change(
        self,
        kind: str,
        name: str,
        change: Callable[[Mapping[str, Any]], tuple[Result, Mapping[str, Any]]],
    ) -> Result:
        table, key = self._store.table, limit_key(kind, name)
        found = table.get(key)
        for _ in range(ROUNDS):
            page = _page(found)
            result, changed = change(page)
            if changed == page:
                return result
            version = number(found, "version") if found else 0
            try:
                table.write(
                    Change(
                        key=key,
                        item={"page": json.dumps(changed), "version": version + 1},
                        condition="attribute_not_exists(#pk) OR #version = :version",
                        values={"version": version},
                        tell=True,
                    )
                )
            except Refused as refused:
                found = refused.item or table.get(key)
                table.pause()
            else:
                return result
        raise table.place.unavailable("is kept busy by others who share a limit")


def _page(item: Item | None) -> dict[str, Any]:
    return json.loads(str(item["page"])) if item else {}
