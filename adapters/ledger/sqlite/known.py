"""Deliveries as they were read last: each step looks at all, and few have changed."""

from __future__ import annotations

from adapters.ledger.sqlite.rows import Rows
from transfer.model import Delivery

MOST = 20_000
"""Deliveries that are kept of all transfers together, but for those that were read last."""


Seal = tuple[int, str]


class Known:
    """By number and seal: one that is sealed as before is not read again.

    Within a transaction: one thread at a time.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._of: dict[str, dict[Seal, Delivery]] = {}

    def deliveries(self, rows: Rows, transfer_id: str) -> tuple[Delivery, ...]:
        """The files of a transfer by number."""
        known = self._of.pop(transfer_id, {})
        found = {seal: known.get(seal) or read() for seal, read in rows.sealed(transfer_id)}
        self._of[transfer_id] = found
        self._forget()
        return tuple(found.values())

    def drop(self, transfer_id: str) -> None:
        """Nobody will ask for them soon."""
        self._of.pop(transfer_id, None)

    def _forget(self) -> None:
        kept = sum(map(len, self._of.values()))
        for transfer_id in list(self._of)[:-1]:
            if kept <= self._most:
                return
            kept -= len(self._of.pop(transfer_id))
