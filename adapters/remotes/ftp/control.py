"""ftplib's client with its traps closed: it asks over a socket of ours and never in clear text
once TLS was agreed.
"""

from __future__ import annotations

import ftplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transfer.errors import Code, Permanent

LONGEST_REPLY = 64 * 1024
"""Characters of one reply; a banner without end stops here."""
UNSAFE = frozenset("\r\n\0")
ASCII = "ascii"
"""The encoding of names where nobody knows the server's: what all have in common."""


PASSIVE = re.compile(r"(?:\d+\s*,\s*){4}(\d+)\s*,\s*(\d+)")
EXTENDED = re.compile(r"(\W)(?:\1\1|\d\1[^()]*?\1)(\d+)\1")
"""The replies to PASV and EPSV, also with blanks and without the parentheses."""


class RefusedError(Exception):
    """A reply that says no: its code (RFC 959, section 4.2) and all its words."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.code = int(reply[:3])
        self.text = _words(reply)


class GarbledError(Exception):
    """What came is not FTP."""


class Control(ftplib.FTP):
    """The control connection. `data` is the data connection that is open at the moment.

    `context` is TLS's; with it data connections are encrypted, and continue the session of the
    control connection: servers take that as the proof that both are of one client.
    """

    trust_server_pasv_ipv4_address = False  # a server must not send us to other hosts

    def __init__(
        self, sock: socket.socket, host: str, timeout: float, encoding: str = "utf-8"
    ) -> None:
        super().__init__(timeout=timeout, encoding=encoding)
        self.host, self.af = host, sock.family
        self.context: ssl.SSLContext | None = None
        self.data: socket.socket | None = None
        self.demand: Callable[[], None] = lambda: None
        """Asked before each wait; raises when nobody would end it."""
        self._room = 0
        self._extended = self.af != socket.AF_INET
        self.hear(sock)

    @property
    def wire(self) -> socket.socket:
        if self.sock is None:
            raise OSError("the connection is closed")
        return self.sock

    def hear(self, sock: socket.socket) -> None:
        """Go on over this socket; what was read ahead from the one before is forgotten."""
        sock.settimeout(self.timeout)
        self.sock = sock
        self.file = sock.makefile("r", encoding=self.encoding, errors="replace")

    def secure(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Raises ssl.SSLError when the server cannot prove itself."""
        self.demand()
        self.context = context
        sock = context.wrap_socket(
            self.wire, server_hostname=self.host, do_handshake_on_connect=False
        )
        # Heard before the handshake, so that whoever watches can end a handshake that hangs.
        self.hear(sock)
        sock.do_handshake()
        return sock

    def ask(self, verb: str, argument: str = "") -> str:
        """The words of a reply that says yes. Raises RefusedError, GarbledError, OSError."""
        self.demand()
        command = self._command(verb, argument)
        with translated():
            try:
                self.putcmd(command)
            except (ConnectionError, ssl.SSLEOFError):
                # What the server had to say may have arrived before it closed the line.
                self.getresp()
                raise
            reply = self.getresp()
        if reply[0] == "1":
            raise GarbledError(f"an unexpected reply to {verb}: {reply}")
        return _words(reply)

    def answer(self) -> str:
        """The words of the reply that ends a transfer, or greets."""
        self.demand()
        with translated():
            reply = self.getresp()
            # "Ready in a minute", and words of a transfer that goes on (RFC 959, section 4.2).
            while reply[0] == "1":
                reply = self.getresp()
            if reply[0] != "2":
                raise ftplib.Error(reply)  # noqa: S321  whether FTP may be used is decided elsewhere
        return _words(reply)

    def stream(self, verb: str, path: str, rest: int | None = None) -> socket.socket:
        """Open a passive data connection and begin a transfer; the caller closes the socket."""
        self.demand()
        command = self._command(verb, path)
        with translated():
            self.data = self.transfercmd(command, rest)
        if self.context is not None:
            # Of a line that is broken already Python would leave an open TLS socket behind.
            self.data.getpeername()
            session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
            self.data = secured = self.context.wrap_socket(
                self.data,
                server_hostname=self.host,
                session=session,
                do_handshake_on_connect=False,
            )
            secured.do_handshake()
        return self.data

    def makepasv(self) -> tuple[str, int]:
        """By PASV, or by EPSV (RFC 2428): on IPv6, and where the server refuses PASV."""
        if self._extended:
            return self._epsv()
        try:
            return self._pasv()
        except ftplib.Error as error:
            if not _is_refusal(error):
                raise
            refused = error
        try:
            found = self._epsv()
        except ftplib.Error as error:
            raise refused if _is_refusal(error) else error from None
        self._extended = True
        return found

    def _pasv(self) -> tuple[str, int]:
        self.demand()
        reply = self.sendcmd("PASV")
        high, low = _told("227", PASSIVE, reply)
        return self._there(256 * int(high) + int(low))

    def _there(self, port: int) -> tuple[str, int]:
        """Of an address that is named nothing is believed: a server must not send us to other
        hosts, and behind a translator it names one that nobody reaches.
        """
        return str(self.wire.getpeername()[0]), port

    def _epsv(self) -> tuple[str, int]:
        self.demand()
        _, low = _told("229", EXTENDED, self.sendcmd("EPSV"))
        return self._there(int(low))

    def _command(self, verb: str, argument: str) -> str:
        """Raises Permanent `name.refused`."""
        command = line(verb, argument)
        try:
            command.encode(self.encoding)
        except UnicodeEncodeError:
            raise _inexpressible(argument, self.encoding) from None
        return command

    def getmultiline(self) -> str:
        self._room = LONGEST_REPLY
        return super().getmultiline()

    def getline(self) -> str:
        found = super().getline()
        self._room -= len(found) + 1
        if self._room < 0:
            raise ftplib.Error("a reply without end")  # noqa: S321  whether FTP may be used is decided elsewhere
        return found


