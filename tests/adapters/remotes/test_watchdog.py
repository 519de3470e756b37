"""What counts as progress, and when a line is stalled or slow: by made-up clocks and counts."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

from adapters.remotes.sftp.stride import LEAST, Stride
from adapters.remotes.tcp import Received, Sent
from adapters.remotes.watchdog import TRIFLE, UnwatchedError, Verdict, Watch, Watchdog

KIB = 1024
PATIENCE = 30.0


class Gauge:
    """`rate` bytes a second of a made-up clock."""

    def __init__(self, rate: float = 0.0, *, more: bool = True) -> None:
        self.bytes = 10.0**9
        self.rate, self.waits = rate, more

    def moved(self) -> int:
        return int(self.bytes)

    def more(self) -> bool:
        return self.waits


def ended(
    gauge: Gauge | None,
    least: float = 0,
    seconds: float = 600,
    each: Callable[[float, Watch], object] = lambda _now, _watch: None,
) -> tuple[Verdict, float]:
    """The first verdict that is not fine, and when; FINE after so many seconds."""
    watch, now = Watch(PATIENCE, 0.0, gauge, least), 0.0
    while now < seconds:
        now += 0.25
        if gauge:
            gauge.bytes += gauge.rate * 0.25
        each(now, watch)
        verdict = watch.look(now)
        if verdict is not Verdict.FINE:
            return verdict, now
    return Verdict.FINE, now


def test_a_call_without_progress_is_stalled_after_its_patience() -> None:
    for gauge in (None, Gauge(), Gauge(more=False)):
        assert ended(gauge, least=256) == (Verdict.STALLED, PATIENCE + 0.25)


def test_what_has_so_long_in_all_is_not_prolonged_by_anything() -> None:
    watch = Watch(PATIENCE, 0.0, in_all=True)
    for now in range(int(PATIENCE)):
        watch.pat(now)
        assert watch.look(now) is Verdict.FINE
    # Nor by another watch within it.
    assert watch.renewed(PATIENCE).look(PATIENCE + 0.25) is Verdict.STALLED


def test_keepalives_are_no_progress() -> None:
    """A server that asks once a second, whose questions we answer with 52 bytes each."""
    assert ended(Gauge(52), least=256) == (Verdict.STALLED, PATIENCE + 0.25)


@pytest.mark.parametrize("rate", [257, 1000, 10**9])
def test_whoever_moves_enough_may_take_for_ever(rate: float) -> None:
    assert ended(Gauge(rate), least=256)[0] is Verdict.FINE


@pytest.mark.parametrize("rate", [TRIFLE + 20, 128, 255])
def test_less_than_the_least_rate_is_slow_and_may_be_allowed(rate: float) -> None:
    verdict, when = ended(Gauge(rate), least=256)
    assert verdict is Verdict.SLOW
    assert PATIENCE < when <= PATIENCE + 1
    assert ended(Gauge(rate), least=0)[0] is Verdict.FINE


def test_a_line_with_nothing_to_move_is_not_slow() -> None:
    """The server takes its time over each answer, and each answer is progress."""

    def answer(now: float, watch: Watch) -> None:
        if now % 20 == 0:
            watch.pat(now)

    gauge = Gauge(100, more=False)
    assert ended(gauge, least=256, each=answer)[0] is Verdict.FINE
    assert ended(Gauge(0), least=256, each=answer)[0] is Verdict.FINE


def test_a_line_that_leaps_is_judged_by_the_whole_stretch() -> None:
    gauge = Gauge()

    def leap(now: float, _watch: Watch) -> None:
        if now % 25 == 0:
            gauge.bytes += 25 * 1000

    assert ended(gauge, least=256, each=leap)[0] is Verdict.FINE


def test_a_fast_line_that_stops_is_stalled_and_within_35_seconds() -> None:
    gauge = Gauge(10**8)

    def stop(now: float, _watch: Watch) -> None:
        if now >= 100:
            gauge.rate = 0

    verdict, when = ended(gauge, least=256, each=stop)
    assert verdict is Verdict.STALLED
    assert when - 100 <= 35


def test_an_outer_watch_begins_anew() -> None:
    watch = Watch(PATIENCE, 0.0).renewed(100.0)
    assert watch.look(130.0) is Verdict.FINE
    assert watch.look(130.1) is Verdict.STALLED


def test_a_wait_without_a_watch_is_a_fault_of_ours() -> None:
    dog = Watchdog(lambda: None)
    with pytest.raises(UnwatchedError):
        dog.demand()
    with dog.watch(60):
        with dog.watch(60):
            dog.demand()
        dog.demand()
        with ThreadPoolExecutor(1) as other:
            error = other.submit(dog.demand).exception()
    assert isinstance(error, UnwatchedError)
    with pytest.raises(UnwatchedError):
        dog.demand()
    dog.stop()


def test_a_second_thread_waits_for_its_turn_and_then_cuts_the_line() -> None:
    """It neither takes the first one's watch away nor its answers."""
    bites: list[str] = []
    dog = Watchdog(lambda: bites.append("bite"))
    with dog.watch(60), ThreadPoolExecutor(1) as other:
        assert isinstance(other.submit(watched, dog, 0.05).exception(), TimeoutError)
        dog.demand()
    assert bites == ["bite"]
    dog.stop()


