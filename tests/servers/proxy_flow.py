"""One connection through the proxy: two flows of bytes, each with its pace and its faults."""

from __future__ import annotations

import fcntl
import selectors
import socket
import struct
import termios
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from time import monotonic, sleep
from typing import Literal

Way = Literal["up", "down"]
"""`up` is from the client to the server."""
PIECE = 256 * 1024
"""Bytes that are taken from a socket at a time."""
ROOM = 64 * 1024 * 1024
"""Bytes under way in one direction: 1.6 GB/s at 40 ms one way."""
SMALL_BUFFER = 16 * 1024
TINY_BUFFER = 2 * 1024
LINGER_0 = b"\x01\x00\x00\x00\x00\x00\x00\x00"


class Kind(Enum):
    RESET = auto()
    """Both sides get a RST."""
    FIN = auto()
    """Both sides get an orderly end, and what they send is swallowed."""
    HANG = auto()
    """Nothing is carried any more, in neither direction; the connection stays."""
    FLIP = auto()
    """The lowest bit of the byte at this place is flipped."""
    DEAF = auto()
    """The first bytes of an answer from here on are swallowed, then both sides get a RST."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens once `way` has carried `at` bytes. It is spent then, unless it is `lasting`.

    With `wide` it strikes every connection that is open at this moment.
    """

    kind: Kind
    way: Way = "up"
    at: int = 0
    lasting: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """One-way delay in seconds, and bytes a second and direction."""

    delay: float = 0.0
    rate: float | None = None

    @property
    def slow(self) -> bool:
        return bool(self.delay or self.rate)

    @property
    def piece(self) -> int:
        return PIECE if self.rate is None else max(1, min(PIECE, int(self.rate / 20)))

    @property
    def room(self) -> int:
        return ROOM if self.rate is None else int(self.rate * (self.delay + 0.2)) + 1

    def fit(self, sock: socket.socket) -> None:
        """Else the kernel's buffers would hide a slow rate from the sender for megabytes; it also
        confirms no less than a whole buffer at a time, for loopback knows no small segments.
        """
        if self.rate is not None:
            room = int(min(SMALL_BUFFER, max(TINY_BUFFER, self.rate)))
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                sock.setsockopt(socket.SOL_SOCKET, option, room)


class Flow:
    """Bytes from `source` to `sink`: `taken` from the one, `carried` to the other."""

    def __init__(self, way: Way, source: socket.socket, sink: socket.socket, pace: Pace) -> None:
        self.way, self.source, self.sink = way, source, sink
        self.carried = self.taken = 0
        self.blocked = self.ended = self.shut = self.deaf = self.draining = False
        self._pace = pace
        self.alter: Callable[[bytes], bytes] = bytes
        """What becomes of bytes that were taken."""
        self._waiting: deque[tuple[float, memoryview]] = deque()
        self._held = 0
        self._next = 0.0

    @property
    def due(self) -> float:
        """When `push` has something to do; inf when it waits for one of the sockets."""
        if self._waiting and not self.blocked:
            return self._waiting[0][0]
        return inf

    @property
    def thirsty(self) -> bool:
        return not self.ended and self._held < self._pace.room

    def pull(self, flips: Iterable[Fault]) -> bool:
        """Take a piece from the source; False when it had to be swallowed as an answer."""
        try:
            data = self.source.recv(self._pace.piece)
        except BlockingIOError:
            return True
        self.ended = not data
        if self.draining or not data:
            return True
        if self.deaf:
            return False
        data = self.alter(data)
        places = [flip.at - self.taken for flip in flips]
        self.taken += len(data)
        self._enqueue(_flipped(data, [place for place in places if 0 <= place < len(data)]))
        return True

    def _enqueue(self, data: bytes) -> None:
        due = monotonic() + self._pace.delay if self._pace.slow else 0.0
        if self._pace.rate is not None:
            due = max(due, self._next)
            self._next = due + len(data) / self._pace.rate
        self._waiting.append((due, memoryview(data)))
        self._held += len(data)

    def push(self, stop: float) -> bool:
        """Give the sink what is due, `stop` bytes in all at most; True when it took some."""
        if self._waiting and self._waiting[0][0] <= monotonic():
            return self._send(stop)
        if self.ended and not self._waiting:
            self.shut_down()
        return False

    def _send(self, stop: float) -> bool:
        due, data = self._waiting[0]
        try:
            sent = self.sink.send(data[: int(min(len(data), stop - self.carried))])
        except BlockingIOError:
            self.blocked = True
            return False
        self.blocked = False
        self.carried += sent
        self._held -= sent
        self._waiting.popleft()
        if sent < len(data):
            self._waiting.appendleft((due, data[sent:]))
        return True

    def hasten(self) -> None:
        """What waits is due, and what comes is no longer held back."""
        self._pace = Pace()
        self._waiting = deque((0.0, data) for _, data in self._waiting)

    def drain(self) -> None:
        """Swallow everything from here on."""
        self._waiting.clear()
        self._held = 0
        self.draining, self.blocked = True, False
        self.shut_down()

    def shut_down(self) -> None:
        if not self.shut:
            self.shut = True
            with suppress(OSError):
                self.sink.shutdown(socket.SHUT_WR)


class Link:
    """A client's connection and ours to the server."""

    def __init__(self, client: socket.socket, server: socket.socket, pace: Pace) -> None:
        self.up = Flow("up", client, server, pace)
        self.down = Flow("down", server, client, pace)
        self.sockets = (client, server)
        self.open, self.hung = True, False
        for sock in self.sockets:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pace.fit(sock)

    @property
    def flows(self) -> tuple[Flow, ...]:
        return () if self.hung or not self.open else (self.up, self.down)

    @property
    def over(self) -> bool:
        return all(flow.ended and flow.shut for flow in (self.up, self.down))

    def flow(self, way: Way) -> Flow:
        return self.up if way == "up" else self.down

    def hasten(self) -> None:
        for flow in (self.up, self.down):
            flow.hasten()
        for sock in self.sockets:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                sock.setsockopt(socket.SOL_SOCKET, option, PIECE)

    def answer_to(self, way: Way) -> Flow:
        return self.down if way == "up" else self.up

    def wishes(self) -> Iterable[tuple[socket.socket, int]]:
        """What each socket waits for, as a mask of the selector."""
        for sock, inward, outward in zip(
            self.sockets, (self.up, self.down), (self.down, self.up), strict=True
        ):
            wanted = 0
            if not self.hung:
                wanted |= selectors.EVENT_READ if inward.thirsty else 0
                wanted |= selectors.EVENT_WRITE if outward.blocked else 0
            yield sock, wanted

    def reset(self) -> None:
        """Twice is fine: a fault may strike while the same link is being served."""
        if not self.open:
            return
        for sock in self.sockets:
            with suppress(OSError):
                _await_arrival(sock)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        self.close()

    def close(self) -> None:
        self.open = False
        for sock in self.sockets:
            sock.close()


def _await_arrival(sock: socket.socket, seconds: float = 0.5) -> None:
    """A reset throws away what the other side has not acknowledged; it is to be exact instead."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        (unacknowledged,) = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"1234"))
        if not unacknowledged:
            return
        sleep(0.001)


def _flipped(data: bytes, places: list[int]) -> bytes:
    if not places:
        return data
    altered = bytearray(data)
    for place in places:
        altered[place] ^= 1
    return bytes(altered)
