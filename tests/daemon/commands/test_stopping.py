"""A command ends in seconds when it is told to, whatever it waits for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from adapters.memory.remotes import MemoryRemotes
from daemon.commands.stopping import Lines, done, signals, within
from tests.ports.partners import MemoryPartner
from transfer.errors import Code, Permanent, Transient

LONG = 120.0


def _never() -> None:
    threading.Event().wait(LONG)


def test_work_that_heeds_the_word_is_waited_for() -> None:
    halting, over = threading.Event(), list[bool]()
    halting.set()
    assert done(lambda: over.append(halting.wait(LONG)), halting, _never, LONG, LONG)
    assert over == [True]


def test_what_waits_for_a_silent_line_is_woken_by_cutting_it() -> None:
    halting, line = threading.Event(), threading.Event()
    halting.set()
    assert done(lambda: line.wait(LONG), halting, line.set, 0, LONG)


def test_what_nothing_wakes_is_waited_for_no_longer() -> None:
    halting = threading.Event()
    halting.set()
    assert not done(_never, halting, _never, 0, 0.1)
    assert not within(0.1, _never)


def test_what_the_work_raises_is_raised() -> None:
    def fail() -> None:
        raise Permanent(Code.REMOTE_FULL, "Full.")

    with pytest.raises(Permanent, match="Full"):
        done(fail, threading.Event(), _never)


def test_a_cut_line_is_no_line_any_more() -> None:
    partner = MemoryPartner()
    lines = Lines(partner.remotes)
    remote = lines.connect(partner.destination)
    assert lines.protocols == MemoryRemotes().protocols
    lines.cut()
    with pytest.raises(Transient):
        remote.size("/in/a")


@pytest.fixture
def _handlers() -> Iterator[None]:
    """The handlers of pytest come back afterwards."""
    both = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in both}
    yield
    assert {number: signal.getsignal(number) for number in both} == before


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_ends(number: signal.Signals) -> None:
    halting, told = threading.Event(), threading.Event()
    with signals(halting, told.set):
        # As the main thread holds it for a moment at the end of each Event.wait().
        with halting._cond:  # type: ignore[attr-defined]
            signal.raise_signal(number)
        assert told.wait(LONG)
        assert halting.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
