"""The checksums that S3 holds of whole objects, as far as they can be computed here."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from transfer.digests import Maker, Makers, Stateless

Function = Callable[[Any, int], int]
"""The checksum of the data, given that of what went before."""


class Checksum:
    """A CRC under way, which is its own state. `width` is that of its value in bits."""

    def __init__(self, function: Function, width: int, state: str = "", /) -> None:
        self._function = function
        self._digits = width // 4
        self._value = int(state or "0", 16)
        if self._value >> width:
            raise ValueError(f"no CRC of {width} bits has the state {state}")

    def update(self, data: memoryview, /) -> None:
        self._value = self._function(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:0{self._digits}x}"

    state = hexdigest


def available() -> Makers:
    """SHA-1, SHA-512 and CRC-32 always; CRC-64/NVME and CRC-32C where awscrt is installed.

    CPU a GiB: 0.16 s by zlib, 0.02 s by awscrt. In Python alone they would take minutes.
    """
    makers: dict[str, Maker] = {name: partial(Stateless, name) for name in ("sha1", "sha512")}
    makers["crc32"] = partial(Checksum, zlib.crc32, 32)
    try:
        crt: Any = importlib.import_module("awscrt.checksums")
    except ImportError:
        return makers
    return makers | {
        "crc32c": partial(Checksum, crt.crc32c, 32),
        "crc64nvme": partial(Checksum, crt.crc64nvme, 64),
    }


class Available(Mapping[str, Maker]):
    """The same, found out when one is asked for: awscrt is 10 MB that most files do not need."""

    @cached_property
    def _found(self) -> Makers:
        return available()

    def __getitem__(self, name: str) -> Maker:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
