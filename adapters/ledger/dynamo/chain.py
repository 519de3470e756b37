"""The chain of the receipts on DynamoDB: a number is taken once, whatever host is quicker.

C#<instance>   link#<number>          stays for ever
T#<transfer>   ending#<generation>    goes with its transfer
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.ledger.codec import LINK, dump
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.items import Item, ending_key, link_key, number
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change
from transfer.audit.chain import Entry, Link
from transfer.model import Transfer

NEW = "attribute_not_exists(#pk)"
LINKS = ("link#", "link$")


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
        link = self._table.get(link_key(str(ending["instance"]), number(ending, "link")))
        if link is None:
            raise self._documents.damaged(ending)
        text = self._documents.read(str(ending["pk"]), ending["document"])
        return Entry(link=self._documents.value(link, LINK), ending=text)

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
    written: Item = {"document": dump(LINK, link)}
    return [
        Change(key=link_key(link.instance, link.number), item=written, condition=NEW),
        Change(key=ending, item=about, condition=NEW),
    ]
