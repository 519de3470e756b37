"""One login at a time at each address, and none with a credential that was refused just now.

Servers count who knocks: OpenSSH's PerSourcePenalties and fail2ban lock out an address for a few
refusals, and accounts are locked for a few wrong passwords. Files and lanes in parallel would be
just that.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic
from typing import TypeVar

from adapters.remotes.dial import name_of
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Transient

Made = TypeVar("Made")
REMEMBERED = 60.0
"""Seconds for which a refused credential is not shown again; a changed one is, at once."""
LOGINS = 16
"""As many as may stand in front, each with its full time to connect."""
SHARED = (Code.REMOTE_TIMEOUT, Code.REMOTE_UNREACHABLE)
"""What whoever waited meanwhile need not find out again."""


@dataclass(slots=True)
class _Door:
    """Of one address; times are the clock's."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    refused: dict[bytes, tuple[float, FerryError]] = field(default_factory=dict)
    failed: tuple[float, FerryError] | None = None


class Turns:
    """For all threads of a process, and for each process of its own. A refusal is remembered for
    so many seconds: 0 where all doors remember it together.
    """

    def __init__(
        self, clock: Callable[[], float] = monotonic, remembered: float = REMEMBERED
    ) -> None:
        self._clock = clock
        self._remembered = remembered
        self._salt = os.urandom(16)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._doors: dict[tuple[str, int], _Door] = {}
        self._change = threading.Lock()

    def take(
        self, destination: Destination, secrets: Sequence[str], connect: Callable[[], Made]
    ) -> Made:
        """What `connect` returns, in its turn; `secrets` are what it shows.

        Waiting ends: every login has its time, and this has one too. Raises what `connect` raises,
        or has raised for others who showed the same or stood in front; Transient `remote.timeout`.
        """
        if self._process != os.getpid():
            self._begin()  # a lock that was held at a fork is never given back
        shown, asked = self._print([destination.username, *secrets]), self._clock()
        # DNS does not tell A from a, nor a name from the same with a dot behind.
        where = destination.host.lower().rstrip("."), destination.port
        with self._change:
            door = self._doors.setdefault(where, _Door())
        patience = LOGINS * destination.connect_timeout
        if not door.lock.acquire(timeout=patience):
            message = f"Other logins at {name_of(destination)} have not come to an end"
            raise Transient(Code.REMOTE_TIMEOUT, f"{message} for {patience:g} seconds.")
        try:
            self._look(door, shown, asked)
            return self._tried(door, shown, connect)
        finally:
            door.lock.release()

    def _tried(self, door: _Door, shown: bytes, connect: Callable[[], Made]) -> Made:
        try:
            return connect()
        except FerryError as error:
            if error.code is Code.AUTH_REFUSED:
                door.refused[shown] = self._clock(), error
            if error.code in SHARED:
                door.failed = self._clock(), error
            raise

    def _print(self, secrets: list[str]) -> bytes:
        """Tells credentials apart and nothing else: no secret is kept."""
        made = sha256(self._salt)
        for secret in secrets:
            made.update(sha256(self._salt + secret.encode()).digest())
        return made.digest()

    def _look(self, door: _Door, shown: bytes, asked: float) -> None:
        now = self._clock()
        door.refused = {
            one: found for one, found in door.refused.items() if now - found[0] < self._remembered
        }
        if shown in door.refused:
            raise _again(door.refused[shown][1])
        if door.failed is not None and door.failed[0] > asked:
            raise _again(door.failed[1])


def _again(error: FerryError) -> FerryError:
    """The same for another thread, with what is different about it."""
    message = error.message
    if isinstance(error, Permanent):
        message += f" That was within the last {REMEMBERED:g} seconds, and was not tried again."
    return type(error)(
        error.code, message, action=error.action, file=error.file, retry_after=error.retry_after
    )
