"""Which names are taken at the partner's, and not only in the memory of the SFTP program.

Programs in front of a store remember directories, rclone for five minutes: in the session that has
looked once, what others put there since does not exist. A new session remembers nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from time import monotonic
from typing import Protocol

from paramiko.sftp import CMD_EXTENDED, CMD_LSTAT

from adapters.remotes.sftp.answer import Answer
from adapters.remotes.sftp.batch import Asking, run
from adapters.remotes.sftp.errors import is_said_absent
from adapters.remotes.sftp.wire import RefusedError, Wire, check, text
from adapters.remotes.ssh.line import Line
from transfer.errors import Permanent, Transient
from transfer.request.names import TEMP_PREFIX

TRIES = 2
"""Second sessions in a row with which the line broke: then the server is taken for one of those
that end it, or fall silent, instead of refusing one.
"""
AGAIN = 1800.0
"""Seconds after which such a server is asked once more: it may have been the network after all."""
_broken: dict[tuple[str, int], tuple[int, float]] = {}
"""By host and port: how many, and when the last one did."""
HARDLINK = "hardlink@openssh.com"


class Onlooker(Protocol):
    """Another session."""

    def taken(self, names: Collection[str]) -> frozenset[str]: ...

    def close(self) -> None: ...


class Sight:
    """`exists` tells of one name, thoroughly; `another` opens a session. To be made under a watch.

    `first` is that of an earlier session with the same program.
    """

    def __init__(
        self,
        line: Line,
        wire: Wire,
        exists: Callable[[str], bool],
        another: Callable[[], Onlooker],
        first: Sight | None = None,
    ) -> None:
        self._line = line
        self._wire = wire
        self._exists = exists
        self._another = another
        self._first = first
        self._linked: list[tuple[int, Answer]] = []
        self._live: bool | None = None
        if HARDLINK in wire.extensions and not first:
            # Its answer comes with that to the next request, at no round trip of its own.
            self._ask_to_link()

    @property
    def live(self) -> bool:
        """Whether the program works on a file system: it knows links there, and not by name only.

        It is asked to link a file that nobody has, which does nothing anywhere; rclone, which
        offers the extension too, says that it is not supported.
        """
        # No cached_property: Python 3.11 has one lock for those of all sessions, which would be
        # held while a server is waited for.
        if self._live is None:
            self._live = self._first.live if self._first else self._is_live()
        return self._live

    def _is_live(self) -> bool:
        if HARDLINK not in self._wire.extensions:
            return False
        with self._line.speaking():
            while not self._linked:
                self._wire.listen()
        try:
            check(*self._linked[0])
        except RefusedError as refused:
            return is_said_absent(refused, HARDLINK)
        return False

    def _ask_to_link(self) -> None:
        nobody = text(f"/{TEMP_PREFIX}{os.urandom(16).hex()}".encode())
        fields = text(HARDLINK.encode()), nobody, nobody
        answered = self._linked.append
        self._wire.post(CMD_EXTENDED, *fields, answered=lambda *answer: answered(answer))

    def afresh(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names that are taken for a session that remembers nothing, where that is
        another question than the one that this session can ask.
        """
        if self.live:
            return frozenset()
        place = self._line.destination.host, self._line.destination.port
        before, last = _broken.get(place, (0, 0.0))
        if before >= TRIES and monotonic() - last < AGAIN:
            return frozenset()
        try:
            other = self._another()
        except Permanent:
            # It allows no second session: then this one's look has to do.
            return frozenset()
        except Transient:
            # Several that were under way when all lines broke are one.
            _broken[place] = before + 1, monotonic()
            raise
        _broken.pop(place, None)
        with closing(other):
            return other.taken(names)

    def seen(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names that are taken for this session or for a new one."""
        return self.afresh(names) | self.taken(names) if names else frozenset()

    def taken(self, names: Collection[str]) -> frozenset[str]:
        tasks = {name: Asking(self._wire, CMD_LSTAT, text(name.encode())) for name in names}
        with self._line.speaking():
            run(self._wire, tasks.values())
            return frozenset(name for name, task in tasks.items() if self._is_taken(name, task))

    def _is_taken(self, name: str, task: Asking) -> bool:
        if task.refused is None:
            return True
        # Where nobody may look, the request itself will be refused.
        with suppress(Permanent):
            return not is_said_absent(task.refused, name) and self._exists(name)
        return False
