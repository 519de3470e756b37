"""Lanes: chunks over one or several uploads, and which bytes are proven at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from tests.transfer.made import NOON
from transfer.crossing.lanes import LEAST, QUICK, Lanes
from transfer.errors import Code, Stopping, Transient


class Sink:
    """An Upload into a shared buffer that acknowledges when it is told to."""

    def __init__(self, content: bytearray, *, prompt: bool = True) -> None:
        self.content = content
        self.prompt = prompt
        self.acknowledged = 0
        self.written = 0
        self.failure: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.finished: datetime | None = None
        self.abandoned = False

    def write(self, data: bytes | memoryview, offset: int) -> None:
        self.gate.wait(60)
        if self.failure:
            raise self.failure
        self.content[offset : offset + len(data)] = data
        self.written += len(data)
        if self.prompt:
            self.acknowledged = self.written

    def finish(self, modified: datetime | None = None) -> None:
        self.acknowledged = self.written
        self.finished = modified

    def abandon(self) -> None:
        self.abandoned = True
        self.gate.set()


CHUNKS = [(offset, bytes([65 + offset // 4]) * 4) for offset in range(0, 40, 4)]
WHOLE = b"".join(data for _, data in CHUNKS)


@pytest.mark.parametrize("width", [1, 2, 4])
def test_every_byte_finds_its_place(width: int) -> None:
    content = bytearray(40)
    sinks = [Sink(content) for _ in range(width)]
    with Lanes(sinks, 0) as lanes:
        for offset, data in CHUNKS:
            lanes.write(data, offset)
        lanes.finish(NOON)
    assert content == WHOLE
    assert lanes.proven == 40
    assert {sink.finished for sink in sinks} == {NOON}


def test_proven_ends_at_the_first_byte_that_is_not_acknowledged() -> None:
    sink = Sink(bytearray(40), prompt=False)
    with Lanes([sink], 0) as lanes:
        for offset, data in CHUNKS[:3]:
            lanes.write(data, offset)
        assert lanes.proven == 0
        sink.acknowledged = 7
        assert lanes.proven == 4
        sink.acknowledged = 12
        assert lanes.proven == 12


def test_a_slow_lane_holds_the_proven_place_back() -> None:
    content = bytearray(40)
    slow, quick = Sink(content), Sink(content)
    slow.gate.clear()
    with Lanes([slow, quick], 0) as lanes:
        for offset, data in CHUNKS[:5]:
            lanes.write(data, offset)
        assert lanes.proven == 0
        slow.gate.set()
        lanes.finish(None)
        assert lanes.proven == 20
    assert content[:20] == WHOLE[:20]


def test_a_failed_lane_is_noticed_at_the_latest_at_the_end() -> None:
    content = bytearray(40)
    good, bad = Sink(content), Sink(content)
    bad.failure = Transient(Code.REMOTE_DROPPED, "The line broke.")

    def cross() -> None:
        with Lanes([good, bad], 0) as lanes:
            for offset, data in CHUNKS:
                lanes.write(data, offset)
            lanes.finish(None)

    with pytest.raises(Transient):
        cross()
    assert good.finished is bad.finished is None


def test_an_error_gives_up_a_lane_that_hangs() -> None:
    """Leaving the block ends, although one lane's write would never return by itself."""
    content = bytearray(40)
    hanging, good = Sink(content), Sink(content)
    hanging.gate.clear()

    def cross() -> None:
        with Lanes([hanging, good], 0) as lanes:
            lanes.write(CHUNKS[0][1], 0)
            raise KeyError

    with pytest.raises(KeyError):
        cross()
    assert hanging.abandoned


def test_it_continues_where_an_earlier_try_ended() -> None:
    content = bytearray(WHOLE[:20] + bytes(20))
    with Lanes([Sink(content), Sink(content)], 20) as lanes:
        assert lanes.proven == 20
        for offset, data in CHUNKS[5:]:
            lanes.write(data, offset)
        lanes.finish(None)
    assert content == WHOLE
    assert lanes.proven == 40


