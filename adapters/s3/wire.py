"""HTTP/1.1 as far as S3 needs it: one request at a time over a connection, bodies without copies.

http.client hands the head of every answer to the e-mail parser, which for a small object costs
more CPU than all the rest.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import BufferedReader
from select import POLLIN, poll
from typing import cast

BUFFER = 64 * 1024
"""Bytes read at once of a head, and with it of the body of a small object."""
LONGEST_LINE = 64 * 1024
MOST_HEADERS = 200
FEWEST_WORDS = 2
END = b"\r\n\r\n"
"""Of a head."""
BODILESS = frozenset({204, 304})


class GarbledError(OSError):
    """What came is not an answer, or not the whole of one."""


class Wire:
    """An open connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._look = poll()
        self._look.register(sock, POLLIN)
        self._file = cast("BufferedReader", sock.makefile("rb", BUFFER))

    def ask(self, method: str, target: str, headers: Mapping[str, str]) -> Answered:
        """Send a request without a body and read the head of its answer. Raises OSError."""
        self.post(method, target, headers)
        return self.hear(method)

    def post(self, method: str, target: str, headers: Mapping[str, str]) -> None:
        """Send it without waiting for the answer."""
        head = "".join([f"{name}: {text}\r\n" for name, text in headers.items()])
        if head.count("\n") != len(headers) or "\n" in target:
            raise GarbledError("a line break in a header")
        self._sock.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("iso-8859-1"))

    def hear(self, method: str) -> Answered:
        """Read the head of the answer to a request with that method."""
        version, status, headers = self._head()
        while 100 <= status < 200:  # noqa: PLR2004  RFC 9110: the real answer comes later
            version, status, headers = self._head()
        return Answered(self, method, version, status, headers)

    def line(self) -> bytes:
        """The next line without its end."""
        line = self._file.readline(LONGEST_LINE)
        if not line:
            raise ConnectionResetError("the server hung up")
        if not line.endswith(b"\n"):
            raise GarbledError("a line without end")
        return line.rstrip(b"\r\n")

    def readinto(self, buffer: memoryview) -> int:
        """Fewer bytes than the buffer holds only where the connection ended."""
        return self._file.readinto(buffer)

    @property
    def quiet(self) -> bool:
        """Nothing has come unasked: not even the end of the connection."""
        return not self._look.poll(0)

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._sock.close()

    def _head(self) -> tuple[str, int, dict[str, str]]:
        """HTTP's version, the status, and the headers by names in small letters; one that comes
        twice has both texts.
        """
        lines = iter(self._lines())
        words = next(lines, "").split(None, 2)
        if len(words) < FEWEST_WORDS or not words[0].startswith("HTTP/1.") or not _number(words[1]):
            raise GarbledError("the answer is not one of HTTP")
        found: dict[str, str] = {}
        for count, line in enumerate(lines):
            name, colon, text = line.partition(":")
            if not colon:
                raise GarbledError("a header without a colon")
            if count == MOST_HEADERS:
                raise GarbledError("an answer of headers only")
            name, text = name.lower(), text.strip()
            found[name] = f"{found[name]}, {text}" if name in found else text
        return words[0], int(words[1]), found

    def _lines(self) -> Iterable[str]:
        """Those of a head, up to the empty one."""
        ahead = self._file.peek()
        size = ahead.find(END)
        head = ahead[: max(size, 0)]
        ends = head.count(b"\r\n")
        if size < 0 or head.count(b"\n") != ends or head.count(b"\r") != ends:
            return self._each_line()
        # All of it has come, as nearly always, and no line of it ends in another way.
        self._file.read(size + len(END))
        return head.decode("iso-8859-1").split("\r\n")

    def _each_line(self) -> Iterable[str]:
        while line := self.line():
            yield line.decode("iso-8859-1")


class Answered:
    """The answer to a request; its body is read from the connection as it comes."""

    def __init__(
        self, wire: Wire, method: str, version: str, status: int, headers: dict[str, str]
    ) -> None:
        self.status = status
        self.headers = headers
        self._wire = wire
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self._left: int | None = None
        """Bytes that the body, or this chunk of it, still has; None: as many as come."""
        if method == "HEAD" or status in BODILESS:
            self._chunked, self._left = False, 0
        elif self._chunked:
            self._left = 0
        elif _number(length := headers.get("content-length", "")):
            self._left = int(length)
        self._over = self._left == 0 and not self._chunked
        said = headers.get("connection", "").lower()
        stays = "close" not in said if version == "HTTP/1.1" else "keep-alive" in said
        self._kept = stays and self._left is not None

    @property
    def reusable(self) -> bool:
        """The whole of it has been read, and the connection may be asked again."""
        return self._over and self._kept

    def readinto(self, buffer: memoryview, /) -> int:
        """0 at the end of the body, also where it ended early."""
        if self._chunked and not self._left and not self._over:
            self._begin_chunk()
        if self._over or not len(buffer):
            return 0
        part = buffer if self._left is None else buffer[: self._left]
        count = self._wire.readinto(part)
        if self._left is not None:
            self._left -= count
            self._over = not self._left and not self._chunked
        if count < len(part):
            self._over, self._kept = True, False
        elif self._chunked and not self._left:
            self._end_chunk()
        return count

    def _begin_chunk(self) -> None:
        size = self._wire.line().partition(b";")[0].strip()
        try:
            self._left = int(size, 16)
        except ValueError:
            raise GarbledError("a chunk without a size") from None
        if not self._left:
            self._over = True
            while self._wire.line():
                """Trailers say nothing that anybody asked for."""

    def _end_chunk(self) -> None:
        if self._wire.line():
            raise GarbledError("a chunk that is longer than it said")


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
