"""The seal of a row: a short digest of what it says, so that a flipped bit is not read silently."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from transfer.errors import Code, Permanent

LENGTH = 16
"""Hex digits: 64 bits against accidents; whoever may write the file can write a seal as well."""


def seal(values: Sequence[object]) -> str:
    """Of the values in the order of their columns, as SQLite gives them back."""
    return seal_of_read([str(value) if isinstance(value, str) else value for value in values])


def seal_of_read(values: Sequence[object]) -> str:
    """Of values that SQLite has given back."""
    return hashlib.sha256(repr(tuple(values)).encode()).hexdigest()[:LENGTH]


def damaged(place: Path | str, table: str, row: object) -> Permanent:
    """The refusal of a row whose seal is broken."""
    return Permanent(
        Code.LEDGER_UNUSABLE,
        f"The ledger {place} is damaged: the row {row!r} of {table} is not as it was written.",
        action="Stop the service, move the file away and restore the last good copy of the ledger.",
    )
