"""The digests that the ledger on DynamoDB remembers.

M#<name>   digests    dropped by the table itself (TTL)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.ledger.codec import RECOLLECTION, dump
from adapters.ledger.dynamo.definition import EXPIRY
from adapters.ledger.dynamo.items import Item, recollection_key
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change
from transfer.recollection import Recollection

KEPT = timedelta(days=90)


class DynamoRecollections:
    """The Recollections port."""

    def __init__(self, store: Store) -> None:
        self._table = store.table
        self._documents = store.documents

    def keep(self, recollection: Recollection) -> None:
        expires = int((datetime.now(UTC) + KEPT).timestamp())
        item: Item = {"document": dump(RECOLLECTION, recollection), EXPIRY: expires}
        self._table.write(Change(key=recollection_key(recollection.name), item=item))

    def find(self, name: str) -> Recollection | None:
        item = self._table.get(recollection_key(name))
        return self._documents.value(item, RECOLLECTION) if item else None
