"""A connection to an FTP server with a watchdog over it; whatever breaks it is translated here."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from adapters.remotes.dial import UNTIL_LATER, address_of, name_of, plain, too_slow
from adapters.remotes.ftp import tls
from adapters.remotes.ftp.control import Control, GarbledError, RefusedError
from adapters.remotes.tcp import Received, Sent, round_trip
from adapters.remotes.watchdog import Gauge, Watchdog
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Transient

BACKSTOP = 5
"""Seconds by which the sockets' own time-outs come after the watchdog."""
LINE_ERRORS = (OSError, EOFError, GarbledError)
"""What a broken line makes the libraries raise; OSError includes time-outs and TLS."""
PARTING = 421
"""The code with which a server ends a session by itself."""


class Line:
    def __init__(self, destination: Destination, sock: socket.socket) -> None:
        self.destination = destination
        patience, names = destination.timeout + BACKSTOP, destination.names or "utf-8"
        self.control = Control(sock, destination.host, patience, names)
        self.watchdog = Watchdog(self._cut)
        self.control.demand = self.watchdog.demand
        self.over = False
        self.inside = False
        """Whether we are logged in."""
        self._sent = Sent(lambda: self.control.data)
        self._received = Received(lambda: self.control.data)

    def speaking(
        self, path: str | None = None, patience: float | None = None
    ) -> AbstractContextManager[None]:
        """Watch over library calls and translate what a broken line makes them raise.

        After `patience` seconds (default: the destination's) the line is cut. After any error of
        the line it is given up: nobody knows what the server has done.
        """
        return self._watched(path, patience or self.destination.timeout, None)

    def carrying(self, path: str) -> AbstractContextManager[None]:
        """As `speaking`, while bytes go out over the data connection: as long as they move.

        Below the least rate the line is cut as well.
        """
        return self._watched(path, self.destination.timeout, self._sent)

    def fetching(self, path: str) -> AbstractContextManager[None]:
        """As `carrying`, while bytes come in."""
        return self._watched(path, self.destination.timeout, self._received)

    @contextmanager
    def _watched(self, path: str | None, seconds: float, gauge: Gauge | None) -> Iterator[None]:
        if self.over:
            raise self.lost("it was closed before", path)
        try:
            with self.watchdog.watch(seconds, gauge, self.destination.min_rate):
                yield
        except RefusedError as refused:
            if refused.code != PARTING:
                raise
            self.hang_up()
            raise self._parted(refused, path) from refused
        except LINE_ERRORS as error:
            self.hang_up()
            raise self._translated(error, path, seconds) from error

    def reached(self) -> tuple[str, float]:
        """The address that answered, and TCP's round trip in seconds. Raises OSError."""
        return address_of(self.control.wire), round_trip(self.control.wire)

    def hang_up(self) -> None:
        """Close everything, whatever state it is in; twice is fine."""
        self.over = True
        self.watchdog.stop()
        self._cut()
        self.let_go()
        self.control.close()

    def let_go(self) -> None:
        """Close the data connection, where there is one."""
        data, self.control.data = self.control.data, None
        if data is not None:
            data.close()

    def _cut(self) -> None:
        for sock in (self.control.data, self.control.sock):
            if sock is not None:
                shut(sock, socket.SHUT_RDWR)

    def _translated(self, error: Exception, path: str | None, seconds: float) -> FerryError:
        where, at = name_of(self.destination), f" at {path}" if path else ""
        if self.watchdog.slow:
            return too_slow(self.destination, path)
        if self.watchdog.bitten or isinstance(error, TimeoutError):
            message = f"The server of {where} made no progress for {seconds:g} seconds{at}."
            return Transient(Code.REMOTE_TIMEOUT, message, file=path)
        if isinstance(error, ssl.SSLCertVerificationError):
            return tls.distrust(self.destination, error) or self.lost(str(error), path)
        if isinstance(error, ssl.SSLError) and "CERTIFICATE" in (error.reason or ""):
            # TLS 1.3 servers tell no earlier than after the handshake what they think of ours.
            message = f"The server of {where} refused our certificate: {plain(error.reason)}."
            return Permanent(Code.AUTH_REFUSED, message)
        return self.lost(plain(str(error)) or "the server hung up", path)

    def _parted(self, refused: RefusedError, path: str | None) -> Transient:
        said = plain(refused.text)
        if self.inside:
            return self.lost(f"the server ended it, {said!r}", path)
        message = f"The server of {name_of(self.destination)} lets nobody in now: {said!r}."
        return Transient(Code.REMOTE_UNREACHABLE, message, retry_after=UNTIL_LATER)

    def lost(self, reason: str, path: str | None) -> Transient:
        at = f" at {path}" if path else ""
        message = f"The line to {name_of(self.destination)} broke{at}: {reason}."
        return Transient(Code.REMOTE_DROPPED, message, file=path)


def shut(sock: socket.socket, how: int) -> None:
    """Not SSLSocket's own shutdown: from then on it would send in clear text."""
    with suppress(OSError):
        socket.socket.shutdown(sock, how)
