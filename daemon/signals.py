"""What the signals of the operating system mean to the service."""

from __future__ import annotations

import _thread
import os
import signal
import threading
from types import FrameType

import structlog

log = structlog.get_logger()


def stop_on_signals(stop: threading.Event, hangup: threading.Event | None = None) -> None:
    """SIGTERM and SIGINT set `stop`; a second SIGINT, of a person who will not wait, ends the
    process as a kill would: what is under way goes on at the next start. SIGHUP sets `hangup`, and
    never ends the process.
    """
    interrupts = list[int]()
    events = {
        signal.SIGTERM: stop,
        signal.SIGINT: stop,
        signal.SIGHUP: hangup or threading.Event(),
    }

    def told(number: signal.Signals, times: int) -> None:
        log.info("signal", name=number.name)
        events[number].set()
        if times > 1:
            os._exit(128 + number)

    def handler(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            interrupts.append(number)
        times = len(interrupts) if number == signal.SIGINT else 0
        # Event.set and the log take locks that the code which is interrupted here may hold.
        _thread.start_new_thread(told, (signal.Signals(number), times))

    for number in events:
        signal.signal(number, handler)
