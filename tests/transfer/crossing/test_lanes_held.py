"""Lanes that hold the only buffer there is: who waits for the next chunk hears of what ends it."""

from __future__ import annotations

import threading

import pytest

from tests.transfer.crossing.test_lanes import Sink
from tests.transfer.stores import Sparse
from transfer.buffers import Buffers
from transfer.crossing.lanes import Lanes
from transfer.crossing.reading import Reader
from transfer.errors import Code, Stopping, Transient
from transfer.model import CHUNK

WIDTH = 4


class Straggler(Sink):
    """Comes to a halt with what it is handed first, until it is given up or its line breaks."""

    def __init__(self, stuck: threading.Semaphore, trouble: Exception | None) -> None:
        super().__init__(bytearray(3 * CHUNK))
        self.stuck, self.trouble = stuck, trouble

    def write(self, data: bytes | memoryview, offset: int) -> None:
        self.stuck.release()
        if self.trouble:
            # The error holds what was to be written.
            raise self.trouble
        self.gate.clear()
        super().write(data, offset)


@pytest.mark.parametrize("trouble", [None, Transient(Code.REMOTE_DROPPED, "The line broke.")])
@pytest.mark.parametrize("broken", [1, WIDTH])
def test_who_waits_for_a_chunk_hears_of_a_stop_and_of_a_broken_line(
    broken: int, trouble: Exception | None
) -> None:
    stuck, store = threading.Semaphore(0), Sparse(3 * CHUNK)
    lanes = [Straggler(stuck, trouble if number < broken else None) for number in range(WIDTH)]

    def halt() -> None:
        # As soon as each lane has its part of the first chunk, and all wait for the second.
        if not trouble and stuck.acquire(blocking=False):
            raise Stopping

    def cross() -> None:
        with (
            Reader(store, store.delivery, digests=(), buffers=Buffers(1)) as reader,
            Lanes(lanes, 0, halt) as writing,
        ):
            for offset, data in reader.chunks(writing.heed):
                writing.write(data, offset)
                del data

    with pytest.raises(type(trouble) if trouble else Stopping):
        cross()
    assert all(lane.abandoned for lane in lanes)


def test_several_lanes_share_the_only_buffer() -> None:
    store, content = Sparse(3 * CHUNK), bytearray(3 * CHUNK)
    with (
        Reader(store, store.delivery, digests=(), buffers=Buffers(1)) as reader,
        Lanes([Sink(content) for _ in range(WIDTH)], 0) as lanes,
    ):
        for offset, data in reader.chunks(lanes.heed):
            lanes.write(data, offset)
            del data
        lanes.finish(None)
        assert lanes.proven == 3 * CHUNK
    assert len(store.places) == 1
