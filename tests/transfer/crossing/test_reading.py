"""The Reader gives the exact bytes in order or the named error, and leaves no thread behind."""

from __future__ import annotations

import gc
import hashlib
import threading
import time
import tracemalloc
import weakref
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.s3 import checksums
from tests.transfer.stores import MadeUp, Sparse
from transfer.computed import Digests
from transfer.crossing.reading import ROOM, SMALL, Reader
from transfer.errors import Transient
from transfer.model import CHUNK, MIB

GIB = 1024 * MIB
EDGES = [0, 1, SMALL, SMALL + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 4 * CHUNK + 17]
SIZES = st.sampled_from(EDGES) | st.integers(0, 6 * CHUNK)


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    # Threads that others have left may end meanwhile.
    assert set(threading.enumerate()) <= before


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def consume(reader: Reader) -> Digests:
    for _ in reader.chunks():
        pass
    return reader.digests()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()  # noqa: S324


@settings(max_examples=60, deadline=None)
@given(
    size=SIZES,
    cuts=st.just(frozenset[int]()) | st.frozensets(st.integers(0, 6), max_size=2),
    skipped=st.integers(0, 3),
    room=st.integers(2, 5),
)
def test_the_exact_bytes_in_order_or_the_named_error(
    size: int, cuts: frozenset[int], skipped: int, room: int
) -> None:
    store = MadeUp(size, cuts=cuts)
    start = min(skipped, size // CHUNK) * CHUNK
    first_cut = min((cut * CHUNK for cut in cuts if cut * CHUNK < size), default=None)
    came, error = start, None
    with Reader(store, store.delivery, start=start, room=room) as reader:
        try:
            for offset, data in reader.chunks():
                assert offset == came
                assert data == store.content(offset, len(data))
                came += len(data)
            digests = reader.digests()
        except Transient as cut:
            error = cut
    if first_cut is None:
        assert (came, error) == (size, None)
        whole = store.whole()
        assert digests.md5 == md5(whole)
        assert digests.sha256 == hashlib.sha256(whole).hexdigest()
    else:
        assert error is not None
        assert error.message == f"Chunk {first_cut // CHUNK} did not come."
        assert came == max(start, first_cut)


@pytest.mark.parametrize(("cuts", "first"), [({1}, 1), ({0, 1}, 0)])
def test_errors_keep_the_order_of_the_chunks(cuts: set[int], first: int) -> None:
    def late(number: int) -> None:
        if number == 0:
            # The other thread ends once its chunk has failed.
            until(lambda: 1 in store.reads)
            until(lambda: len([t for t in threading.enumerate() if t.name[:5] == "read-"]) == 1)

    store = MadeUp(5 * CHUNK, cuts=frozenset(cuts), before=late)
    came: list[int] = []
    with Reader(store, store.delivery) as reader:
        chunks = reader.chunks()
        came += [next(chunks)[0] for _ in range(first)]
        with pytest.raises(Transient, match=f"Chunk {first} "):
            next(chunks)
    assert came == [0][:first]


@pytest.mark.parametrize("names", [(), ("md5",), ("sha256",), ("md5", "sha256")])
@pytest.mark.parametrize("size", [0, 10, 2 * CHUNK])
def test_only_what_is_asked_for_is_computed(names: tuple[str, ...], size: int) -> None:
    store = MadeUp(size)
    with Reader(store, store.delivery, digests=names) as reader:
        assert sum(len(data) for _, data in reader.chunks()) == size
        found = reader.digests()
    whole = store.whole()
    assert found.md5 == (md5(whole) if "md5" in names else "")
    assert found.sha256 == (hashlib.sha256(whole).hexdigest() if "sha256" in names else "")
    assert found.source_check == "size only"


def test_without_digests_nothing_before_the_start_is_read() -> None:
    store = MadeUp(4 * CHUNK)
    with Reader(store, store.delivery, digests=(), start=2 * CHUNK) as reader:
        assert [offset for offset, _ in reader.chunks()] == [2 * CHUNK, 3 * CHUNK]
    assert sorted(store.reads) == [2, 3]


def test_all_but_the_end_is_there_already() -> None:
    store = MadeUp(2 * CHUNK)
    with Reader(store, store.delivery, start=2 * CHUNK) as reader:
        assert list(reader.chunks()) == []
        assert reader.digests().md5 == md5(store.whole())


def test_a_checksum_is_computed_when_s3_holds_one_and_nothing_better() -> None:
    store = MadeUp(3 * CHUNK, checksums=checksums.available(), crc32="0" * 8)
    with Reader(store, store.delivery) as reader:
        found = consume(reader)
    assert found.crc32 == f"{zlib.crc32(store.whole()):08x}"
    assert found.source_check == "CRC32"


def test_reading_ahead_stops_when_the_room_is_full() -> None:
    store = MadeUp(12 * CHUNK)
    with Reader(store, store.delivery, digests=()) as reader:
        chunks = reader.chunks()
        held = [next(chunks)]
        until(lambda: len(store.reads) == ROOM)
        held += [next(chunks), next(chunks)]
        assert sorted(store.reads) == list(range(ROOM))
        del held[0]
        until(lambda: len(store.reads) == ROOM + 1)
        reader.enlarge(1)
        until(lambda: len(store.reads) == ROOM + 2)


def test_a_chunk_that_is_held_stays_as_it_is_even_as_a_slice() -> None:
    store = MadeUp(20 * CHUNK)
    with Reader(store, store.delivery, room=4) as reader:
        chunks = reader.chunks()
        slices = [(offset, data[5:99]) for offset, data in (next(chunks), next(chunks))]
        assert sum(len(data) for _, data in chunks) == 18 * CHUNK
        for offset, part in slices:
            assert part == store.content(offset, 99)[5:]
            assert part.readonly


def test_a_slow_consumer_finds_every_range_read_to_its_end() -> None:
    read = threading.Semaphore(0)
    store = MadeUp(3 * CHUNK, before=lambda _: read.release())
    with Reader(store, store.delivery) as reader:
        for _ in range(3):
            assert read.acquire(timeout=60)
        assert len(list(reader.chunks())) == 3


def test_several_ranges_are_read_at_once() -> None:
    both = threading.Barrier(2, timeout=60)
    store = MadeUp(2 * CHUNK, before=lambda _: both.wait())
    with Reader(store, store.delivery) as reader:
        assert len(list(reader.chunks())) == 2


def test_who_leaves_early_waits_for_no_more_than_what_is_under_way() -> None:
    store = MadeUp(1000 * CHUNK)
    with Reader(store, store.delivery) as reader:
        next(reader.chunks())
    assert len(store.reads) <= 2 * ROOM


def test_a_small_file_needs_no_thread() -> None:
    store = MadeUp(SMALL, before=lambda _: seen.append(threading.current_thread()))
    seen: list[threading.Thread] = []
    with Reader(store, store.delivery) as reader:
        [(_, data)] = list(reader.chunks())
        assert reader.digests() == reader.digests()
        assert reader.digests().md5 == md5(bytes(data))
    assert seen == [threading.current_thread()]


def test_a_digest_that_breaks_is_no_digest() -> None:
    class Broken:
        def __init__(self, state: str = "", /) -> None:
            assert not state

        def update(self, data: memoryview, /) -> None:
            raise MemoryError(len(data))

        def hexdigest(self) -> str:
            return "never"

        def state(self) -> str:
            return "one"

    store = MadeUp(9 * CHUNK, checksums={"crc32": Broken}, crc32="0" * 8)
    with Reader(store, store.delivery) as reader, pytest.raises(MemoryError):
        consume(reader)


def test_digests_are_not_told_before_the_last_chunk() -> None:
    store = MadeUp(9 * CHUNK)
    with Reader(store, store.delivery) as reader, pytest.raises(ValueError, match="last chunk"):
        reader.digests()


def test_what_is_not_pinned_or_begins_in_a_chunk_is_not_read() -> None:
    store = MadeUp(CHUNK)
    for delivery, start in ((store.delivery.evolve(pin=None), 0), (store.delivery, 1)):
        with pytest.raises(ValueError, match="pinned"):
            Reader(store, delivery, start=start)


def test_the_buffers_go_with_the_reader() -> None:
    store = MadeUp(3 * CHUNK)
    gc.disable()
    try:
        with Reader(store, store.delivery) as reader:
            consume(reader)
        rings = weakref.ref(reader._ring)
        del reader
        assert rings() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(("size", "names"), [(100 * GIB, ()), (GIB, ("md5", "sha256"))])
def test_memory_stays_flat(size: int, names: tuple[str, ...]) -> None:
    store = Sparse(size)
    tracemalloc.start()
    try:
        with Reader(store, store.delivery, digests=names) as reader:
            assert sum(len(data) for _, data in reader.chunks()) == size
            assert reader.digests().source_check == "size only"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(store.places) <= ROOM
    assert peak < MIB
