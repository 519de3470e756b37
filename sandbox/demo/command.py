"""`fileferry demo`: seven requests through the real daemon on embedded parts, then judged."""

from __future__ import annotations

import _thread
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
from botocore.exceptions import BotoCoreError, ClientError

from adapters.terminal import Terminal
from sandbox.children import Unready
from sandbox.demo.cloud import CloudShow
from sandbox.demo.show import Show
from sandbox.ministack.installing import NotThere

CANNOT_GO_ON = (Unready, NotThere, requests.RequestException, BotoCoreError, ClientError, OSError)
PATIENCE, PATIENCE_CLOUD = 120.0, 900.0
"""Seconds, where nobody says how many; and so many more for each MiB of the large file."""
EACH_MIB = 0.5
ENDING = (
    "Ending FileFerry and the stand-ins, and removing their files. Once more to wait no longer."
)
PLAIN_WIDTH = 140
"""Columns of the table where no terminal says how many it has."""


class Interrupted(KeyboardInterrupt):
    """Somebody wants the demo to end; no `except Exception` on the way takes it for a fault."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Ended by {signal.Signals(number).name}.")
        self.exit_code = 128 + number


def present(*, keep: bool, size: int, timeout: float | None, cloud: bool = False) -> int:
    """Play it on standard output; returns the exit code. `size` is in MiB, `timeout` in seconds.

    `cloud`: through the second door.
    """
    kind: type[Show] = CloudShow if cloud else Show
    seconds = timeout or (PATIENCE_CLOUD if cloud else PATIENCE) + EACH_MIB * size
    console = Terminal() if Terminal().is_terminal else Terminal(width=PLAIN_WIDTH)
    deadline = time.monotonic() + seconds
    try:
        with interruptible(lambda: console.say(ENDING)):
            show = kind(console=console, size=size, deadline=deadline, keep=keep)
            return 1 if show.perform() else 0
    except Interrupted as end:
        console.say(str(end))
        return end.exit_code
    except CANNOT_GO_ON as error:
        console.print(str(error), style="red", soft_wrap=True)
        return 1


@contextmanager
def interruptible(told: Callable[[], object]) -> Iterator[None]:
    """SIGINT and SIGTERM raise Interrupted. The first has `told` called; the second ends the wait
    for the parts, and a third does nothing: the way out is not disturbed for ever.
    """
    signals, seen = (signal.SIGINT, signal.SIGTERM), list[int]()

    def interrupt(number: int, _frame: object) -> None:
        seen.append(number)
        if len(seen) == 1:
            # It takes locks that the code which is interrupted here may hold.
            _thread.start_new_thread(told, ())
        else:
            for each in signals:
                signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    before = {each: signal.signal(each, interrupt) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
