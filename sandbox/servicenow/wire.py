"""The HTTP/1.1 server: keep-alive as an instance has it, TLS, and lines that can be cut at will.

werkzeug's own handler closes the connection after each answer, adds its own Server header and lets
one silent TLS client hold up all others; the three are mended here.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import ssl
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from sandbox.tls import Certificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_IDLE = 20
_MAX_URL = 16 * 1024
_BODILESS = frozenset({204, 304})


class Handler(WSGIRequestHandler):
    """Serves the requests of one connection until it has been idle for 20 seconds."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    # Head and body are two writes; without this the second waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        _read_body(environ)
        try:
            answer = (
                _too_long() if len(self.path) > _MAX_URL else answer_of(self.server.app, environ)
            )
        except ConnectionError:  # a behaviour has hung up
            self.close_connection = True
            return
        self._send(answer)

    def _send(self, answer: Response) -> None:
        body = answer.get_data()
        self.send_response_only(answer.status_code, answer.status.partition(" ")[2])
        self.send_header("Date", self.date_time_string())
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers and answer.status_code not in _BODILESS:
            self.send_header("Content-Length", str(len(body)))
        if "Connection" not in answer.headers:
            self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def finish(self) -> None:
        with contextlib.suppress(OSError):  # a line that was cut has nothing to flush into
            super().finish()

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 — werkzeug's name
        """Silence; `/sandbox/state` tells what was served."""


def _too_long() -> Response:
    page = "<html><body><h1>414 Request-URI Too Long</h1></body></html>"
    return Response(page, 414, mimetype="text/html")


def answer_of(app: WSGIApplication, environ: WSGIEnvironment) -> Response:
    """What the application answers, with no header that it did not set itself."""
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    answer = Response(body, status)
    answer.headers = headers
    return answer


def _read_body(environ: WSGIEnvironment) -> None:
    """The whole body, even if nobody wants it, or the next request would begin in it."""
    stream = environ["wsgi.input"]
    if environ.pop("wsgi.input_terminated", False):
        body = stream.read()
        environ.pop("HTTP_TRANSFER_ENCODING")
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


class Server(ThreadedWSGIServer):
    """One thread a connection; knows its open connections, so that a stop can end them."""

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        tls: Certificate | None,
        client_ca: Path | None = None,
    ) -> None:
        super().__init__(host, port, app, handler=Handler)
        self._open: set[socket.socket] = set()
        if tls is not None:
            self._encrypt(tls, client_ca)

    def _encrypt(self, tls: Certificate, client_ca: Path | None) -> None:
        """The handshake is left to the connection's own thread."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.cert_file, tls.key_file)
        if client_ca is not None:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(client_ca)
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self.ssl_context = context

    def process_request(self, request: object, client_address: object) -> None:
        if isinstance(request, socket.socket):
            self._open.add(request)
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def shutdown_request(self, request: object) -> None:
        if isinstance(request, socket.socket):
            self._open.discard(request)
        super().shutdown_request(request)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no news."""

    def hang_up(self) -> None:
        for connection in list(self._open):
            _shut(connection)


def close(environ: WSGIEnvironment) -> NoReturn:
    """Close the line under the request without an answer. Raises ConnectionAbortedError."""
    _shut(environ["werkzeug.socket"])
    raise ConnectionAbortedError


def reset(environ: WSGIEnvironment) -> NoReturn:
    """Send a TCP reset instead of an answer. Raises ConnectionAbortedError."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
    raise ConnectionAbortedError


def _shut(connection: socket.socket) -> None:
    # The TLS layer is passed over: another thread may be reading in it.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
