"""More than 1 GiB through ChunkedTransfer: cut off and killed, and next to nothing read twice.

The bytes are counted where they are read. `SWEEPS=whole` takes 3 GB in ten calls.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests import sweeps
from tests.cloud.door import Door
from tests.cloud.machine import Data
from tests.transfer.bench import FINAL, Bench
from tests.transfer.made import PARTNER
from tests.transfer.stores import MadeUp
from tests.transfer.test_journey import SOURCE
from transfer.model import CHUNK, LARGE, Delivery, Outcome, Pin, Source

MOST = 1.2
"""Times the size of the file: what may be read of it."""
PLAIN = memoryview(bytes(range(256)) * (CHUNK // 256))
"""What follows the number of a chunk in it."""


@dataclass(frozen=True)
class Plan:
    """`calls` of `chunks` each, and then its time is over; in those of `killed` it dies."""

    size: int
    calls: int
    chunks: int
    killed: tuple[int, ...]


FEW = Plan(size=LARGE + 8 * CHUNK + 17, calls=4, chunks=30, killed=(2,))
TEN = Plan(size=3 * 10**9, calls=10, chunks=29, killed=(2, 5, 8))


@dataclass
class Counted(MadeUp):
    """`amount` is how many bytes were read, for whatever purpose."""

    amount: int = 0

    def describe(self, source: Source) -> Pin:
        return pinned(self.delivery.evolve(source=source))

    def content(self, start: int, length: int) -> bytes:
        return (start // CHUNK).to_bytes(8) + PLAIN[8:length] if length else b""

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        data = bytearray(length)
        self.read_into(source, pin, start, memoryview(data))
        return bytes(data)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        assert (source.uri, pin) == (SOURCE, self.delivery.pin)
        buffer[:] = PLAIN[: len(buffer)]
        buffer[:8] = (start // CHUNK).to_bytes(8)
        with self.lock:
            self.amount += len(buffer)


def pinned(delivery: Delivery) -> Pin:
    assert delivery.pin
    return delivery.pin


@dataclass
class Content:
    """A file of which every byte is compared when it comes, and only the length is kept."""

    objects: MadeUp
    length: int = 0

    def __len__(self) -> int:
        return self.length

    def extend(self, gap: bytes) -> None:
        assert not gap

    def __setitem__(self, where: slice, data: memoryview) -> None:
        assert where.start % CHUNK == 0
        assert (data[:8], data[8:]) == ((where.start // CHUNK).to_bytes(8), PLAIN[8 : len(data)])
        self.length = max(self.length, where.start + len(data))

    def __getitem__(self, where: slice) -> bytes:
        start, end = where.start, min(where.stop, self.length)
        first = start - start % CHUNK
        return self.objects.content(first, end - first)[start - first :]


class Files(dict[str, Any]):
    """The server's."""

    def __init__(self, objects: MadeUp) -> None:
        super().__init__()
        self._objects = objects

    def setdefault(self, key: str, default: Any = None) -> Any:
        del default
        return super().setdefault(key, Content(self._objects))


@dataclass
class Cuts:
    """Counts the chunks that a call writes; its time is over, or it dies, after so many."""

    plan: Plan
    door: Door
    calls: int = 0
    written: int = 0

    def before(self, name: str, _event: Data) -> None:
        self.door.fuse.dead = False
        if name == "ChunkedTransfer":
            self.calls, self.written = self.calls + 1, 0

    def wrote(self, verb: str, _path: str, _place: int) -> None:
        if verb == "write":
            self.written += 1
            if self.written == self.plan.chunks and self.calls in self.plan.killed:
                self.door.fuse.burn()

    def over(self) -> bool:
        return self.written >= self.plan.chunks


@pytest.mark.parametrize("plan", [TEN if sweeps.WHOLE else FEW])
def test_a_large_file_is_read_hardly_more_than_once(plan: Plan) -> None:
    objects: Any = Counted(plan.size)
    door = Door(bench=Bench(objects=objects))
    door.bench.remotes.files = Files(objects)
    door.bench.destinations = {
        "partner": replace(PARTNER, connections_per_file=1, digests=("sha256",))
    }
    cuts = Cuts(plan, door)
    door.before, door.over = cuts.before, cuts.over
    door.bench.remotes.hooks.append(cuts.wrote)
    done = door.run(door.begin())
    record = door.bench.record()
    assert (done.status, record.transfer.outcome) == ("SUCCEEDED", Outcome.DELIVERED)
    assert done.waits == []
    assert len(door.bench.remotes.files[FINAL]) == plan.size
    [delivery] = record.deliveries
    assert delivery.receipt
    assert delivery.receipt.sha256 == sha256(objects)
    assert cuts.calls >= plan.calls
    sweeps.tell(
        f"{plan.size:,} bytes in {cuts.calls} calls, {len(plan.killed)} of them killed: read "
        f"{objects.amount / plan.size:.3f} times"
    )
    assert objects.amount <= MOST * plan.size


def sha256(objects: MadeUp) -> str:
    digest = hashlib.sha256()
    for start in range(0, objects.size, CHUNK):
        digest.update(objects.content(start, min(CHUNK, objects.size - start)))
    return digest.hexdigest()
