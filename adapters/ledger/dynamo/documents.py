"""Texts of any length in items of at most 400 KB: as they are, compressed, or in parts."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from typing import TypeVar

from adapters.ledger.codec import Form
from adapters.ledger.dynamo.items import Item, Key, Value, key_of
from adapters.ledger.dynamo.table import Table
from transfer.errors import Permanent

Model = TypeVar("Model")

PLAIN = 4096
"""Characters up to which a text stays legible in the console."""
INLINE = 300_000
"""Bytes of a compressed text that stay in its item (DynamoDB: 400 KB with everything else)."""
PART = 350_000
"""Bytes of one part."""
BOMB = 64 * 1024 * 1024
"""Bytes that a text may have: more was not written by us."""


class Documents:
    """Parts are named by their content: writing them twice, or for nothing, changes nothing."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def pack(self, pk: str, text: str, inline: int = INLINE) -> Value:
        """The value that stands for the text in an item of the partition.

        What does not fit into `inline` bytes is written into parts here, before the item that
        names them.
        """
        if len(text) <= min(PLAIN, inline):
            return text
        packed = zlib.compress(text.encode())
        if len(packed) <= inline:
            return packed
        digest = _digest(packed)
        pieces = [packed[start : start + PART] for start in range(0, len(packed), PART)]
        self._table.put_all(
            {"pk": pk, "sk": sk, "piece": piece}
            for (_, sk), piece in zip(_keys(pk, digest, len(pieces)), pieces, strict=True)
        )
        return [digest, str(len(pieces))]

    def value(self, item: Item, form: Form[Model]) -> Model:
        """The frozen value of its document. Raises Permanent `ledger.unusable`."""
        try:
            return form.validate_json(self.read(str(item["pk"]), item["document"]))
        except (KeyError, ValueError) as error:
            raise self.damaged(item) from error

    def damaged(self, item: Item) -> Permanent:
        """The refusal of an item that is not as it was written."""
        return self._table.place.unusable(
            f"is damaged: the item {' '.join(key_of(item))} is not as it was written",
            "Stop the service and restore the table to a point in time before the damage.",
        )

    def read(self, pk: str, value: Value) -> str:
        """The text that stands behind the value. Raises ValueError where it is not whole."""
        if isinstance(value, str):
            return value
        if isinstance(value, bytes):
            return _expanded(value)
        if not isinstance(value, list):
            raise ValueError("neither a text nor where one is")  # noqa: TRY004 as of a broken one
        keys = _keys(pk, value[0], int(value[1]))
        found = self._table.get_all(keys)
        if len(found) != len(keys):
            raise ValueError("parts are missing")
        packed = b"".join(_pieces(found[key] for key in keys))
        if _digest(packed) != value[0]:
            raise ValueError("parts are not as they were written")
        return _expanded(packed)


def _digest(packed: bytes) -> str:
    return hashlib.sha256(packed).hexdigest()[:32]


def _keys(pk: str, digest: str, count: int) -> list[Key]:
    return [(pk, f"part#{digest}#{number:03}") for number in range(count)]


def _pieces(items: Iterable[Item]) -> Iterable[bytes]:
    for item in items:
        piece = item["piece"]
        if isinstance(piece, bytes):
            yield piece


def _expanded(packed: bytes) -> str:
    try:
        return zlib.decompressobj().decompress(packed, BOMB).decode()
    except zlib.error as error:
        raise ValueError("cannot be decompressed") from error
