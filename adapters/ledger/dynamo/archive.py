"""The Archive port on DynamoDB: indexes say where to look, consistent reads say what there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from adapters.ledger.codec import EVENT, TICKET
from adapters.ledger.dynamo.heads import (
    LISTED,
    QUARANTINED,
    UNFINISHED,
    mark,
    quarantined,
    unfinished,
)
from adapters.ledger.dynamo.items import (
    HEAD,
    RECORD,
    Item,
    head_key,
    partition,
    texts,
    transfer_id,
)
from adapters.ledger.dynamo.ledger import read_deliveries
from adapters.ledger.dynamo.store import Store
from transfer.books import ALL, Only, Record
from transfer.history import Event, in_order, names
from transfer.model import Transfer
from transfer.tickets import Ticket, TicketRole

LONGEST_NAME = 1000
"""Bytes that a key may have; nothing of ours is half as long."""

LOOKED = 1000
"""Transfers, the newest, that are looked through for what no index knows."""


class DynamoArchive:
    """The Archive port."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table = store.table

    def unfinished(self) -> Sequence[Transfer]:
        # The index may not have heard of what was admitted here a moment ago.
        fresh = set(self._store.fresh)
        listed = self._ids("work", "work", UNFINISHED)
        asked_at = self._store.watch.now()
        heads = filter(unfinished, self._store.heads.read_all([*listed, *fresh]))
        found = {transfer_id(item): item for item in heads}
        for each, item in found.items():
            # A silence begins with the first look, long before somebody has time to claim.
            if "owner" in item:
                self._store.watch.silent(each, mark(item), asked_at)
        self._store.fresh.difference_update(fresh.intersection(listed), fresh.difference(found))
        return [self._store.heads.transfer(item) for item in found.values()]

    def quarantined(self) -> Sequence[Transfer]:
        heads = self._store.heads.read_all(self._ids("work", "work", QUARANTINED))
        return [self._store.heads.transfer(item) for item in heads if quarantined(item)]

    def search(self, text: str = "", limit: int = 50, only: Only = ALL) -> Sequence[Record]:
        found = self._records(self._named(text))
        wanted = (it for it in found if only.takes(it.transfer, it.updated_at))
        return list(islice(wanted, limit))

    def _named(self, text: str) -> Iterable[str]:
        """The ids that the text may stand for, newest first."""
        if not text:
            newest = self._table.index("received", "listed", LISTED, newest=True)
            return (transfer_id(item) for item in newest)
        if len(text.encode()) > LONGEST_NAME:
            return []
        if self._table.get(head_key(text)):
            return [text]
        ids = {*self._ids("number", "number", text), *self._ids("task", "task_number", text)}
        heads = self._store.heads.read_all(sorted(ids))
        return [transfer_id(item) for item in heads[::-1]]

    def find(self, text: str, limit: int = 50) -> Sequence[Record]:
        found = self.search(text, limit)
        if found or not text or len(text.encode()) > LONGEST_NAME:
            return found
        of_tickets = [transfer_id(item) for item in self._table.index("number", "number", text)]
        ids = [*dict.fromkeys(of_tickets)] or self._looked_through(text)
        return list(self._records(ids[:limit]))

    def _looked_through(self, text: str) -> list[str]:
        newest = islice(self._table.index("received", "listed", LISTED, newest=True), LOOKED)
        heads = self._store.heads.read_all([transfer_id(item) for item in newest])
        found = map(self._store.heads.transfer, heads[::-1])
        return [each.id for each in found if names(each, text)]

    def _ids(self, index: str, attribute: str, value: str) -> list[str]:
        found = self._table.index(index, attribute, value)
        return [transfer_id(item) for item in found if item["sk"] == HEAD]

    def _records(self, ids: Iterable[str]) -> Iterator[Record]:
        records = (self._record(list(self._table.query(partition(each), RECORD))) for each in ids)
        return (record for record in records if record)

    def _record(self, items: list[Item]) -> Record | None:
        head = next((item for item in items if item["sk"] == HEAD), None)
        if head is None:
            return None
        lanes = [item for item in items if str(item["sk"]).startswith("lane#")]
        unsent = [lane for lane in lanes if texts(lane, "unsent")]
        errors = [str(lane["last_error"]) for lane in unsent if "last_error" in lane]
        return Record(
            transfer=self._store.heads.transfer(head),
            deliveries=read_deliveries(items, self._store.documents),
            tickets=_tickets(lanes),
            unsent=sum(len(texts(lane, "unsent")) for lane in unsent),
            last_error=max(errors, default=None),
            updated_at=datetime.fromisoformat(str(head["updated_at"])),
            history=in_order([*self._store.heads.history(head), *_events(lanes)]),
        )


def _events(lanes: Sequence[Item]) -> list[Event]:
    return [EVENT.validate_json(text) for lane in lanes for text in texts(lane, "history")]


def _tickets(lanes: Sequence[Item]) -> dict[TicketRole, Ticket]:
    """By role; the latest generation wins, for the lanes come in that order."""
    found = [TICKET.validate_json(str(lane["ticket"])) for lane in lanes if "ticket" in lane]
    return {ticket.role: ticket for ticket in found}
