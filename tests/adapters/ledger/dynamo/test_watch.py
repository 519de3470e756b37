"""Silence is measured by one's own clock, from one's own first look, and never too long."""

from __future__ import annotations

from adapters.ledger.dynamo.watch import MOST, Watch, steady
from tests.ports.books import Time


def test_the_first_look_begins_and_the_same_mark_goes_on() -> None:
    time = Time()
    watch = Watch(time)
    assert watch.silent("a", (1, 1), time()) == 0
    time.passes(10)
    assert watch.silent("a", (1, 1), time()) == 10
    assert watch.silent("a", (1, 2), time()) == 0
    time.passes(5)
    assert watch.silent("a", (1, 2), time()) == 5
    assert watch.silent("b", (1, 2), time()) == 0


def test_the_time_of_the_reading_itself_counts_for_nothing() -> None:
    time = Time()
    watch = Watch(time)
    asked_at = time()
    time.passes(30)
    assert watch.silent("a", 1, asked_at) == 0
    asked_at = time()
    time.passes(30)
    assert watch.silent("a", 1, asked_at) == 0


def test_what_is_forgotten_begins_anew() -> None:
    time = Time()
    watch = Watch(time)
    watch.silent("a", 1, time())
    watch.forget("a")
    watch.forget("a")
    time.passes(10)
    assert watch.silent("a", 1, time()) == 0


def test_the_longest_untouched_is_dropped_first() -> None:
    time = Time()
    watch = Watch(time)
    for number in range(MOST + 1):
        watch.silent(number, 1, time())
        watch.silent(1, 1, time())
    time.passes(10)
    assert watch.silent(1, 1, time()) == 10
    assert watch.silent(0, 1, time()) == 0


def test_the_clock_of_the_machine_never_steps_back() -> None:
    assert steady() <= steady()
