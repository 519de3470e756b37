"""Who took an ordered item up: an item of the table for each, the first taker first.

pk  I#<SHA-256 of its key>   takers   ids of transfers
sk  takers                   token    another one with every change, and never the same again

Whoever takes an item does so in the transaction that writes the head, under the condition that the
token is the one that it read. So of several at one instant one comes first, and the others look
again. Whether a taker holds the item still is asked of its own rows (items.holds): it begins to
only by taking the item, which changes the token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from adapters.ledger.dynamo.errors import Refused
from adapters.ledger.dynamo.heads import Heads
from adapters.ledger.dynamo.items import Item, Key, head_key, takers_key, texts
from adapters.ledger.dynamo.table import Change, Table
from transfer.approval import items
from transfer.model import Transfer

ROUNDS = 20
"""Tries to take an item; before each another has taken it, or let go."""
SEEN = "attribute_not_exists(#pk) OR #token = :token"


@dataclass(frozen=True, slots=True)
class Takers:
    """What stood there at one moment: the ids of those that took the item."""

    key: Key
    token: str
    ids: Sequence[str]

    def others(self, transfer_id: str, heads: Heads) -> list[Transfer]:
        """Those that the ledger still knows, in their order."""
        ids = [each for each in self.ids if each != transfer_id]
        found = {item["pk"]: heads.transfer(item) for item in heads.read_all(ids)}
        return [found[pk] for each in ids if (pk := head_key(each)[0]) in found]

    def become(self, ids: Sequence[str]) -> Change:
        """These alone, if nothing has changed since."""
        item: Item = {"takers": list(ids), "token": uuid4().hex}
        return Change(key=self.key, item=item, condition=SEEN, values={"token": self.token})

    def with_taker(self, transfer: Transfer, heads: Heads) -> Change:
        """One more, whoever holds the item, unless another of them is at work now.

        Raises Permanent `decision.refused`.
        """
        others = self.others(transfer.id, heads)
        items.wait_for(transfer, others)
        return self.become([*(each.id for each in others), transfer.id])


def read(table: Table, item_key: str) -> Takers:
    key = takers_key(item_key)
    item = table.get(key) or {}
    return Takers(key, str(item.get("token", "")), texts(item, "takers"))


def forget(table: Table, item_key: str, transfer_id: str) -> None:
    """Without the transfer; a name that stays there by a race is of nobody, and holds nothing."""
    takers = read(table, item_key)
    if transfer_id not in takers.ids:
        return
    rest = [each for each in takers.ids if each != transfer_id]
    try:
        if rest:
            table.write(takers.become(rest))
        else:
            table.remove(takers.key, SEEN, token=takers.token)
    except Refused:
        return
