"""The Ledger port on DynamoDB: claims by conditional writes, leases by the clock of who waits."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from adapters.ledger.codec import DELIVERY, EVENT
from adapters.ledger.dynamo import shards, takers
from adapters.ledger.dynamo.chain import appended as chained
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.heads import APPENDED, appended, mark, unfinished, written
from adapters.ledger.dynamo.items import (
    FILES_AND_HEAD,
    HEAD,
    Item,
    Value,
    claim_key,
    file_number,
    head_key,
    number,
    partition,
    texts,
)
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change, Table
from adapters.ledger.dynamo.takers import ROUNDS
from transfer.approval import items
from transfer.audit.chain import Entry
from transfer.books import Beat
from transfer.errors import ChainMoved, ClaimLost
from transfer.history import MOST, Event, EventKind, bounded
from transfer.model import Delivery, Transfer
from transfer.tickets import Post

TURNS = 64
"""One claim of a transfer at a time in this process: two of them would share a token."""
TAKE = (
    "SET #epoch = #epoch + :one, #claims = #claims + :one, #beat = :zero, "
    f"#owner = :owner, #token = :token, {APPENDED}"
)
FREE = "#at_rest = :no AND attribute_not_exists(#owner)"
# Without the token a request that the transport sends twice would take over from itself.
FREE_OR_OURS = (
    "#at_rest = :no AND (attribute_not_exists(#owner) "
    "OR (begins_with(#owner, :over) AND #token <> :token))"
)
SILENT = "#at_rest = :no AND #epoch = :epoch AND #beat = :beat AND attribute_exists(#owner)"
MINE = "#epoch = :epoch"


class DynamoLedger:
    """The Ledger port. `owner` names this process, `lease` is in seconds of `watch.now`.

    The time line of a claim (epoch n, lease L):

        claim(n) ─ renew: beat+1 ─ beat+1 ─┬─ renew(0): no owner, anybody may claim n+1 at once
                                           └─ silence: who saw (n, beat) stand for L may claim n+1
        a write with epoch n after claim n+1 ⇒ ClaimLost, nothing written

    How long `renew` asks to hold does not matter: each observer waits for its own lease.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table = store.table
        self._heads = store.heads
        self._watch = store.watch
        self._unanswered: dict[str, str] = {}
        self._told: dict[str, list[str]] = {}
        self._turns = [threading.Lock() for _ in range(TURNS)]

    def admit(self, transfer: Transfer) -> Transfer:
        for _ in range(ROUNDS):
            standing = self._heads.read(transfer.id)
            if standing is None:
                standing = self._admitted(transfer)
            if standing is not None:
                self._store.fresh.add(standing.id)
                return standing
        raise self._table.place.unavailable("is kept busy by others who take up the same item")

    def _admitted(self, transfer: Transfer) -> Transfer | None:
        """The transfer, or who holds its item; None when another was quicker in anything."""
        changes = [self._heads.admitted(transfer)]
        if items.takes(transfer):
            seen = takers.read(self._table, items.key_of(transfer.request))
            others = seen.others(transfer.id, self._heads)
            holder = next((each for each in others if items.holds(each, self.deliveries)), None)
            if holder is not None:
                return holder
            changes.append(seen.become([transfer.id]))
        try:
            self._table.commit(changes)
        except Cancelled:
            return None
        return transfer

    def claim(
        self, transfer_id: str, *, over: str = "", seen: Beat | None = None
    ) -> Transfer | None:
        # A claim whose answer was lost may have happened. Its token is used again, here and by the
        # transport's own second try, and tells that the owner who stands there is ourselves.
        with self._turns[hash(transfer_id) % TURNS]:
            token = self._unanswered.setdefault(transfer_id, uuid4().hex)
            item = self._claimed(_Wish(transfer_id, token, over), seen)
            taken = self._heads.transfer(item) if item else None
            if item:
                self._told[transfer_id] = texts(item, "history")
            del self._unanswered[transfer_id]
            return taken

    def beat(self, transfer_id: str) -> Beat | None:
        item = self._table.get(head_key(transfer_id))
        return _beat(item) if item else None

    def renew(self, transfer: Transfer, seconds: float) -> None:
        change = Change(
            key=claim_key(transfer),
            update="SET #beat = #beat + :one",
            condition=f"{MINE} AND attribute_exists(#owner)",
            values={"epoch": transfer.epoch, "one": 1},
        )
        if not seconds:
            told = self._told.pop(transfer.id, []) if transfer.shard is None else []
            change = Change(
                key=change.key,
                update=f"SET #claims = :zero, #beat = #beat + :one REMOVE #owner{_idle(told)}",
                condition=MINE,
                values={"epoch": transfer.epoch, "one": 1, "zero": 0},
            )
        try:
            self._table.write(change)
        except Refused as refused:
            raise ClaimLost(transfer.id) from refused

    def save(self, transfer: Transfer, *changes: Delivery | Post | Entry | Event) -> None:
        entries = [each for each in changes if isinstance(each, Entry)]
        others = [each for each in changes if not isinstance(each, Entry)]
        if transfer.shard is None:
            more, values = self._appended(transfer, others)
            head = self._heads.saved(transfer, MINE, more, epoch=transfer.epoch, **values)
        else:
            head = shards.saved(transfer)
        beside = [change for each in entries for change in chained(self._store.documents, each)]
        try:
            self._store.writer.write(head, self._heads.held(transfer), others, beside)
        except Cancelled as cancelled:
            if entries and 0 not in cancelled.refusals:
                raise ChainMoved(entries[0].link.instance) from cancelled
            raise ClaimLost(transfer.id) from cancelled

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        return deliveries(self._table, self._store.documents, transfer_id)

    def _appended(
        self, transfer: Transfer, changes: Sequence[Delivery | Post | Event]
    ) -> tuple[str, dict[str, Value]]:
        """The events of a save, behind those that stand there; of too many all that is left."""
        more, values = appended(changes)
        if not more:
            return more, values
        told = self._told.get(transfer.id)
        if told is None:
            told = texts(self._table.get(head_key(transfer.id)) or {}, "history")
        known = [*told, *texts(values, "events")]
        if len(known) > MOST:
            known = written(bounded([EVENT.validate_json(text) for text in known]))
            more, values = ", #history = :events", {"events": known}
        self._told[transfer.id] = known
        return more, values

    def _claimed(self, wish: _Wish, seen: Beat | None) -> Item | None:
        """The head under our new epoch, None when it cannot be had."""
        asked_at = self._watch.now()
        try:
            return self._take(wish, FREE_OR_OURS if wish.over else FREE)
        except Refused as refused:
            item = refused.item
        if item is None or item.get("token") == wish.token:
            return item
        standing = _beat(item)
        if standing is None:
            self._watch.forget(wish.transfer_id)
            return None
        silent = self._watch.silent(wish.transfer_id, mark(item), asked_at)
        if standing != seen and silent < self._store.lease:
            return None
        try:
            return self._take(wish, SILENT, epoch=standing.epoch, beat=standing.count)
        except Refused as refused:
            ours = refused.item is not None and refused.item.get("token") == wish.token
            return refused.item if ours else None

    def _take(self, wish: _Wish, condition: str, **seen: int) -> Item:
        values: dict[str, Value] = {"one": 1, "zero": 0, "no": False, "over": wish.over, **seen}
        owner = wish.over + self._store.owner
        event = Event(at=datetime.now(UTC), kind=EventKind.TAKEN_UP, owner=owner)
        values |= {"owner": owner, "token": wish.token, "none": [], "events": written([event])}
        change = Change(
            key=head_key(wish.transfer_id),
            update=TAKE,
            condition=condition,
            values=values,
            tell=True,
        )
        item = self._table.write(change)
        self._watch.forget(wish.transfer_id)
        return item


