"""The chain of the receipts in the SQLite ledger."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.ledger.codec import LINK
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import reading
from transfer.audit.chain import Entry, Link
from transfer.model import Transfer

PAGE = 500
"""Links of one look: the daemon writes between two."""


class SqliteChain:
    """The Chain port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self, instance: str) -> Link | None:
        with reading(self._database) as rows:
            return rows.last_link(instance)

    def find(self, transfer: Transfer) -> Entry | None:
        about = (transfer.id, transfer.generation)
        with reading(self._database) as rows:
            ending = rows.one("endings", "transfer_id = ? AND generation = ?", about)
            if ending is None:
                return None
            link = rows.link(ending["instance"], ending["number"])
        if link is None:
            raise ending.damaged()
        return Entry(link=link, ending=ending.text("document"))

    def links(self, instance: str) -> Iterator[Link]:
        last = -1
        while True:
            more = "instance = ? AND number > ? ORDER BY number LIMIT ?"
            with reading(self._database) as rows:
                found = list(rows.select("links", more, (instance, last, PAGE)))
            for row in found:
                last = row.number("number")
                yield row.value(LINK)
            if len(found) < PAGE:
                return
