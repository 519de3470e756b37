"""The Shards port on DynamoDB: an item each beside the head.

sk        shard#<number>             epoch, claims, owner, beat, token   its claim, as a head has it
opened    the head's epoch then      absent of a closed one
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from adapters.ledger.codec import DELIVERY
from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.items import (
    Key,
    batched,
    claim_key,
    file_key,
    number,
    partition,
    shard_key,
)
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change, Table
from transfer.books import MANY
from transfer.errors import ClaimLost
from transfer.model import Delivery, Transfer

OPEN = (
    "SET #opened = :opened, #epoch = if_not_exists(#epoch, :zero), #claims = :zero, #beat = :zero "
    "REMOVE #owner"
)
TAKE = (
    "SET #epoch = #epoch + :one, #claims = #claims + :one, #beat = :zero, #owner = :owner, "
    "#token = :token"
)
# Without the token a request that the transport sends twice would take over from itself.
TAKEN = "#opened = :opened AND (attribute_not_exists(#token) OR #token <> :token)"
CLOSE = "SET #epoch = #epoch + :one, #claims = :zero, #beat = :zero REMOVE #owner, #opened"
CLOSED = "#opened < :epoch"


def close_all(table: Table, head: Transfer) -> None:
    """Those that were opened before the head's epoch; one of a later opening is another's."""
    for each in head.sharing.numbers if head.sharing else ():
        change = Change(
            key=shard_key(head.id, each),
            update=CLOSE,
            condition=CLOSED,
            values={"epoch": head.epoch, "one": 1, "zero": 0},
        )
        try:
            table.write(change)
        except Refused:
            # It is closed, or was never opened: the opening died before it.
            continue


@dataclass(frozen=True, slots=True)
class DynamoShards:
    """The Shards port."""

    store: Store

    def open(self, transfer: Transfer) -> Transfer:
        # First the head: whoever owns it next knows of all that may come to stand open.
        self._save(transfer)
        held = self.store.heads.held(transfer)
        for piece in batched(transfer.sharing.numbers if transfer.sharing else (), MANY):
            opened = [_opened(shard_key(transfer.id, each), transfer.epoch) for each in piece]
            try:
                self.store.table.transact([held, *opened])
            except Cancelled as cancelled:
                raise ClaimLost(transfer.id) from cancelled
        return transfer

    def claim(self, transfer_id: str, number_: int, opened: int, owner: str) -> Transfer | None:
        token = uuid4().hex
        change = Change(
            key=shard_key(transfer_id, number_),
            update=TAKE,
            condition=TAKEN,
            values={"one": 1, "zero": 0, "opened": opened, "owner": owner, "token": token},
            tell=True,
        )
        try:
            item = self.store.table.write(change)
        except Refused as refused:
            if refused.item is None or refused.item.get("token") != token:
                return None
            item = refused.item
        head = self.store.heads.read(transfer_id)
        if head is None or head.sharing is None or head.sharing.opened != opened:
            return None
        claim = {"epoch": number(item, "epoch"), "claims": number(item, "claims")}
        return head.evolve(shard=number_, **claim)

    def close(self, transfer: Transfer) -> Transfer:
        close_all(self.store.table, transfer)
        sharing = transfer.sharing and transfer.sharing.evolve(open=False)
        return self._save(transfer.evolve(sharing=sharing))

    def deliveries(self, transfer: Transfer) -> tuple[Delivery, ...]:
        if transfer.sharing is None or transfer.shard is None:
            return ()
        pk, size = partition(transfer.id), transfer.sharing.size
        first = transfer.shard * size + 1
        between = (file_key(pk, first)[1], file_key(pk, first + size - 1)[1])
        found = self.store.table.query(pk, between)
        return tuple(self.store.documents.value(item, DELIVERY) for item in found)

    def _save(self, transfer: Transfer) -> Transfer:
        head = self.store.heads.saved(transfer, "#epoch = :epoch", epoch=transfer.epoch)
        try:
            self.store.table.write(head)
        except Refused as refused:
            raise ClaimLost(transfer.id) from refused
        return transfer


def _opened(key: Key, epoch: int) -> Change:
    return Change(key=key, update=OPEN, values={"opened": epoch, "zero": 0})


def saved(transfer: Transfer) -> Change:
    """A save of a shard: a sign of life."""
    return Change(
        key=claim_key(transfer),
        update="SET #beat = #beat + :one",
        condition="#epoch = :epoch",
        values={"epoch": transfer.epoch, "one": 1},
    )
