"""The Locks port on DynamoDB: one item for each final name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from adapters.ledger.dynamo.errors import Cancelled
from adapters.ledger.dynamo.heads import unfinished
from adapters.ledger.dynamo.items import Item, batched, head_key, lock_key, transfer_id
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Change
from transfer.errors import ClaimLost
from transfer.model import Transfer

TOGETHER = 49
"""Names in a transaction of 100 items: each may bring its last holder's head with it."""
ROUNDS = 20
"""Tries for one piece; each meets other holders than the one before."""
KEPT = timedelta(days=400)
"""After this the table may drop a lock (TTL): of a transfer that nobody took up for so long."""
AT_REST = "attribute_not_exists(#pk) OR #at_rest = :yes"


class DynamoLocks:
    """The Locks port.

    A lock is never let go of: whoever comes after a holder at rest replaces it, in a transaction
    with the condition that it is at rest then.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, transfer: Transfer, names: Sequence[str]) -> Transfer | None:
        pieces = list(batched(sorted(set(names)), TOGETHER)) or [()]
        for piece in pieces:
            holder = self._take(transfer, piece)
            if holder is not None:
                return holder
        return None

    def _take(self, transfer: Transfer, names: Sequence[str]) -> Transfer | None:
        """As many of the names as come before one of a living holder; returns that holder."""
        resting: dict[str, str] = {}
        blocked: Transfer | None = None
        for _ in range(ROUNDS):
            try:
                self._store.table.transact(self._changes(transfer, names, resting))
            except Cancelled as cancelled:
                if 0 in cancelled.refusals:
                    raise ClaimLost(transfer.id) from cancelled
            else:
                return blocked
            holders = self._holders(transfer, names)
            living = self._living(set(holders.values()))
            place = next((n for n, name in enumerate(names) if holders.get(name) in living), None)
            if place is not None:
                blocked = self._store.heads.transfer(living[holders[names[place]]])
                names = names[:place]
            resting = {name: holder for name, holder in holders.items() if holder not in living}
        raise self._store.table.place.unavailable("is kept busy by others who lock the same names")

    def _changes(
        self, transfer: Transfer, names: Sequence[str], resting: Mapping[str, str]
    ) -> list[Change]:
        """Ours under our epoch; each name free, or ours, or of the holder that is at rest still."""
        held = self._store.heads.held(transfer)
        locks = [_lock(transfer.id, name, resting.get(name)) for name in names]
        holders = {resting[name] for name in names if name in resting}
        checks = [
            Change(key=head_key(holder), condition=AT_REST, values={"yes": True})
            for holder in sorted(holders)
        ]
        return [held, *locks, *checks]

    def _holders(self, transfer: Transfer, names: Sequence[str]) -> dict[str, str]:
        """Who holds which of the names, other than ourselves."""
        found = self._store.table.get_all(lock_key(name) for name in names)
        items = {name: found.get(lock_key(name)) for name in names}
        holders = {name: str(item["holder"]) for name, item in items.items() if item}
        return {name: holder for name, holder in holders.items() if holder != transfer.id}

    def _living(self, holders: set[str]) -> dict[str, Item]:
        """The heads of those that are not at rest."""
        found = self._store.table.get_all(head_key(holder) for holder in holders).values()
        return {transfer_id(item): item for item in found if unfinished(item)}


def _lock(transfer_id: str, name: str, resting: str | None) -> Change:
    expires = int((datetime.now(UTC) + KEPT).timestamp())
    item: Item = {"name": name[:1000], "holder": transfer_id, "expires": expires}
    others = " OR #holder = :resting" if resting else ""
    return Change(
        key=lock_key(name),
        item=item,
        condition=f"attribute_not_exists(#pk) OR #holder = :mine{others}",
        values={"mine": transfer_id, "resting": resting or ""},
    )
