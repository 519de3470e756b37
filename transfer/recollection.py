"""Digests that were computed of one version of an object, remembered for who sends it again.

A version never changes, so its digests do not. Whoever uses them has proven all the same that the
bytes which pass are those S3 speaks of: see transfer/digests.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from transfer.attest import DIGESTS, SIZES
from transfer.digests import COMPUTED, Known
from transfer.model import CHUNK, Delivery, Transfer

SMALLEST = CHUNK
"""Bytes: what is not larger is computed again in no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """`values` are hex, `numbers` those of the requests in which they were computed, both by the
    digest's name. `transfer` is the id of the one that said so last; it is forgotten with that.
    """

    name: str
    transfer: str
    values: Mapping[str, str]
    numbers: Mapping[str, str]

    def known(self, names: tuple[str, ...]) -> dict[str, Known]:
        return {
            name: Known(self.values[name], f"remembered from {self.numbers[name]}")
            for name in names
            if name in self.values and name in self.numbers
        }


def name_of(delivery: Delivery) -> str:
    """Of the version, with all that S3 says of it: whatever differs is another one. Empty for what
    may change under its name, and for small files.
    """
    pin, source = delivery.pin, delivery.source
    if pin is None or not pin.version_id or pin.size <= SMALLEST:
        return ""
    held = [getattr(pin, name) for name in SIZES]
    said = [source.bucket, source.key, pin.version_id, pin.etag, pin.size, *held]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def made(transfer: Transfer, delivery: Delivery, old: Recollection | None) -> Recollection | None:
    """With what was computed of the bytes that were sent and proven; None when that is nothing new.

    Who remembers does not say it again as his own.
    """
    digests, name = delivery.digests, name_of(delivery)
    if digests is None or not name or digests.source_check == "size only":
        return None
    values = dict(old.values) if old else {}
    new = {
        each: getattr(digests, each)
        for each in DIGESTS
        if digests.origins.get(each) == COMPUTED and values.get(each) != getattr(digests, each)
    }
    if not new:
        return None
    numbers = (dict(old.numbers) if old else {}) | dict.fromkeys(new, transfer.request.number)
    return Recollection(name=name, transfer=transfer.id, values=values | new, numbers=numbers)