@dataclass(frozen=True, slots=True)
class _Wish:
    """One call of claim."""

    transfer_id: str
    token: str
    over: str


def _idle(told: Sequence[str]) -> str:
    """Removes the event of a claim with nothing behind it (history.without_claim)."""
    if told and EVENT.validate_json(told[-1]).kind is EventKind.TAKEN_UP:
        return f", #history[{len(told) - 1}]"
    return ""


def _beat(item: Item) -> Beat | None:
    if not unfinished(item) or "owner" not in item:
        return None
    epoch, count = mark(item)
    return Beat(epoch=epoch, count=count, owner=str(item["owner"]))


def deliveries(table: Table, documents: Documents, transfer_id: str) -> tuple[Delivery, ...]:
    return read_deliveries(list(table.query(partition(transfer_id), FILES_AND_HEAD)), documents)


def read_deliveries(found: Sequence[Item], documents: Documents) -> tuple[Delivery, ...]:
    """The files among the items of a partition, by number, without those not yet there."""
    head = next((item for item in found if item["sk"] == HEAD), None)
    if head is None:
        return ()
    files = [item for item in found if str(item["sk"]).startswith("file#")]
    if "files" in head:
        files = [item for item in files if file_number(item) <= number(head, "files")]
    return tuple(documents.value(item, DELIVERY) for item in files)
