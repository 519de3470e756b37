"""Tells FileFerry's application on the instance how the service fares; nothing waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from adapters.running.trouble import Trouble
from daemon.outlook import STOPPED, Outlook
from transfer.errors import Code, FerryError

Write = Callable[[Mapping[str, str], bool], None]
"""The vitals, and whether they are pressing. Raises FerryError."""

EVERY = 60.0
"""Seconds between two words while nothing changes."""
LEAST = 10.0
"""Seconds between two words in any case."""
PRESSING = 300.0
"""Seconds of silence after which calls are spent on it, scarce or not: an incident over a service
that is well would cost people more. The application takes it for dead after 15 minutes.
"""
PATIENCE = 5.0
"""Seconds for the last word to arrive."""
PUT_OFF = (60.0, 900.0)
"""Seconds after a failure: the first wait, doubled each time, and the longest."""


class Pulse:
    """A round of the service. What goes wrong is said once in the log, and changes nothing else."""

    def __init__(
        self, outlook: Outlook, write: Write, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._outlook = outlook
        self._write = write
        self._clock = clock
        self._trouble = Trouble("heartbeat")
        self._told: tuple[str, str] | None = None
        self._told_at = clock()
        self._not_before = clock()

    def round(self) -> None:
        now, health = self._clock(), self._outlook.health()
        due = health != self._told or now - self._told_at >= EVERY
        if due and now >= self._not_before:
            self._tell(self._outlook.vitals(), pressing=now - self._told_at >= PRESSING)

    def farewell(self, seconds: float = PATIENCE) -> None:
        """That it was stopped on purpose: nobody is to be called for it. Said once, and only to an
        instance that has answered the time before. A stop waits for so many seconds at most.
        """
        if self._told and not self._trouble.seen:
            last = {"health": STOPPED, "code": "", "sentence": "It was stopped on purpose."}
            said = {**self._outlook.vitals(), **last}
            telling = threading.Thread(
                target=lambda: self._tell(said, pressing=True), name="farewell", daemon=True
            )
            telling.start()
            telling.join(seconds)

    def _tell(self, vitals: Mapping[str, str], *, pressing: bool) -> None:
        try:
            self._write(vitals, pressing)
        except FerryError as error:
            self._failed(error)
            return
        self._trouble.over()
        self._told = (vitals["health"], vitals["code"])
        self._told_at = self._clock()
        self._not_before = self._told_at + LEAST

    def _failed(self, error: FerryError) -> None:
        wait = error.retry_after or 0.0
        # Calls that are scarce are no trouble: the next word is only later.
        if error.code is not Code.SERVICENOW_THROTTLED:
            self._trouble.say(error)
            first, longest = PUT_OFF
            wait = max(wait, min(first * 2 ** (self._trouble.times - 1), longest))
        self._not_before = self._clock() + max(wait, LEAST)
