"""A proxy between a client of AWS and the embedded AWS: it names each call, and breaks some.

A call can be lost before it arrives (the answer never comes, nothing was done), or after (it was
done, nobody hears of it). `dies`: nothing gets through any more, as for a process that was killed.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, list[tuple[str, str]], bytes]
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "expect"})


@dataclass(frozen=True, slots=True)
class Call:
    """The nth of its kind in one run."""

    name: str
    nth: int


@dataclass
class Fault:
    """`arrives`: AWS has done what it was asked for."""

    call: Call
    arrives: bool
    dies: bool
    happened: bool = field(default=False, init=False)


class HttpFaults:
    """A context manager."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self.begin()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(30)

    def begin(self, fault: Fault | None = None) -> None:
        """Of a new run."""
        with self._lock:
            self._fault, self.calls, self._seen = fault, list[Call](), Counter[str]()

    def broken(self, name: str) -> tuple[bool, bool]:
        """Whether this call arrives, and whether it is answered."""
        with self._lock:
            self._seen[name] += 1
            call = Call(name, self._seen[name])
            self.calls.append(call)
            fault = self._fault
            if fault is None or (fault.happened and not fault.dies):
                return True, True
            if fault.happened:
                return False, False
            if call != fault.call:
                return True, True
            fault.happened = True
            return fault.arrives, False

    def forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        line = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            kept = {key: value for key, value in handler.headers.items() if key.lower() not in HOP}
            line.putrequest(
                handler.command, handler.path, skip_host=True, skip_accept_encoding=True
            )
            for key, value in kept.items():
                line.putheader(key, value)
            line.endheaders(body)
            answer = line.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            line.close()


def _handler(faults: HttpFaults) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            arrives, answered = faults.broken(_name(self, body))
            told = faults.forward(self, body) if arrives else None
            self.close_connection = True
            if told and answered:
                self._answer(*told)

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for key, value in headers:
                if key.lower() not in HOP:
                    self.send_header(key, value)
            if "content-length" not in {key.lower() for key, _ in headers}:
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        do_GET = _pass  # noqa: N815
        do_PUT = _pass  # noqa: N815
        do_POST = _pass  # noqa: N815
        do_HEAD = _pass  # noqa: N815
        do_DELETE = _pass  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody reads it."""

    return Handler


def _name(handler: BaseHTTPRequestHandler, body: bytes) -> str:
    target = handler.headers.get("X-Amz-Target")
    if target:
        return target.rpartition(".")[2]
    if "x-www-form-urlencoded" in (handler.headers.get("Content-Type") or ""):
        return parse_qs(body.decode()).get("Action", ["?"])[0]
    depth = urlsplit(handler.path).path.strip("/").count("/")
    return f"{handler.command} {'bucket' if depth == 0 else 'object or function'}"
