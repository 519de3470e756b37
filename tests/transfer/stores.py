"""ObjectStores for the reader: one whose bytes are made up as they are asked for, with faults."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from transfer.digests import Makers
from transfer.errors import Code, Transient
from transfer.model import CHUNK, Delivery, Pin, Source

BLOCK = bytes(range(256)) * 4096


@dataclass
class MadeUp:
    """`size` bytes that differ from chunk to chunk; nothing is kept.

    `cuts` are the chunks, counted from 0, whose read fails; `before` is called with the number of
    each chunk before it is read.
    """

    size: int
    cuts: frozenset[int] = frozenset()
    before: Callable[[int], object] = id
    checksums: Makers = field(default_factory=dict)
    crc32: str | None = None
    reads: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def delivery(self) -> Delivery:
        pin = Pin(size=self.size, etag='"made-up"', crc32=self.crc32)
        return Delivery(
            number=1, source=Source(bucket="made", key="up"), final="/inbox/up", pin=pin
        )

    def content(self, start: int, length: int) -> bytes:
        """What `read_into` gives for a range within one chunk."""
        head = (start // CHUNK).to_bytes(8)
        whole = head + BLOCK * (CHUNK // len(BLOCK))
        return whole[start % CHUNK : start % CHUNK + length]

    def whole(self) -> bytes:
        spans = range(0, self.size, CHUNK)
        return b"".join(self.content(start, min(CHUNK, self.size - start)) for start in spans)

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        raise NotImplementedError

    def describe(self, source: Source) -> Pin:
        raise NotImplementedError

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        raise NotImplementedError

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        assert (source, pin) == (self.delivery.source, self.delivery.pin)
        number = start // CHUNK
        with self.lock:
            self.reads.append(number)
        self.before(number)
        if number in self.cuts:
            buffer[:1] = b"?"
            raise Transient(Code.SOURCE_UNAVAILABLE, f"Chunk {number} did not come.", file="up")
        buffer[:] = self.content(start, len(buffer))


@dataclass
class Sparse(MadeUp):
    """Nothing but zeros, and no time spent on them. `places` are the buffers' in memory."""

    places: set[int] = field(default_factory=set)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        del source, pin, start
        self.places.add(ctypes.addressof(ctypes.c_ubyte.from_buffer(buffer)))
