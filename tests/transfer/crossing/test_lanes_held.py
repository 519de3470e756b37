"""Lanes that hold the only buffer there is: who waits for the next chunk hears of what ends it, and
what failed gives its buffers back.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.transfer.bench import Bench
from tests.transfer.crossing.test_lanes import Sink
from tests.transfer.made import PARTNER
from tests.transfer.stores import MadeUp, Sparse
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.buffers import Buffers
from transfer.crossing.lanes import Lanes
from transfer.crossing.reading import Reader
from transfer.errors import Code, Stopping, Transient
from transfer.journey import travel
from transfer.model import CHUNK, Outcome

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


class Broken(Sink):
    def write(self, data: bytes | memoryview, offset: int) -> None:
        raise Transient(Code.REMOTE_DROPPED, f"{len(data)} bytes at {offset}.")


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What it would find in the end is held until then."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("width", [1, WIDTH])
@pytest.mark.parametrize("cuts", [frozenset[int](), frozenset({0, 1})])
def test_what_failed_gives_its_buffers_back(width: int, cuts: frozenset[int]) -> None:
    buffers, store = Buffers(), MadeUp(3 * CHUNK, cuts=cuts)
    content = bytearray(3 * CHUNK)

    def cross() -> None:
        with (
            Reader(store, store.delivery, digests=("md5",), buffers=buffers) as reader,
            Lanes([Broken(content) for _ in range(width)], 0) as writing,
        ):
            for offset, data in reader.chunks(writing.heed):
                writing.write(data, offset)

    for _ in range(2):
        with suppress(Transient):
            cross()
    assert buffers._used == 0


@pytest.mark.usefixtures("no_collector")
def test_what_failed_of_a_request_keeps_no_buffer_from_the_others() -> None:
    bench, buffers, held = Bench(), Buffers(), []
    bench.objects.put(SOURCE, bytes(2 * CHUNK))

    def breaks(verb: str, path: str, place: int) -> None:
        del path
        if verb == "write" and place >= CHUNK:
            held.append(buffers._used)
            raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    bench.remotes.hooks.append(breaks)
    partner = replace(PARTNER, connections_per_file=1)
    tools = replace(bench.tools(), destinations={"partner": partner}, buffers=buffers)
    assert travel(bench.received(), tools, three_tries).outcome is Outcome.FAILED
    assert held
    assert all(held)
    assert buffers._used == 0
