"""A proxy for plain FTP to a server that takes any port for its data connections.

The server's reply to PASV or EPSV is altered on its way: it names a door of the proxy's, which
leads to the port that stood there.
"""

from __future__ import annotations

import re
import selectors
from collections.abc import Callable
from typing import Any, Self

from tests.servers.proxy import Link, Proxy

PASV = re.compile(rb"^(227 [^\r\n]*?)\d+,\d+,\d+,\d+,(\d+),(\d+)")
EPSV = re.compile(rb"^(229 [^\r\n]*?\(\|\|\|)(\d+)")


class FtpProxy(Proxy):
    """`streams` has every data connection that was ever made, `links` those and the controls."""

    def __enter__(self) -> Self:
        self.streams: list[Link] = []
        super().__enter__()
        return self

    def _accept(self, door: Any) -> None:
        before, passive = len(self.links), self._doors[door] != self._target
        super()._accept(door)
        for link in self.links[before:]:
            if passive:
                self.streams.append(link)
            else:
                link.down.alter = _Replies(self._lead)
        if passive:
            # Each is for one data connection.
            self._selector.unregister(door)
            del self._doors[door]
            door.close()

    def _lead(self, port: int) -> int:
        """The port of a new door to that port of the server."""
        door = self._open_door(0)
        self._doors[door] = (self._target[0], port)
        self._selector.register(door, selectors.EVENT_READ)
        return int(door.getsockname()[1])


class _Replies:
    """Whole lines only are passed on: what is altered must not come in two pieces."""

    def __init__(self, lead: Callable[[int], int]) -> None:
        self._lead = lead
        self._rest = b""

    def __call__(self, data: bytes) -> bytes:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return b"".join(self._altered(line) + b"\n" for line in lines)

    def _altered(self, line: bytes) -> bytes:
        if found := PASV.match(line):
            port = self._lead(int(found[2]) * 256 + int(found[3]))
            told = b"127,0,0,1,%d,%d" % divmod(port, 256)
            return found[1] + told + line[found.end() :]
        if found := EPSV.match(line):
            return found[1] + b"%d" % self._lead(int(found[2])) + line[found.end() :]
        return line
