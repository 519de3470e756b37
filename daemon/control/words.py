"""What is said over the socket: one JSON object a line, a question and an answer, then it ends."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from pathlib import Path
from typing import Any, Self

LONGEST_QUESTION = 16 * 1024
LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes of a line."""
BACKLOG = 16

Words = dict[str, Any]
"""A question has its verb in `do`. An answer has `ok`; where that is false `code`, `message` and
`action` as an error of FileFerry, and perhaps `faults`."""


class Garbled(ValueError):
    """What came is no line of this protocol."""


def receive(channel: socket.socket, longest: int, until: float) -> Words:
    """One line. `until` is of the monotonic clock. Raises Garbled, OSError, TimeoutError."""
    data = b""
    while not data.endswith(b"\n"):
        channel.settimeout(_left(until))
        chunk = channel.recv(64 * 1024)
        data += chunk
        if not chunk or len(data) > longest or b"\n" in data[:-1]:
            raise Garbled("not one line")
    try:
        words = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Garbled("no JSON") from error
    if not isinstance(words, dict):
        raise Garbled("no object")
    return words


def packed(words: Words) -> bytes:
    return json.dumps(words).encode() + b"\n"


def send(channel: socket.socket, line: bytes, until: float) -> None:
    """Raises OSError, TimeoutError."""
    rest = memoryview(line)
    while rest:
        channel.settimeout(_left(until))
        rest = rest[channel.send(rest) :]


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def peer(channel: socket.socket) -> int:
    """The user (uid) at the other end, by the kernel's word (unix(7), SO_PEERCRED)."""
    packed = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", packed)[1])


class Near:
    """A name for a socket of any length: an address holds 107 bytes only (unix(7)).

    Raises OSError when its directory cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
        self.directory = os.open(path.absolute().parent, flags)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.directory)

    def address(self, name: str | None = None) -> str:
        return f"/proc/self/fd/{self.directory}/{name or self._name}"
