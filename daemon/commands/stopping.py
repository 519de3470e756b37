"""The end of a command that is under way: in seconds, whatever it waits for.

The work is done by a thread that nobody has to wait for. The first signal asks it to stop; after
GRACE the lines to the partner are cut, and after LAST nobody waits for it any more. The second
signal ends the command at once.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import NoReturn

from adapters.terminal import own_up
from transfer.destination import Destination
from transfer.ports import Remote, Remotes

GRACE, LAST, TIDY = 3.0, 2.0, 8.0
"""Seconds: for the answer that is awaited, for what follows the cut, and to remove what is left."""
LOOK = 0.1
"""Seconds between two looks at the thread; a signal is dealt with in between."""
INTERRUPTED = 130


class Lines:
    """Port `Remotes` over another, which can cut what it has connected."""

    def __init__(self, remotes: Remotes) -> None:
        self._remotes = remotes
        self._open: list[Remote] = []

    @property
    def protocols(self) -> frozenset[str]:
        return self._remotes.protocols

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Remote:
        remote = self._remotes.connect(destination, beside=beside)
        if beside is None:
            self._open.append(remote)
        return remote

    def cut(self) -> None:
        """Whoever waits for one of them meets an error."""
        for remote in self._open:
            remote.close()


@contextmanager
def signals(halting: threading.Event, told: Callable[[], object]) -> Iterator[None]:
    """SIGINT and SIGTERM set the event, and `told` is called; the second raises KeyboardInterrupt.

    Both in a thread of their own: they take locks that the code which is interrupted may hold.
    """
    seen = list[int]()

    def begin() -> None:
        halting.set()
        told()

    def handler(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            raise KeyboardInterrupt
        _thread.start_new_thread(begin, ())

    both = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handler) for number in both}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def done(
    work: Callable[[], object],
    halting: threading.Event,
    cut: Callable[[], object],
    grace: float = GRACE,
    last: float = LAST,
) -> bool:
    """Whether the work has come to its end; it goes on where it was told to stop and has not.

    Raises what the work raises.
    """
    task = _Task(work)
    halted_at: float | None = None
    while not task.over(LOOK):
        if not halting.is_set():
            continue
        halted_at = halted_at or monotonic()
        if monotonic() - halted_at > grace:
            within(last, cut)
            return task.over(last)
    return True


def within(seconds: float, work: Callable[[], object]) -> bool:
    """Whether it has come to its end by then. Raises what the work raises."""
    return _Task(work).over(seconds)


class _Task:
    def __init__(self, work: Callable[[], object]) -> None:
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  carried to the thread that asked
            self._error = error

    def over(self, seconds: float) -> bool:
        self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        if self._error is not None:
            raise self._error
        return True


def leave() -> NoReturn:
    """The threads of a pool would be waited for at the end of the program, however long."""
    own_up()
    os._exit(INTERRUPTED)
