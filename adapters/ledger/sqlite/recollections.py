"""The digests that the SQLite ledger remembers."""

from __future__ import annotations

from adapters.ledger.codec import RECOLLECTION, dump
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import reading, writing
from transfer.recollection import Recollection

INSTEAD = (
    "ON CONFLICT (name) DO UPDATE SET transfer_id = excluded.transfer_id, "
    "document = excluded.document, seal = excluded.seal"
)


class SqliteRecollections:
    """The Recollections port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, recollection: Recollection) -> None:
        document = dump(RECOLLECTION, recollection)
        values = (recollection.name, recollection.transfer, document)
        with writing(self._database) as rows:
            rows.put("recollections", values, INSTEAD)

    def find(self, name: str) -> Recollection | None:
        with reading(self._database) as rows:
            row = rows.one("recollections", "name = ?", (name,))
        return row.value(RECOLLECTION) if row else None
