"""What is computed of the bytes as they pass, and what of it S3's own can be compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from transfer.model import CHUNK, Delivery, Digests, Kept, Pin


class Hash(Protocol):
    """A digest or checksum under way, as hashlib has them."""

    def update(self, data: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...

    def state(self) -> str:
        """All that its Maker needs to go on from here in another process; empty where that cannot
        be told.
        """


class Maker(Protocol):
    """Begins one, or goes on from the `state` of another one of its kind."""

    def __call__(self, state: str = "", /) -> Hash:
        """Raises ValueError for a state that it cannot read."""


Makers = Mapping[str, Maker]
"""How to begin each, by the name that its value has in Pin and Digests."""


class Stateless:
    """A digest of hashlib's, whose state nobody can have."""

    def __init__(self, name: str, state: str = "", /) -> None:
        if state:
            raise ValueError("hashlib goes on from no state")
        hashing = hashlib.new(name, usedforsecurity=False)
        self.update = hashing.update
        self.hexdigest = hashing.hexdigest

    def state(self) -> str:
        return ""


STATELESS: Makers = {name: partial(Stateless, name) for name in ("md5", "sha256")}
NAMES = ("sha256", "md5", "crc64nvme", "crc32c", "crc32")
"""The strongest first."""


def wanted(names: tuple[str, ...], pin: Pin, digests: Makers, checksums: Makers) -> Makers:
    """The digests that are asked for; where the pin holds none of them, a checksum that it holds.

    Nothing at all when no digest is asked for: then the bytes are not looked at.
    """
    makers = {name: digests[name] for name in names}
    if names and not any(getattr(pin, name) for name in names):
        held = [name for name in NAMES if getattr(pin, name) and name in checksums]
        makers |= {name: checksums[name] for name in held[:1]}
    return makers


def begin(makers: Makers) -> dict[str, Hash]:
    return {name: make() for name, make in makers.items()}


def resume(makers: Makers, delivery: Delivery, start: int) -> tuple[int, dict[str, Hash]]:
    """As they were after so many bytes, `start` at most, by what was kept of this very version;
    0 bytes where nothing fits.
    """
    for kept in sorted(delivery.kept, key=lambda each: -each.at):
        if 0 < kept.at <= start and fits(kept, delivery) and makers.keys() <= kept.states.keys():
            try:
                return kept.at, {name: make(kept.states[name]) for name, make in makers.items()}
            except ValueError:
                # Of another library, or another version of it.
                continue
    return 0, begin(makers)


def keep(delivery: Delivery, at: int, states: Mapping[str, str]) -> Kept:
    """The states, bound to what they are the states of."""
    return Kept(at=at, states=states, seal=_seal(delivery, at, states))


def fits(kept: Kept, delivery: Delivery) -> bool:
    """Whether it was kept of the version that is pinned now, after whole chunks of it."""
    return kept.at % CHUNK == 0 and kept.seal == _seal(delivery, kept.at, kept.states)


def _seal(delivery: Delivery, at: int, states: Mapping[str, str]) -> str:
    source, pin = delivery.source, delivery.pin
    version = (pin.version_id, pin.etag, pin.size) if pin else ()
    bound = [source.bucket, source.key, *version, at, sorted(states.items())]
    return hashlib.sha256(json.dumps(bound).encode()).hexdigest()


def end(hashes: Mapping[str, Hash], pin: Pin) -> Digests:
    values = {name: value.hexdigest() for name, value in hashes.items()}
    return Digests(**{"md5": "", "sha256": ""} | values, source_check=_source_check(values, pin))


def _source_check(values: Mapping[str, str], pin: Pin) -> str:
    """In words for the ticket: what of S3's own was compared."""
    compared = [name.upper() for name in NAMES if name in values and getattr(pin, name)]
    return " and ".join(compared) or "size only"
