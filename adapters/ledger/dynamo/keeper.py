"""The Keeper port on DynamoDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from adapters.ledger.dynamo import takers
from adapters.ledger.dynamo.chain import DynamoChain
from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.heads import (
    APPENDED,
    CLOSED,
    ROUTED,
    appended,
    unfinished,
    written,
)
from adapters.ledger.dynamo.items import (
    Item,
    Value,
    head_key,
    key_of,
    now_stamp,
    number,
    partition,
    stamp,
    transfer_id,
)
from adapters.ledger.dynamo.shards import close_all
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change
from transfer.approval import items
from transfer.errors import ClaimLost, Permanent
from transfer.history import Event, EventKind
from transfer.model import Delivery, Transfer
from transfer.tickets import Post

MINE_AT_REST = "#epoch = :epoch AND #at_rest = :yes"
MINE_UNFINISHED = "#epoch = :epoch AND #at_rest = :no"
RAISED = ", #epoch = #epoch + :one, #claims = :zero, #beat = :zero, #token = :token"
EVICT = (
    "SET #epoch = #epoch + :one, #claims = :zero, #beat = :zero, #token = :token, "
    f"#updated_at = :now, {APPENDED} REMOVE #owner, #route, #execution, #door"
)
HELD = frozenset({"owner", *ROUTED})
"""Attributes of a head that somebody holds or carries."""
OLD = "#at_rest = :yes AND #closed_at < :before"
EVERYTHING = ("a", "z")
"""All sort keys: each begins with a word."""


class DynamoKeeper:
    """The Keeper port."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table = store.table
        self._chain = DynamoChain(store)

    def amend(self, transfer: Transfer, *changes: Delivery | Post | Event) -> Transfer:
        token = uuid4().hex
        seen = {"epoch": transfer.epoch, "yes": True}
        more, values = appended(changes)
        values |= {**seen, "one": 1, "zero": 0, "token": token}
        head = self._store.heads.saved(transfer, MINE_AT_REST, RAISED + more, **values)
        head = replace(head, update=f"{head.update}, #owner")
        held = Change(key=head.key, condition=MINE_AT_REST, values=seen)
        for _ in range(takers.ROUNDS):
            if self._amended(transfer, head, held, changes, token):
                return transfer.evolve(epoch=transfer.epoch + 1, claims=0)
        raise self._table.place.unavailable("is kept busy by others who take up the same item")

    def _amended(
        self,
        transfer: Transfer,
        head: Change,
        held: Change,
        changes: Sequence[Delivery | Post | Event],
        token: str,
    ) -> bool:
        """False when another has taken the item that very moment. Raises ClaimLost."""
        taking = []
        if items.key_of(transfer.request):
            standing = takers.read(self._table, items.key_of(transfer.request))
            taking = [standing.with_taker(transfer, self._store.heads)]
        try:
            self._store.writer.write(head, held, changes, taking)
        except Cancelled as cancelled:
            # The first answer may have been lost, and the transport asked again.
            item = self._table.get(head.key)
            if item is not None and item.get("token") == token:
                return True
            if 0 in cancelled.refusals:
                raise ClaimLost(transfer.id) from cancelled
            return False
        return True

    def evict(self, transfer_id: str, execution: str | None = None) -> Transfer | None:
        key = head_key(transfer_id)
        item = self._table.get(key)
        while item is not None and unfinished(item) and not HELD.isdisjoint(item):
            if execution not in (None, item.get("execution")):
                return None
            # The document stays as its last owner writes it: a save that comes before counts.
            event = Event(at=datetime.now(UTC), kind=EventKind.TAKEN_BACK)
            values: dict[str, Value] = {"epoch": number(item, "epoch"), "no": False, "one": 1}
            values |= {"none": [], "events": written([event])}
            change = Change(
                key=key,
                update=EVICT,
                condition=MINE_UNFINISHED,
                values=values | {"zero": 0, "token": uuid4().hex, "now": now_stamp()},
                tell=True,
            )
            try:
                item = self._table.write(change)
            except Refused as refused:
                # Claimed that very moment; or the transport has sent it twice.
                item = refused.item
        if item is None or not unfinished(item):
            return None
        evicted = self._store.heads.transfer(item)
        if evicted.sharing and evicted.sharing.open:
            close_all(self._table, evicted)
        return evicted

    def forget(self, before: datetime) -> int:
        found = self._table.index("work", "work", CLOSED)
        forgotten = 0
        for item in found:
            if str(item["since"]) >= stamp(before):
                break
            forgotten += self._forget(transfer_id(item), stamp(before))
        self._store.lanes.forget()
        return forgotten

    def _forget(self, transfer_id: str, before: str) -> bool:
        """False when it is not old after all, or another host was quicker."""
        head = head_key(transfer_id)
        # The epoch is raised first, so that nobody amends what is about to go.
        fence = Change(
            key=head,
            update="SET #epoch = #epoch + :one",
            condition=OLD,
            values={"yes": True, "before": before, "one": 1},
        )
        try:
            fenced = self._table.write(fence)
            epoch = number(fenced, "epoch")
            takers.forget(self._table, self._item_of(fenced), transfer_id)
            found = self._table.query(
                partition(transfer_id), EVERYTHING, ProjectionExpression="pk, sk"
            )
            keys = [key for key in map(key_of, found) if key != head]
            self._chain.mark(keys, datetime.now(UTC))
            self._table.erase(keys)
            self._table.remove(head, "#epoch = :epoch", epoch=epoch)
        except Refused:
            return False
        return True

    def _item_of(self, head: Item) -> str:
        """Of one whose forgetting was cut off the request may be gone: none, then."""
        try:
            return items.key_of(self._store.heads.transfer(head).request)
        except Permanent:
            return ""
