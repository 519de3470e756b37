"""A webhook by HTTPS that answers as it is told, and keeps what it was sent."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandbox.tls import Certificate

PATH = "/services/T000/c4n4ry"


@dataclass
class Webhooks:
    """`silent`: it takes the request and says nothing until the end of the test."""

    ca_file: Path
    url: str = ""
    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    got: list[Any] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hung up, or trusts nobody, is what some tests are about."""


@contextmanager
def webhooks(certificate: Certificate) -> Iterator[Webhooks]:
    made = Webhooks(certificate.ca_file)
    server = _Server(("127.0.0.1", 0), _handler(made))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    # The handshake in the thread of the connection: the other one would stand still over it.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    made.url = f"https://localhost:{server.server_address[1]}{PATH}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        thread.join(30)
        server.server_close()


def _handler(made: Webhooks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append(json.loads(sent))
            if made.silent:
                made.over.wait(60)
                return
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
