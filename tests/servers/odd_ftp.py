"""A small FTP server to be odd with: a subclass of Session changes one command, and no more."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Any, Self

from sandbox.tls import Certificate

FEATURES: Sequence[str] = ("UTF8", "SIZE", "REST STREAM", "MFMT")


class Session(socketserver.StreamRequestHandler):
    """One connection. A method do_verb serves a command; one without is answered with 500.

    `window`: bytes that a data connection takes before they are read, 0 for the system's own.
    """

    server: Server
    features = FEATURES
    greeting = "220 odd"
    rest = 0
    window = 0
    listener = socket.socket()

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            self.reply(self.greeting)
            while command := self.rfile.readline():
                self.obey(command.decode().rstrip("\r\n"))

    def finish(self) -> None:
        super().finish()
        self.listener.close()
        self.request.close()

    def obey(self, command: str) -> None:
        self.server.heard.append(command)
        verb, _, argument = command.partition(" ")
        serve = getattr(self, f"do_{verb.lower()}", None)
        if serve is None:
            self.reply("500 Unknown command")
        else:
            serve(argument)

    def reply(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
        self.wfile.flush()

    def do_user(self, _user: str) -> None:
        self.reply("331 password please")

    def do_pass(self, _password: str) -> None:
        self.reply("230 welcome")

    def do_feat(self, _nothing: str) -> None:
        self.reply("\r\n".join(["211-Features", *(f" {one}" for one in self.features), "211 End"]))

    def do_opts(self, _option: str) -> None:
        self.reply("200 fine")

    do_type = do_pbsz = do_prot = do_opts

    def do_auth(self, _kind: str) -> None:
        if self.server.tls is None:
            self.reply("502 not implemented")
            return
        self.reply("234 go on")
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")

    def do_pasv(self, _nothing: str) -> None:
        self.listener.close()
        self.listener = socket.create_server(("127.0.0.1", 0))
        if self.window:
            # Before the client can connect: it counts for connections to come only.
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
        port = self.listener.getsockname()[1]
        self.reply(f"227 ({self.server.told},{port // 256},{port % 256})")

    def do_rest(self, place: str) -> None:
        self.rest = int(place)
        self.reply("350 go on")

    def do_size(self, path: str) -> None:
        found = self.server.files.get(path)
        self.reply("550 No such file" if found is None else f"213 {len(found)}")

    def do_stor(self, path: str) -> None:
        rest, self.rest = self.rest, 0
        data = self.receive()
        if data is not None:
            self.keep(path, data, rest)
            self.reply("226 stored")

    def keep(self, path: str, data: bytes, rest: int) -> None:
        self.server.files[path] = self.server.files.get(path, b"")[:rest] + data

    def do_retr(self, path: str) -> None:
        self.send(self.server.files[path][self.rest :])

    def do_dele(self, path: str) -> None:
        self.reply("250 gone" if self.server.files.pop(path, None) is not None else "550 none")

    def send(self, data: bytes) -> None:
        with self.accept() as sock:
            sock.sendall(data)
        self.reply("226 sent")

    def receive(self) -> bytes | None:
        """What comes over the data connection; None when the session is over."""
        with self.accept() as sock:
            return b"".join(iter(lambda: self.take(sock), b""))

    def take(self, sock: socket.socket) -> bytes:
        return sock.recv(1024 * 1024)

    def accept(self) -> socket.socket:
        self.reply("150 go on")
        with closing(self.listener):
            sock, _ = self.listener.accept()
        if self.server.tls is not None:
            sock = self.server.tls.wrap_socket(sock, server_side=True)
        return sock


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    told = "127,0,0,1"

    def __init__(self, session: type[Session], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), session)
        self.tls = tls
        self.files: dict[str, bytes] = {}
        self.heard: list[str] = []

    def handle_error(self, *_request: Any) -> None:
        """Clients that hang up are what the tests are about."""


class OddFtp:
    """A context manager; `heard` is every command that any client has sent, `files` what it keeps.

    With `tls` it offers AUTH TLS; `context` may be changed before the first client comes.
    """

    host, root, username, password = "127.0.0.1", "", "ferry", "open sesame"

    def __init__(self, session: type[Session] = Session, tls: Certificate | None = None) -> None:
        self.tls = tls
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if tls is not None:
            self.context.load_cert_chain(tls.cert_file, tls.key_file)
        self.server = Server(session, self.context if tls else None)
        self.port = int(self.server.server_address[1])
        self.files, self.heard = self.server.files, self.server.heard

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()
