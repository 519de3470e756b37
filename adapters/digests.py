"""MD5 and SHA-256 whose state can be kept; those of hashlib where the library for that is missing.

A state is good for the library's version that told it: another one may lay it out otherwise. The
library is taken once it has given a published value over a kept state (FIPS 180-4 and RFC 1321 say
what "abc" comes to).
"""

from __future__ import annotations

import importlib
import importlib.metadata
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from adapters.log import Log
from transfer.digests import STATELESS, Maker, Makers

LIBRARY = "rehashes"
PIECE = 256 * 1024
"""Bytes that are handed over at a time: the library takes nothing but `bytes`, and a small copy
stays in the processor's cache.
"""
CLASSES = {"md5": "PyMd5", "sha256": "PySha256"}
PUBLISHED = {
    "md5": "900150983cd24fb0d6963f7d28e17f72",
    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
}
"""Of "abc"."""

log = Log()


class Stateful:
    """A digest of the library's. `label` says whose its state is."""

    def __init__(self, label: str, hashing: Any) -> None:
        self._label = label
        self._hashing = hashing

    def update(self, data: memoryview, /) -> None:
        for start in range(0, len(data), PIECE):
            self._hashing.update(bytes(data[start : start + PIECE]))

    def hexdigest(self) -> str:
        digest: str = self._hashing.finalize()
        return digest

    def state(self) -> str:
        return f"{self._label} {b64encode(self._hashing.serialize()).decode()}"


class Stateable(Mapping[str, Maker]):
    """The Makers. The library is looked for when the first digest is begun, and what is wrong with
    it is said in the log once.
    """

    def __init__(self, load: Callable[[str], Any] = importlib.import_module) -> None:
        self._load = load
        self._strangers: set[str] = set()

    @cached_property
    def _makers(self) -> Makers:
        try:
            version = importlib.metadata.version(LIBRARY)
            library = self._load(LIBRARY)
            makers = {
                name: partial(self._make, f"{LIBRARY}/{version}/{name}", getattr(library, kind))
                for name, kind in CLASSES.items()
            }
            wrong = next((name for name in makers if _of_abc(makers[name]) != PUBLISHED[name]), "")
        except Exception as error:  # noqa: BLE001  whatever it is, hashlib can do without
            log.warning("digest states are not kept", library=LIBRARY, reason=str(error))
            return STATELESS
        if wrong:
            log.warning("digest states are not kept", library=LIBRARY, reason=f"a wrong {wrong}")
            return STATELESS
        return makers

    def _make(self, label: str, kind: Any, state: str = "", /) -> Stateful:
        if not state:
            return Stateful(label, kind())
        whose, _, raw = state.partition(" ")
        if whose != label:
            self._say_once(whose, label)
            raise ValueError(f"a state of {whose}, and not of {label}")
        return Stateful(label, kind.deserialize(b64decode(raw, validate=True)))

    def _say_once(self, whose: str, label: str) -> None:
        if whose not in self._strangers:
            self._strangers.add(whose)
            log.warning("digest state not read", state=whose, library=label)

    def __getitem__(self, name: str) -> Maker:
        return self._makers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(CLASSES)

    def __len__(self) -> int:
        return len(CLASSES)


def _of_abc(make: Maker) -> str:
    begun = make()
    begun.update(memoryview(b"a"))
    going_on = make(begun.state())
    going_on.update(memoryview(b"bc"))
    return going_on.hexdigest()
