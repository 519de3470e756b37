"""The one place that hears of a ledger in trouble, whoever met it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from adapters.running.trouble import Board
from transfer.errors import Code, FerryError


def is_of_ledger(error: BaseException) -> bool:
    return isinstance(error, FerryError) and error.code.startswith("ledger.")


def is_fatal(error: BaseException) -> bool:
    """The handle must not be used again: after a failed fsync nobody knows what is on the disk."""
    return isinstance(error, FerryError) and error.code is Code.LEDGER_UNUSABLE


class LedgerAlarm:
    """Says once that the ledger does not write, and once that it does again.

    `give_up` is called with an error after which the process must not go on, once.
    """

    def __init__(self, give_up: Callable[[FerryError], None], board: Board | None = None) -> None:
        self._give_up = give_up
        self._trouble = (board or Board()).trouble("ledger")
        self._lock = threading.Lock()
        self._lost = False

    def met(self, error: FerryError) -> None:
        if not is_fatal(error):
            self._trouble.say(error)
            return
        with self._lock:
            first, self._lost = not self._lost, True
        if first:
            self._give_up(error)

    def over(self) -> None:
        """A write has worked."""
        self._trouble.over()
