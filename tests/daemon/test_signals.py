"""A signal may come at any instruction, also while the lock that it needs is held."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from daemon.signals import stop_on_signals


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """The handlers of pytest come back afterwards."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_wait_does_not_lock_up(number: signal.Signals) -> None:
    stop = threading.Event()
    stop_on_signals(stop)
    # As the main thread does for a moment at the end of each Event.wait().
    with stop._cond:  # type: ignore[attr-defined]
        signal.raise_signal(number)
    assert stop.wait(60)


TWICE = """
import signal, threading
from daemon.signals import stop_on_signals
stop, never = threading.Event(), threading.Event()
stop_on_signals(stop)
for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
    signal.raise_signal(number)
    stop.wait(60)
signal.raise_signal(signal.SIGINT)
never.wait(60)
"""


def test_a_person_who_will_not_wait_ends_it_by_a_second_ctrl_c() -> None:
    assert subprocess.run([sys.executable, "-c", TWICE], check=False, timeout=120).returncode == 130


def test_a_hangup_reads_anew_and_ends_nothing() -> None:
    stop, hangup = threading.Event(), threading.Event()
    stop_on_signals(stop, hangup)
    signal.raise_signal(signal.SIGHUP)
    assert hangup.wait(60)
    assert not stop.is_set()
