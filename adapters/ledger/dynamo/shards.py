"""The Shards port on DynamoDB: an item each beside the head.

sk        shard#<number>             epoch, claims, owner, beat, token   its claim, as a head has it
opened    the head's epoch then      absent of a closed one
session   what it was read under     `round` is the head's epoch of the opening that this is of
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from adapters.ledger.codec import DELIVERY, SESSION, dump
from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.items import (
    Item,
    Key,
    Value,
    batched,
    claim_key,
    file_key,
    number,
    partition,
    shard_key,
)
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change, Table
from transfer.books import MANY, joined, session_of
from transfer.errors import ClaimLost
from transfer.model import Delivery, Session, SessionKind, Transfer

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


def close_all(table: Table, head: Transfer) -> list[Item]:
    """Those that were opened before the head's epoch; one of a later opening is another's. Returns
    them as they then are.
    """
    found: list[Item] = []
    for each in head.sharing.numbers if head.sharing else ():
        change = Change(
            key=shard_key(head.id, each),
            update=CLOSE,
            condition=CLOSED,
            values={"epoch": head.epoch, "one": 1, "zero": 0},
            tell=True,
        )
        try:
            found.append(table.write(change))
        except Refused as refused:
            # It is closed, or was never opened: the opening died before it.
            found += [refused.item] if refused.item else []
    return found


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
        return head.evolve(
            shard=number_,
            epoch=number(item, "epoch"),
            claims=number(item, "claims"),
            session=_session(head, item) or session_of(head, number_),
        )

    def close(self, transfer: Transfer) -> Transfer:
        closed = close_all(self.store.table, transfer)
        sharing = transfer.sharing
        if sharing and sharing.open:
            told = [_session(transfer, item) for item in closed]
            transfer = joined(transfer, [each for each in told if each])
        return self._save(transfer.evolve(sharing=sharing and sharing.evolve(open=False)))

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


def _session(head: Transfer, item: Item) -> Session | None:
    """That of the shard, if it has saved one in the head's latest opening."""
    if head.sharing is None or item.get("round") != head.sharing.opened:
        return None
    return SESSION.validate_json(str(item["session"]))


def saved(transfer: Transfer) -> Change:
    """A save of a shard: a sign of life, and under what it reads where that is counted."""
    update, session = "SET #beat = #beat + :one", transfer.session
    values: dict[str, Value] = {"epoch": transfer.epoch, "one": 1}
    if session and session.kind is not SessionKind.PROCESS and transfer.sharing:
        update += ", #session = :session, #round = :round"
        values |= {"session": dump(SESSION, session), "round": transfer.sharing.opened}
    return Change(
        key=claim_key(transfer), update=update, condition="#epoch = :epoch", values=values
    )
