"""How many bytes a connection has moved, in the words of the kernel (tcp(7), linux/tcp.h)."""

from __future__ import annotations

import socket
from array import array
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from struct import unpack_from
from termios import TIOCOUTQ

BYTES_ACKED, BYTES_RECEIVED = 120, 128
"""Where struct tcp_info of Linux has tcpi_bytes_acked and tcpi_bytes_received (since 4.1)."""
ROUND_TRIP = 68
"""And tcpi_rtt, 32 bits of microseconds."""


def acked(sock: socket.socket) -> int:
    """Bytes that the other side's TCP has confirmed so far. Raises OSError."""
    return _told(sock, BYTES_ACKED)


def received(sock: socket.socket) -> int:
    """Bytes that our TCP has taken so far. Raises OSError."""
    return _told(sock, BYTES_RECEIVED)


def round_trip(sock: socket.socket) -> float:
    """Seconds from a packet to its confirmation, as the kernel smooths them. Raises OSError."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ROUND_TRIP + 4)
    return float(unpack_from("I", info, ROUND_TRIP)[0]) / 1e6


def waiting(sock: socket.socket) -> int:
    """Bytes that the other side's TCP has not confirmed yet (SIOCOUTQ). Raises OSError."""
    answer = array("i", [0])
    ioctl(sock, TIOCOUTQ, answer)
    return answer[0]


def _told(sock: socket.socket, place: int) -> int:
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, place + 8)
    return int(unpack_from("Q", info, place)[0])


class Sent:
    """A Gauge of what goes out. `line` is the socket of the moment; None and a closed one count 0.

    What counts is the other side's confirmation: our own buffers take megabytes at once.
    """

    def __init__(self, line: Callable[[], socket.socket | None]) -> None:
        self._line = line

    def moved(self) -> int:
        return _asked(acked, self._line())

    def more(self) -> bool:
        return _asked(waiting, self._line()) > 0


class Received:
    """A Gauge of what comes in, for whoever waits for many bytes."""

    def __init__(self, line: Callable[[], socket.socket | None]) -> None:
        self._line = line

    def moved(self) -> int:
        return _asked(received, self._line())

    def more(self) -> bool:
        return True


def _asked(question: Callable[[socket.socket], int], sock: socket.socket | None) -> int:
    # The line may be closed by another thread at any moment.
    with suppress(OSError, ValueError):
        return question(sock) if sock is not None else 0
    return 0
