"""An HTTP server that answers S3 requests as it was told to: cut short, reset, late, or wrong."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

Ending = Literal["keep", "close", "reset", "hang"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. Content-Length is that of the body unless `headers` says otherwise."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ending: Ending = "keep"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request; names of headers in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]


def refusal(status: int, code: str, **more: str) -> Answer:
    """An error as S3 and STS write it."""
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in {"Code": code, **more}.items())
    return Answer(
        status=status,
        headers={"Content-Type": "application/xml"},
        body=f"<Error>{inner}</Error>".encode(),
    )


class OddS3:
    """Gives `answers` one a request; the last one again and again. `seen` holds the requests."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.released = threading.Event()
        self.seen: list[Seen] = []
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.odd = self
        self.endpoint_url = f"http://127.0.0.1:{self._http.server_port}"

    @property
    def connections(self) -> int:
        return self._http.connections

    def __enter__(self) -> Self:
        # The short interval is how long `shutdown` waits for the loop.
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def next(self, request: Seen) -> Answer:
        with self._lock:
            self.seen.append(request)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class _Server(ThreadingHTTPServer):
    odd: OddS3
    connections = 0
    # A client may hold its connection open; nobody waits for such a thread.
    daemon_threads = True
    block_on_close = False

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a bad answer is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): text for name, text in self.headers.items()}
        answer = self.server.odd.next(Seen(self.command, self.path, headers))
        # Its date is the handler's own, unless the answer brings one.
        dated = "Date" in answer.headers
        (self.send_response_only if dated else self.send_response)(answer.status)
        for name, text in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self._end(answer.ending)

    do_HEAD = do_POST = do_GET  # noqa: N815  the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        pass

    def _end(self, ending: Ending) -> None:
        if ending == "hang":
            self.server.odd.released.wait()
        if ending == "reset":
            linger_0 = struct.pack("ii", 1, 0)
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_0)
                os.close(self.connection.detach())
        self.close_connection = ending != "keep"