def test_a_second_thread_has_the_line_when_the_first_one_has_done() -> None:
    dog = Watchdog(lambda: None)
    entered = Event()
    with ThreadPoolExecutor(1) as other:
        with dog.watch(60):
            task = other.submit(watched, dog, 60, entered)
            assert not entered.is_set()
        assert task.result(60) is None
    assert not dog.bitten
    dog.stop()


def watched(dog: Watchdog, patience: float, entered: Event | None = None) -> None:
    with dog.watch(patience):
        if entered:
            entered.set()
        dog.demand()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        near = socket.create_connection(door.getsockname())
        far, _ = door.accept()
    with closing(near), closing(far):
        yield near, far


def test_gauges_ask_the_kernel(pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    sent, received = Sent(lambda: near), Received(lambda: far)
    before = sent.moved(), received.moved()
    near.sendall(bytes(1000))
    while len(far.recv(2000, socket.MSG_PEEK)) < 1000:
        pass
    while sent.more():
        pass
    assert (sent.moved() - before[0], received.moved() - before[1]) == (1000, 1000)
    near.setblocking(False)

    def fill() -> None:
        while True:
            near.send(bytes(100_000))

    with pytest.raises(BlockingIOError):
        fill()
    assert sent.more()
    near.close()
    assert (sent.moved(), sent.more()) == (0, False)
    assert Sent(lambda: None).moved() == 0


def test_requests_are_as_large_as_the_line_is_known_to_carry() -> None:
    assert Stride(255 * KIB, pace=10**6, timeout=30).size == 255 * KIB
    assert Stride(255 * KIB, pace=1000, timeout=30).size == 7500
    assert Stride(255 * KIB, pace=1, timeout=30).size == LEAST
    assert Stride(1000, pace=1, timeout=30).size == 1000


def test_requests_grow_with_quick_answers_and_shrink_with_late_ones() -> None:
    stride = Stride(255 * KIB, pace=1000, timeout=30)
    stride.ask(100.0)
    for _ in range(6):
        stride.answer(100.1)
    assert stride.size == 255 * KIB
    stride.answer(101.1)
    assert stride.size == 255 * KIB
    stride.answer(110.0)
    assert stride.size == 255 * KIB // 4
    for late in range(1, 9):
        stride.answer(110.0 + 10 * late)
    assert stride.size == LEAST
    stride.ask(1000.0)
    stride.answer(1000.1)
    assert stride.size == 2 * LEAST
