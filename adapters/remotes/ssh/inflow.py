"""What a server says, taken from the socket in larger pieces than paramiko asks for.

OpenSSH grants window every 64 KiB and acknowledges each write: 20,000 messages a GiB, and paramiko
reads each of them in two parts, with a wake-up of its thread for each.
"""

from __future__ import annotations

import time
from typing import Any

PIECE = 64 * 1024
PAUSE = 0.001
"""Seconds in which words gather while data flow out: a third of the CPU of reading, and far less
than the 5 ms for which one lane's window lasts at 200 MB/s.
"""
LULL = 0.002
"""Seconds after which data flow out no more: then every word is taken as soon as it comes."""


class Inflow:
    """A socket for one reading thread; everything but receiving is the socket's own."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._ahead = b""
        self._sent_at = -LULL

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sent(self, size: int) -> None:
        """So many bytes have just gone out."""
        if size >= PIECE:
            self._sent_at = time.monotonic()

    def recv(self, most: int) -> bytes:
        """As a socket does, time-outs included."""
        if not self._ahead:
            if time.monotonic() - self._sent_at < LULL:
                time.sleep(PAUSE)
            self._ahead = self._sock.recv(PIECE)
        taken, self._ahead = self._ahead[:most], self._ahead[most:]
        return taken
