"""Writing one file over FTP: a stream without acknowledgements, settled by one reply at the end."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from select import POLLIN, POLLOUT, poll
from struct import pack
from time import monotonic, sleep
from typing import NoReturn

from adapters.log import Log
from adapters.remotes.ftp.control import RefusedError
from adapters.remotes.ftp.line import shut
from adapters.remotes.ftp.session import Session
from adapters.remotes.tcp import waiting
from transfer.errors import FerryError, Transient

BLOCK = 1024 * 1024
"""Bytes handed to the kernel at a time."""
TLS_BLOCK = 256 * 1024
TICK = 0.5
"""Seconds between two looks at a stream that does not move."""
SLOWEST_DISK = 10 * 1024 * 1024
"""Bytes a second that a server is expected to bring to its disk before it replies."""
MIDWAY = 64 * 1024
"""Bytes that may be under way still when some TCP between us and the server has confirmed all."""
PARTING_WORDS = 5
"""Seconds that a server has to say why it has ended a transfer."""
RESET = pack("ii", 1, 0)

log = Log()


class FtpUpload:
    """`acknowledged` is what the other side's TCP has confirmed, and all of it after the reply at
    the end: FTP itself says nothing in between.
    """

    def __init__(self, session: Session, path: str, data: socket.socket, at: int) -> None:
        self._session = session
        self._path = path
        self._data = data
        self._at = at
        self._sent = 0
        self._seconds = 0.0
        self._acknowledged = 0
        self._closed = False
        self._complete = False
        self._block = TLS_BLOCK if isinstance(data, ssl.SSLSocket) else BLOCK
        data.settimeout(TICK)

    @property
    def acknowledged(self) -> int:
        # Read first: what is sent meanwhile then makes the answer too small, never too large.
        sent = self._sent
        with suppress(OSError, ValueError):
            self._acknowledged = max(self._acknowledged, sent - waiting(self._data))
        return self._acknowledged

    def write(self, data: bytes | memoryview, offset: int) -> None:
        if offset != self._at + self._sent:
            raise ValueError(f"{offset} is not where {self._path} is continued")
        with self._session.line.carrying(self._path), self._timed():
            error = self._push(memoryview(data))
        self._go_on()
        if error is not None:
            self._learn_why(error)

    def finish(self, modified: datetime | None = None) -> None:
        """Settles a reply that never comes by connecting again and looking at the size."""
        try:
            with self._session.line.carrying(self._path), self._timed():
                error = self._end()
            self._go_on()
            if error is not None:
                self._learn_why(error)
            self._await_reply()
        except Transient:
            if self._closed or not self._is_stored():
                raise
        self._acknowledged = self._sent
        self._closed = True
        if modified is not None:
            self._session.date(self._path, modified)

    def abandon(self) -> None:
        """From another thread too: a write that is under way ends within a TICK."""
        line = self._session.line
        if self._closed or line.over or line.control.data is not self._data:
            return
        self._closed = True
        with suppress(FerryError, RefusedError), line.speaking(self._path, PARTING_WORDS):
            with suppress(OSError):
                # A reset spares the server the bytes that are still under way.
                self._data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            line.let_go()
            # The reply is taken, so that the next command gets its own.
            line.control.answer()
        if line.over:
            # Some hang up after a transfer that was given up. pyftpdlib 1.5.7 says nothing more
            # where the reset came before it had accepted the connection.
            self._session.lost = True

    def _go_on(self) -> None:
        """Raises Transient when another thread has given it up."""
        if self._closed:
            raise self._session.line.lost("it was given up on this side", self._path)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun = monotonic()
        yield
        self._seconds += monotonic() - begun

    def _push(self, rest: memoryview) -> OSError | None:
        """The error with which the server ended the stream."""
        self._session.line.watchdog.demand()
        while rest and not self._closed:
            try:
                taken = self._data.send(rest[: self._block])
            except TimeoutError:
                # Whether a full buffer still empties is the watchdog's to judge.
                continue
            except OSError as error:
                return error
            self._sent += taken
            rest = rest[taken:]
        return None

    def _end(self) -> OSError | None:
        """Say that this was all, and wait until the other side's TCP has it.

        Without TLS's own farewell vsftpd leaves a short file. The server's farewell is not waited
        for: not every server sends one, and its reply says more.
        """
        if isinstance(self._data, ssl.SSLSocket):
            try:
                self._take_leave(self._data)
            except OSError as error:
                return error
        if self._closed:
            # Half a file must not look like a whole one.
            return None
        shut(self._data, socket.SHUT_WR)
        self._drain()
        self._complete = not waiting(self._data)
        return None

    def _drain(self) -> None:
        """Until the other side's TCP has everything, or will not take any more."""
        self._session.line.watchdog.demand()
        control = self._session.line.control.wire
        events = poll()
        events.register(self._data, 0)  # errors only
        events.register(control, POLLIN)
        while waiting(self._data) and not self._closed:
            ready = {handle for handle, _ in events.poll(TICK * 1000)}
            if self._data.fileno() in ready:
                return
            if control.fileno() in ready:
                if not _is_dead(control):
                    return
                # The server may take what is under way all the same.
                events.unregister(control)

    def _take_leave(self, data: ssl.SSLSocket) -> None:
        self._session.line.watchdog.demand()
        room = poll()
        room.register(data, POLLOUT)
        data.settimeout(0)
        while not self._closed:
            try:
                data.unwrap()
            except ssl.SSLWantWriteError:
                room.poll(TICK * 1000)
            except ssl.SSLWantReadError:
                return
            else:
                return

    def _await_reply(self) -> None:
        line = self._session.line
        patience = line.destination.timeout + self._sent / SLOWEST_DISK
        # What a firewall's buffer holds back comes no faster than the rest did.
        patience += MIDWAY * self._seconds / max(self._sent, 1)
        try:
            with line.speaking(self._path, patience):
                line.control.answer()
                line.let_go()
        except RefusedError as refused:
            line.let_go()
            raise self._session.explain(refused, "store", self._path) from refused

    def _learn_why(self, error: OSError) -> NoReturn:
        """The stream broke: the reply says why, where there is one."""
        line = self._session.line
        line.let_go()
        try:
            with line.speaking(self._path, PARTING_WORDS):
                line.control.answer()
                raise error
        except RefusedError as refused:
            raise self._session.explain(refused, "store", self._path) from refused

    def _is_stored(self) -> bool:
        """Whether the file is whole, though the server's word for it never came."""
        session = self._session
        if not (self._complete and session.line.over) or session.closed:
            return False
        try:
            session.again()
            size = self._final_size()
        except FerryError:
            return False
        log.warning("remote.no_reply", path=self._path, sent=self._at + self._sent, size=size)
        return size == self._at + self._sent

    def _final_size(self) -> int | None:
        """The size once it grows no more: the server may still be busy with what it has got."""
        before, size = -1, self._session.size(self._path)
        while size is not None and before < size < self._at + self._sent:
            sleep(TICK)
            before, size = size, self._session.size(self._path)
        return size


def _is_dead(sock: socket.socket) -> bool:
    """Whether what makes it readable is its end. Looks below TLS, and takes nothing away."""
    try:
        return not socket.socket.recv(sock, 1, socket.MSG_PEEK)
    except OSError:
        return True
