"""The buffers of a process: whatever the others do with theirs, no file waits for them."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from tests.transfer.stores import Sparse
from transfer.buffers import MOST, Buffer, Buffers, Share
from transfer.crossing.reading import ROOM, Reader
from transfer.model import CHUNK

ROOMS = st.integers(1, 4)


class Pool(RuleBasedStateMachine):
    """Files that ask, give back and end in any order; each asks with two threads at most."""

    shares = Bundle("shares")

    def __init__(self) -> None:
        super().__init__()
        self.most = MOST
        self.buffers = Buffers(self.most)
        self.files: dict[Share, list[Buffer]] = {}
        self.asked: dict[Share, int] = {}

    @rule(target=shares, room=ROOMS)
    def begin(self, room: int) -> Share:
        share = self.buffers.share(room)
        self.files[share], self.asked[share] = [], 0
        return share

    @rule(share=shares)
    def ask(self, share: Share) -> None:
        if self.asked[share] < 2:
            self.asked[share] += 1
            self.buffers.post(partial(self.buffers.wanted, share))
            self.collect()

    @rule(share=shares, number=st.integers(0, 3))
    def give_back(self, share: Share, number: int) -> None:
        held = self.files[share]
        if held:
            share.give_back(held.pop(number % len(held)))
            self.collect()

    @rule(share=shares)
    def grow(self, share: Share) -> None:
        share.enlarge(1)
        self.collect()

    @rule(share=consumes(shares))
    def end(self, share: Share) -> None:
        """Its threads are sent away, each of them; what it holds comes back later."""
        asked, self.asked[share] = self.asked[share], 0
        share.end()
        assert [share.given.get_nowait() for _ in range(asked)] == [None] * asked
        self.buffers.post(partial(self.buffers.wanted, share))
        assert share.given.get_nowait() is None
        self.collect()

    @rule()
    def give_all_back(self) -> None:
        for share, held in self.files.items():
            while held:
                share.give_back(held.pop())
        self.collect()

    def collect(self) -> None:
        """What was handed out by what happened last."""
        before = self.used
        further = False
        for share, held in self.files.items():
            while not share.given.empty():
                buffer = share.given.get_nowait()
                assert buffer is not None
                assert len(held) < share.room
                further = further or bool(held)
                held.append(buffer)
                self.asked[share] -= 1
        assert not further or self.used <= self.most
        assert self.used <= max(self.most, before + 1)

    @property
    def used(self) -> int:
        return sum(map(len, self.files.values()))

    @invariant()
    def nobody_without_one_waits(self) -> None:
        for share, held in self.files.items():
            assert share.over or held or not self.asked[share]

    @invariant()
    def no_buffer_has_two_users(self) -> None:
        every = [id(buffer) for held in self.files.values() for buffer in held]
        assert len(every) == len(set(every))

    @invariant()
    def those_that_nobody_uses_are_few(self) -> None:
        spare = len(self.buffers._spare)
        assert not spare or self.used + spare <= self.most
        assert not spare or self.buffers._open


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def read(buffers: Buffers, chunks: int, digests: tuple[str, ...] = ()) -> list[int]:
    store = Sparse(chunks * CHUNK)
    came = []
    with Reader(store, store.delivery, digests=digests, buffers=buffers) as reader:
        for offset, data in reader.chunks():
            came.append(offset // CHUNK)
            del data
    return came


@settings(max_examples=15, deadline=None)
@given(most=st.integers(1, 8), files=st.lists(st.integers(1, 9), min_size=2, max_size=6))
def test_all_files_arrive_however_few_buffers_there_are(most: int, files: list[int]) -> None:
    buffers, came = Buffers(most), dict[int, list[int]]()

    def work(number: int) -> None:
        came[number] = read(buffers, files[number])

    threads = [
        threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(files))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert came == {number: list(range(chunks)) for number, chunks in enumerate(files)}
    assert buffers._spare == []


@pytest.mark.parametrize("digests", [(), ("sha256",)])
def test_one_that_holds_all_it_can_keeps_nobody_else_waiting(digests: tuple[str, ...]) -> None:
    buffers = Buffers()
    store = Sparse(9 * CHUNK)
    with Reader(store, store.delivery, digests=(), buffers=buffers) as slow:
        chunks = slow.chunks()
        held = [next(chunks) for _ in range(ROOM)]
        assert [read(buffers, 4, digests) for _ in range(2)] == [[0, 1, 2, 3]] * 2
        assert [offset // CHUNK for offset, _ in held] == [0, 1, 2]
        del held
        assert sum(1 for _ in chunks) == 9 - ROOM


def test_a_buffer_that_cannot_be_had_is_the_error_of_the_file() -> None:
    class Full(Share):
        def take(self) -> Buffer | None:
            return Exhausted() if (buffer := super().take()) else buffer

    class Exhausted(Buffer):
        def pages(self) -> object:  # type: ignore[override]
            raise OSError("Cannot allocate memory")

    class Scarce(Buffers):
        def share(self, room: int) -> Share:
            return Full(self, room)

    buffers = Scarce()
    with pytest.raises(OSError, match="allocate"):
        read(buffers, 3)
    assert buffers._used == 0
