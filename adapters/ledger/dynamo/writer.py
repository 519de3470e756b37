"""Writes a head and everything that belongs to the same change of state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.ledger.codec import DELIVERY, dump
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.items import FILES, batched, file_key, file_number
from adapters.ledger.dynamo.lanes import Lanes
from adapters.ledger.dynamo.table import Change, Table
from transfer.books import MANY
from transfer.history import Event
from transfer.model import Delivery
from transfer.tickets import Post

INLINE = 16_000
"""Bytes of a delivery in its item: MANY of them go into one transaction of 4 MB."""


class Writer:
    """Writes a head with what belongs to it, under a condition on the head."""

    def __init__(self, table: Table, documents: Documents, lanes: Lanes) -> None:
        self._table = table
        self._documents = documents
        self._lanes = lanes

    def write(
        self,
        head: Change,
        held: Change,
        changes: Iterable[Delivery | Post | Event],
        beside: Sequence[Change] = (),
    ) -> None:
        """All or nothing up to MANY changes; of more, the deliveries come first, in pieces.

        `held` is the condition of the pieces, `beside` goes with the head. Raises Cancelled when a
        condition does not hold, at place 0 that of the head.
        """
        files: dict[int, Delivery] = {}
        posts: list[Post] = []
        for change in changes:
            if isinstance(change, Post):
                posts.append(change)
            elif not isinstance(change, Event):  # those stand in the head
                files[change.number] = change
        # The transfer's partition is the head's.
        written = [self._file(head.key[0], each) for each in files.values()]
        if len(written) + len(posts) > MANY:
            self._stage(held, written)
            written = []
        self._lanes.commit([head, *beside, *written], posts)

    def _file(self, pk: str, delivery: Delivery) -> Change:
        document = self._documents.pack(pk, dump(DELIVERY, delivery), INLINE)
        return Change(key=file_key(pk, delivery.number), item={"document": document})

    def _stage(self, held: Change, files: Sequence[Change]) -> None:
        """In pieces; those that are new stay unseen until a head is written without `files`."""
        pk = held.key[0]
        last = next(self._table.query(pk, FILES, ScanIndexForward=False, Limit=1), None)
        highest = file_number(last) if last else -1
        mark = Change(
            key=held.key,
            condition=held.condition,
            update="SET #files = if_not_exists(#files, :highest)",
            values={**held.values, "highest": highest},
        )
        try:
            self._table.write(mark)
        except Refused as refused:
            raise Cancelled({0: refused.item}) from refused
        for piece in batched(files, MANY):
            self._table.transact([held, *piece])
