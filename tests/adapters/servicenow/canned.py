"""A server that sends given bytes, at a given pace, to each connection in turn."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Self

JSON = b"Content-Type: application/json;charset=UTF-8\r\n"


def answer(body: bytes, status: str = "200 OK", headers: bytes = JSON) -> bytes:
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    return f"HTTP/1.1 {status}\r\n".encode() + headers + length + body


class Canned:
    """Plays `scripts` in turn, the last one again and again; an empty one hangs up.

    With `pace` (seconds) a script is sent byte by byte after its first `at_once` bytes, until the
    client has had enough.
    """

    def __init__(self, *scripts: bytes, pace: float = 0.0, at_once: int = 0) -> None:
        self.scripts: Sequence[bytes] = scripts
        self.requests: list[str] = []
        self._pace = pace
        self._at_once = at_once
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self.requests.append(_head(connection))
                script = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
                for piece in self._pieces(script):
                    connection.sendall(piece)

    def _pieces(self, script: bytes) -> Iterator[bytes]:
        if not self._pace:
            yield script
            return
        yield script[: self._at_once]
        for byte in script[self._at_once :]:
            if self._stop.wait(self._pace):
                return
            yield bytes([byte])


def _head(connection: socket.socket) -> str:
    """The first line of a request that is read to its end."""
    text = b""
    while b"\r\n\r\n" not in text and (piece := connection.recv(65536)):
        text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0].decode()
