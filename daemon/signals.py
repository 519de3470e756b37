"""What the signals of the operating system mean to the service."""

from __future__ import annotations

import _thread
import signal
import threading
from types import FrameType

import structlog

log = structlog.get_logger()


def stop_on_signals(stop: threading.Event, hangup: threading.Event | None = None) -> None:
    """SIGTERM and SIGINT set `stop`, a second one does no more than the first; SIGHUP sets
    `hangup`, and never ends the process.
    """
    events = {
        signal.SIGTERM: stop,
        signal.SIGINT: stop,
        signal.SIGHUP: hangup or threading.Event(),
    }

    def told(number: signal.Signals) -> None:
        log.info("signal", name=number.name)
        events[number].set()

    def handler(number: int, _frame: FrameType | None) -> None:
        # Event.set and the log take locks that the code which is interrupted here may hold.
        _thread.start_new_thread(told, (signal.Signals(number),))

    for number in events:
        signal.signal(number, handler)
