"""What moves how fast, what waits for its next try, and what is wrong with a destination."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from adapters.running.retries import retrying
from adapters.running.traffic import MOST, WINDOW, Traffic
from adapters.running.trouble import FADES, Board
from tests.transfer.bench import Bench
from tests.transfer.made import NOON, request
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Delivery, Pin, Source, Stage, Transfer

TRANSFER = Transfer(request=request(), stage=Stage.PINNED)
DROPPED = Transient(Code.REMOTE_DROPPED, "The line was dropped.")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def file(moved: int, number: int = 1) -> Delivery:
    pin = Pin(size=1000, etag="e", version_id=None, modified=NOON)
    source = Source(bucket="exports", key="payroll/nov.csv")
    return Delivery(number=number, source=source, final="/in/nov.csv", pin=pin, moved=moved)


def test_the_rate_is_of_the_last_seconds_and_falls_while_nothing_moves() -> None:
    clock = Clock()
    traffic = Traffic(Board(), clock)
    traffic.moved(TRANSFER, file(0))
    assert traffic.moving(TRANSFER.id)[0].rate is None
    for moved in (100, 200, 300):
        clock.now += 1.0
        traffic.moved(TRANSFER, file(moved))
    [seen] = traffic.moving(TRANSFER.id)
    assert (seen.rate, seen.eta) == (100.0, 7.0)
    clock.now += 3.0
    [seen] = traffic.moving(TRANSFER.id)
    assert seen.rate == 50.0
    clock.now += 10 * WINDOW
    [seen] = traffic.moving(TRANSFER.id)
    assert (seen.rate or 0.0) < 5.0


def test_a_file_that_begins_anew_has_a_rate_of_its_own() -> None:
    clock = Clock()
    traffic = Traffic(Board(), clock)
    for moved in (0, 900, 100):
        clock.now += 1.0
        traffic.moved(TRANSFER, file(moved))
    assert traffic.moving(TRANSFER.id)[0].rate is None


def test_many_counts_keep_the_memory_and_the_rate() -> None:
    clock = Clock()
    traffic = Traffic(Board(), clock)
    for moved in range(1000):
        clock.now += 0.001
        traffic.moved(TRANSFER, file(moved))
    [seen] = traffic.moving(TRANSFER.id)
    assert 900 < (seen.rate or 0) < 1100
    assert [each.moved for each in traffic.moving(TRANSFER.id)] == [999]


def test_a_file_that_is_sent_stands_behind_those_that_move_and_makes_room() -> None:
    traffic = Traffic(Board(), Clock())
    for number in range(1, MOST + 1):
        traffic.moved(TRANSFER, file(1000, number))
    traffic.moved(TRANSFER, file(10, MOST + 1))
    first, second, *rest = traffic.moving(TRANSFER.id)
    assert (first.moved, second.moved, second.rate, len(rest)) == (10, 1000, None, MOST - 2)


def test_what_the_carrier_has_put_down_is_forgotten() -> None:
    traffic = Traffic(Board())
    traffic.moved(TRANSFER, file(1))
    traffic.again(TRANSFER, DROPPED, 60.0)
    traffic.keep({"another"})
    assert traffic.moving(TRANSFER.id) == []
    assert traffic.waits(TRANSFER.id) is None


def test_a_try_that_fails_is_told_with_its_next_and_a_success_ends_both() -> None:
    board = Board()
    traffic, tries = Traffic(board), list[str]()

    def step(transfer: Transfer, _tools: Any) -> Transfer:
        tries.append("try")
        if len(tries) < 3:
            raise DROPPED
        return transfer.evolve(stage=Stage.DELIVERED)

    def sleep(_seconds: float) -> None:
        again = traffic.waits(TRANSFER.id)
        assert again
        assert again.error is DROPPED
        [seen] = board.seen()
        assert (seen.what, seen.code) == ("destination partner", "remote.dropped")
        assert seen.failures == len(tries)

    retrying(3, 0.01, sleep, witness=traffic)(step, TRANSFER, Bench().tools())
    assert (len(tries), traffic.waits(TRANSFER.id), board.seen()) == (3, None, [])


def test_only_what_speaks_of_the_destination_is_its_trouble() -> None:
    board = Board()
    traffic = Traffic(board)
    for code in (Code.REMOTE_EXISTS, Code.SOURCE_MISSING, Code.SERVICENOW_AUTH):
        traffic.failed(TRANSFER, Permanent(code, "It failed."))
    assert board.seen() == []
    traffic.failed(TRANSFER, Permanent(Code.AUTH_REFUSED, "The login is refused."))
    assert [seen.code for seen in board.seen()] == ["auth.refused"]
    board.forget("destination partner")
    assert board.seen() == []


def test_a_trouble_keeps_its_beginning_and_fades_when_nobody_meets_it_any_more() -> None:
    now = [NOON]
    board = Board(lambda: now[0])

    def met(what: str, error: FerryError) -> None:
        board.trouble(what).say(error)

    met("poll", DROPPED)
    now[0] += timedelta(hours=1)
    met("poll", Transient(Code.SERVICENOW_BUSY, "It is busy."))
    met("queue", DROPPED)
    poll, queue = board.seen()
    assert (poll.since, poll.code, poll.failures) == (NOON, Code.SERVICENOW_BUSY, 2)
    assert queue.since == poll.latest == now[0]
    now[0] += FADES - timedelta(minutes=1)
    met("queue", DROPPED)
    now[0] += timedelta(minutes=2)
    assert [seen.what for seen in board.seen()] == ["queue"]
