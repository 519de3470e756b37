"""What is computed of the bytes as they pass, and what of it S3's own can be compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from transfer.attest import DIGESTS, SIZES
from transfer.computed import Digests, Kept
from transfer.model import CHUNK, Delivery, Pin


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
COMPUTED, ATTESTED = "computed", "attested by S3"
"""Where a digest on a receipt comes from; the third origin is `remembered from RITM…`."""


@dataclass(frozen=True, slots=True)
class Known:
    """A digest of the whole object that somebody has told, and who."""

    value: str
    origin: str


NOTHING: Mapping[str, Known] = {}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is computed of the bytes, and what is known of them if that proves them."""

    makers: Makers
    known: Mapping[str, Known]


def told(names: tuple[str, ...], pin: Pin) -> dict[str, Known]:
    """Those of the digests that S3 vouches for."""
    return {name: Known(getattr(pin, name), ATTESTED) for name in names if name in pin.attested}


def plan(
    names: tuple[str, ...], known: Mapping[str, Known], pin: Pin, digests: Makers, checksums: Makers
) -> Plan:
    """Compute the digests that are asked for and not known, and something that S3 holds: where it
    holds none of those, the cheapest of its values.

    What is known is good for bytes that are proven only. So without a proof all of it is computed,
    and what serves as the proof is computed too.
    """
    makers = {name: digests[name] for name in names if name not in known}
    if any(getattr(pin, name) for name in makers):
        return Plan(makers, known)
    for proof in filter(partial(_proves, pin), SIZES):
        make = digests.get(proof) or checksums.get(proof)
        if make:
            return Plan(makers | {proof: make}, known)
    return Plan({name: digests[name] for name in names}, {})


def _proves(pin: Pin, name: str) -> bool:
    """Nobody has another store's ETag for an MD5 who leaves MD5s out: some look like one."""
    return bool(getattr(pin, name)) and (name != "md5" or name in pin.attested)


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


def end(hashes: Mapping[str, Hash], pin: Pin, known: Mapping[str, Known]) -> Digests:
    """What is known stands beside what was computed, which the pin must hold some of, and gives way
    to it.
    """
    values = {name: value.hexdigest() for name, value in hashes.items()}
    compared = [name.upper() for name in SIZES if name in values and getattr(pin, name)]
    if known and not compared:
        raise ValueError("what is known of an object says nothing of bytes that nothing proves")
    others = {name: each.value for name, each in known.items()}
    return Digests(
        **{"md5": "", "sha256": ""} | others | values,
        source_check=" and ".join(compared) or "size only",
        origins={name: _origin(name, values, known) for name in DIGESTS if name in values | others},
    )


def _origin(name: str, values: Mapping[str, str], known: Mapping[str, Known]) -> str:
    return COMPUTED if name in values else known[name].origin