class Held(Executor):
    """Threads that have not begun: what they were given runs when they are let go."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.tasks.append((future, partial(fn, *args, **kwargs)))
        return future

    def run(self, number: int) -> None:
        future, task = self.tasks[number]
        future.set_result(task())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """There are no threads."""


def test_a_chunk_that_no_thread_has_begun_is_not_proven() -> None:
    """Handed to a thread and never written: a file with a hole was delivered that way."""
    content, pool = bytearray(40), Held()
    with Lanes([Sink(content), Sink(content)], 0, pool=pool) as lanes:
        for offset, data in CHUNKS[:2]:
            lanes.write(data, offset)
        pool.run(1)
        assert content[:8] == bytes(4) + WHOLE[4:8]
        assert lanes.proven == 0
        pool.run(0)
        assert lanes.proven == 8


def test_each_lane_has_its_first_chunk_before_any_has_a_second() -> None:
    """However fast the first one is: a second handle that is refused must show at its first bytes,
    when the file can still go over one.
    """
    sinks, pool = [Sink(bytearray(40)) for _ in range(3)], Held()
    with Lanes(sinks, 0, pool=pool) as lanes:
        for number, (offset, data) in enumerate(CHUNKS[:3]):
            lanes.write(data, offset)
            pool.run(number)
    assert [sink.written for sink in sinks] == [4, 4, 4]


def test_several_share_each_chunk() -> None:
    """So the file needs no chunk in memory for each of them."""
    chunk = bytes(range(256)) * (4 * LEAST // 256) + b"tail"
    content = bytearray(len(chunk))
    sinks = [Sink(content) for _ in range(4)]
    with Lanes(sinks, 0, pool=(pool := Held())) as lanes:
        lanes.write(chunk, 0)
        assert lanes.proven == 0
        for number in range(4):
            pool.run(number)
        assert lanes.proven == len(chunk)
    assert [sink.written for sink in sinks] == [LEAST + 1, LEAST + 1, LEAST + 1, LEAST + 1]
    assert content == chunk


def test_they_end_together() -> None:
    """Over a long way each end is a round trip."""
    together = threading.Barrier(3)

    class Ending(Sink):
        def finish(self, modified: datetime | None = None) -> None:
            together.wait(60)
            super().finish(modified)

    sinks = [Ending(bytearray(40)) for _ in range(3)]
    with Lanes(sinks, 0) as lanes:
        for offset, data in CHUNKS:
            lanes.write(data, offset)
        lanes.finish(NOON)
    assert {sink.finished for sink in sinks} == {NOON}


def test_who_waits_for_a_lane_hears_that_the_work_is_to_end() -> None:
    def halt() -> None:
        raise Stopping

    def cross() -> None:
        with Lanes([Sink(bytearray(40)) for _ in range(2)], 0, halt, pool=Held()) as lanes:
            for offset, data in CHUNKS:
                lanes.write(data, offset)

    with pytest.raises(Stopping):
        cross()


LONG = bytes(QUICK + 1)


class Slow(Sink):
    """Its `verb` never ends by itself."""

    def __init__(self, verb: str) -> None:
        super().__init__(bytearray(len(LONG)))
        self.verb = verb
        self.begun = threading.Event()

    def write(self, data: bytes | memoryview, offset: int) -> None:
        if self.verb == "write":
            self._hang()
        super().write(data, offset)

    def finish(self, modified: datetime | None = None) -> None:
        if self.verb == "finish":
            self._hang()
        super().finish(modified)

    def _hang(self) -> None:
        self.gate.clear()
        self.begun.set()
        assert self.gate.wait(60)


@pytest.mark.parametrize("verb", ["write", "finish"])
@pytest.mark.parametrize("width", [1, 2])
def test_a_stop_is_heard_while_one_lane_is_slow(width: int, verb: str) -> None:
    """Its chunk takes hours at the least rate, and so may what TCP has taken of it."""
    sinks = [Slow(verb), Sink(bytearray(3 * len(LONG)))][:width]

    def halt() -> None:
        if sinks[0].begun.is_set():  # type: ignore[attr-defined]
            raise Stopping

    def cross() -> None:
        with Lanes(sinks, 0, halt) as lanes:
            lanes.write(LONG, 0)
            lanes.write(LONG, len(LONG))
            lanes.finish(None)

    with pytest.raises(Stopping):
        cross()
    assert sinks[0].abandoned


def test_a_close_that_is_the_publish_is_waited_for() -> None:
    sink = Slow("finish")

    def halt() -> None:
        if sink.begun.is_set():
            raise Stopping

    def let() -> None:
        sink.begun.wait(60)
        sink.gate.set()

    other = threading.Thread(target=let)
    other.start()
    with Lanes([sink], 0, halt) as lanes:
        lanes.write(LONG, 0)
        lanes.finish(NOON, heeds=False)
    other.join(60)
    assert (sink.finished, sink.abandoned) == (NOON, False)


@pytest.mark.parametrize("width", [1, 2])
def test_who_waits_for_its_rate_hears_that_the_work_is_to_end(width: int) -> None:
    waiting, ended = threading.Event(), list[str]()

    def pace(wanted: int, may_wait: Callable[[], None]) -> int:
        waiting.set()
        try:
            while not threading.Event().wait(0.01):
                may_wait()
        except Stopping:
            ended.append("heard")
            raise
        return wanted

    def halt() -> None:
        if waiting.is_set():
            raise Stopping

    def work() -> None:
        sinks = [Sink(bytearray(8 * QUICK)) for _ in range(width)]
        with Lanes(sinks, 0, halt, pace=pace) as lanes:
            for at in range(8):
                lanes.write(bytes(QUICK), at * QUICK)

    with pytest.raises(Stopping):
        work()
    assert ended


def test_who_is_given_up_while_it_waits_for_its_rate_writes_no_more() -> None:
    waiting, sinks = threading.Event(), [Sink(bytearray(8)), Sink(bytearray(8))]

    def pace(wanted: int, may_wait: Callable[[], None]) -> int:
        waiting.set()
        while not threading.Event().wait(0.01):
            may_wait()
        return wanted

    def work() -> None:
        with Lanes(sinks, 0, pace=pace) as lanes:
            lanes.write(b"abcd", 0)
            assert waiting.wait(60)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert [sink.written for sink in sinks] == [0, 0]


@pytest.mark.parametrize("width", [1, 3])
def test_in_pieces_every_byte_finds_its_place(width: int) -> None:
    content = bytearray(40)
    sinks = [Sink(content) for _ in range(width)]
    with Lanes(sinks, 0, pace=lambda wanted, _: min(3, wanted)) as lanes:
        for offset, data in CHUNKS:
            lanes.write(data, offset)
        lanes.finish(NOON)
        assert lanes.proven == 40
    assert bytes(content) == WHOLE


def test_an_empty_chunk_is_written_too() -> None:
    sink = Sink(bytearray())
    with Lanes([sink], 0, pace=lambda wanted, _: wanted) as lanes:
        lanes.write(b"", 0)
        lanes.finish(NOON)
    assert sink.finished == NOON
