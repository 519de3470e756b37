"""What is computed of the bytes as they pass, and what of it S3's own can be compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from transfer.model import Digests, Pin


class Hash(Protocol):
    """A digest or checksum under way, as hashlib has them."""

    def update(self, data: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


Makers = Mapping[str, Callable[[], Hash]]
"""How to begin each, by the name that its value has in Pin and Digests."""

DIGESTS: Makers = {"md5": partial(hashlib.md5, usedforsecurity=False), "sha256": hashlib.sha256}
NAMES = ("sha256", "md5", "crc64nvme", "crc32c", "crc32")
"""The strongest first."""


def begin(names: tuple[str, ...], pin: Pin, checksums: Makers) -> dict[str, Hash]:
    """The digests that are asked for; where the pin holds none of them, a checksum that it holds.

    Nothing at all when no digest is asked for: then the bytes are not looked at.
    """
    makers = {name: DIGESTS[name] for name in names}
    if names and not any(getattr(pin, name) for name in names):
        held = [name for name in NAMES if getattr(pin, name) and name in checksums]
        makers |= {name: checksums[name] for name in held[:1]}
    return {name: make() for name, make in makers.items()}


def end(hashes: Mapping[str, Hash], pin: Pin) -> Digests:
    values = {name: value.hexdigest() for name, value in hashes.items()}
    return Digests(**{"md5": "", "sha256": ""} | values, source_check=_source_check(values, pin))


def _source_check(values: Mapping[str, str], pin: Pin) -> str:
    """In words for the ticket: what of S3's own was compared."""
    compared = [name.upper() for name in NAMES if name in values and getattr(pin, name)]
    return " and ".join(compared) or "size only"