def line(verb: str, argument: str) -> str:
    """One command. Raises Permanent `name.refused` for what would make it two, or no text."""
    if UNSAFE.intersection(argument) or any("\ud800" <= sign <= "\udfff" for sign in argument):
        message = f"The name {argument!r} holds a line break, a NUL or half a character."
        raise Permanent(Code.NAME_REFUSED, message, file=argument)
    return f"{verb} {argument}" if argument else verb


def _inexpressible(name: str, encoding: str) -> Permanent:
    if encoding == ASCII:
        message = f"The server does not say that it knows UTF-8, so the name {name} is not sent."
        action = "Ask the partner how names are encoded there, set the destination's names to that"
    else:
        message = f"The name {name} cannot be written in {encoding}, the names of the destination."
        action = "Order another name"
    action += ", then order again." if encoding == ASCII else "."
    return Permanent(Code.NAME_REFUSED, message, action=action, file=name)


def _told(code: str, form: re.Pattern[str], reply: str) -> tuple[str, str]:
    found = form.search(reply)
    if found is None or not reply.startswith(code):
        raise ftplib.Error(reply)  # noqa: S321  whether FTP may be used is decided elsewhere
    return found[1], found[2]


def _is_refusal(error: ftplib.Error) -> bool:
    """Whether the server only said no, or something that is no answer to PASV, and stays."""
    code = str(error)[:3]
    return code.isdecimal() and code != "421"


@contextmanager
def translated() -> Iterator[None]:
    """What ftplib raises, in our words."""
    try:
        yield
    except (ftplib.error_temp, ftplib.error_perm) as error:
        reply = str(error)
        if not reply[:3].isdecimal():
            raise GarbledError(reply) from None
        raise RefusedError(reply) from None
    except OSError:
        raise
    except (ftplib.Error, ArithmeticError, LookupError, ValueError) as error:
        # ftplib trusts the numbers in replies: a port of 65536 is an OverflowError.
        raise GarbledError(str(error)) from None


def _words(reply: str) -> str:
    """Without the code on the first and last line."""
    lines = reply.splitlines()
    code = reply[:3]
    return "\n".join(part[4:] if part[:3] == code else part for part in lines)
