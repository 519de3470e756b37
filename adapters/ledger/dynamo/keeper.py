"""The Keeper port on DynamoDB."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.heads import CLOSED
from adapters.ledger.dynamo.items import head_key, key_of, number, partition, stamp, transfer_id
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change
from transfer.errors import ClaimLost
from transfer.model import Delivery, Transfer
from transfer.tickets import Post

MINE_AT_REST = "#epoch = :epoch AND #at_rest = :yes"
RAISED = ", #epoch = #epoch + :one, #claims = :zero, #beat = :zero, #token = :token"
OLD = "#at_rest = :yes AND #closed_at < :before"
EVERYTHING = ("a", "z")
"""All sort keys: each begins with a word."""


class DynamoKeeper:
    """The Keeper port."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table = store.table

    def amend(self, transfer: Transfer, *changes: Delivery | Post) -> Transfer:
        token = uuid4().hex
        seen = {"epoch": transfer.epoch, "yes": True}
        head = self._store.heads.saved(
            transfer, MINE_AT_REST, RAISED, **seen, one=1, zero=0, token=token
        )
        head = replace(head, update=f"{head.update}, #owner")
        held = Change(key=head.key, condition=MINE_AT_REST, values=seen)
        try:
            self._store.writer.write(head, held, changes)
        except Cancelled as cancelled:
            # The first answer may have been lost, and the transport asked again.
            standing = self._table.get(head.key)
            if standing is None or standing.get("token") != token:
                raise ClaimLost(transfer.id) from cancelled
        return transfer.evolve(epoch=transfer.epoch + 1, claims=0)

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
            epoch = number(self._table.write(fence), "epoch")
            everything = self._table.query(
                partition(transfer_id), EVERYTHING, ProjectionExpression="pk, sk"
            )
            self._table.erase([key for key in map(key_of, everything) if key != head])
            self._table.remove(head, "#epoch = :epoch", epoch=epoch)
        except Refused:
            return False
        return True
