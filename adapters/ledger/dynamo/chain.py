"""The chain of the receipts on DynamoDB: a number is taken once, whatever host is quicker.

C#<instance>   link#<number>          stays for ever
T#<transfer>   ending#<generation>    goes with its transfer
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from adapters.ledger.codec import LINK, dump
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.errors import Refused
from adapters.ledger.dynamo.items import Item, Key, ending_key, link_key, number
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change
from transfer.audit.chain import Entry, Link, mark, marks_of
from transfer.model import Transfer

NEW = "attribute_not_exists(#pk)"
LINKS = ("link#", "link$")
ENDING = "ending#"


class DynamoChain:
    """The Chain port."""

    def __init__(self, store: Store) -> None:
        self._table = store.table
        self._documents = store.documents

    def last(self, instance: str) -> Link | None:
        found = self._query(instance, ScanIndexForward=False, Limit=1)
        return next((self._documents.value(item, LINK) for item in found), None)

    def find(self, transfer: Transfer) -> Entry | None:
        ending = self._table.get(ending_key(transfer.id, transfer.generation))
        if ending is None:
            return None
        link = self._link_of(ending)
        if link is None:
            raise self._documents.damaged(ending)
        return Entry(link=link, ending=self._documents.read(str(ending["pk"]), ending["document"]))

    def mark(self, going: Iterable[Key], now: datetime) -> None:
        """Beside the chain, that the transfer with these items is about to be forgotten; nothing
        where it has no link.
        """
        latest = max((key for key in going if key[1].startswith(ENDING)), default=None)
        ending = self._table.get(latest) if latest else None
        link = self._link_of(ending) if ending else None
        while link:
            marked = mark(self.last(marks_of(link.instance)), link, now)
            try:
                self._table.write(_new(marked))
            except Refused:
                # Another host has written one that very moment.
                continue
            return

    def _link_of(self, ending: Item) -> Link | None:
        item = self._table.get(link_key(str(ending["instance"]), number(ending, "link")))
        return self._documents.value(item, LINK) if item else None

    def links(self, instance: str) -> Iterator[Link]:
        return (self._documents.value(item, LINK) for item in self._query(instance))

    def _query(self, instance: str, **more: object) -> Iterator[Item]:
        pk, _ = link_key(instance, 0)
        return self._table.query(pk, LINKS, **more)


def appended(documents: Documents, entry: Entry) -> Sequence[Change]:
    """Both new, under the condition that neither stands there.

    Nobody takes a link away, so the one before it, which was read, stands there still.
    """
    link = entry.link
    ending = ending_key(link.transfer, link.generation)
    document = documents.pack(ending[0], entry.ending)
    about: Item = {"instance": link.instance, "link": link.number, "document": document}
    return [_new(link), Change(key=ending, item=about, condition=NEW)]


def _new(link: Link) -> Change:
    written: Item = {"document": dump(LINK, link)}
    return Change(key=link_key(link.instance, link.number), item=written, condition=NEW)
