"""Brings a table of the first version up to date: it did not know which transfers are of one item.

Only adds to what stands there, and may be cut off and run again. The version comes last, so that
no FileFerry works with a table that is not brought up to date yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from adapters.ledger.dynamo import definition, takers
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.errors import Refused
from adapters.ledger.dynamo.heads import LISTED, Heads
from adapters.ledger.dynamo.items import HEAD, SCHEMA, Item, batched, transfer_id
from adapters.ledger.dynamo.ledger import deliveries
from adapters.ledger.dynamo.table import READS, Change, Table
from transfer.approval import items
from transfer.model import Transfer

FROM = 1
OLD = "#version = :old"


def migrate(table: Table) -> int:
    """For a table that no service works on. Returns how many transfers hold their items."""
    documents = Documents(table)
    found: dict[str, list[str]] = {}
    for each in _all(table, Heads(table, documents)):
        key = items.key_of(each.request)
        if key and items.holds(each, lambda name: deliveries(table, documents, name)):
            found.setdefault(key, []).append(each.id)
    for key, ids in found.items():
        _write(table, takers.read(table, key).become(ids))
    newer: Item = {"version": definition.VERSION}
    _write(table, Change(key=SCHEMA, item=newer, condition=OLD, values={"old": FROM}))
    return sum(map(len, found.values()))


def _write(table: Table, change: Change) -> None:
    # Another who migrates at the same time writes the same.
    with suppress(Refused):
        table.write(change)


def _all(table: Table, heads: Heads) -> Iterator[Transfer]:
    """Oldest first."""
    listed = table.index("received", "listed", LISTED)
    ids = (transfer_id(item) for item in listed if item["sk"] == HEAD)
    for some in batched(ids, READS):
        yield from map(heads.transfer, heads.read_all(some))
