"""TLS in large reads: the same bytes, ends and errors as of a socket without it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest

from adapters.s3.tls import AT_ONCE, Tls
from adapters.s3.wire import Wire
from sandbox.tls import Certificate, make_certificate
from tests.noise import noise

DATA = noise(5 * AT_ONCE + 17)
HEAD = f"HTTP/1.1 206 Part\r\nContent-Length: {len(DATA)}\r\n\r\n".encode()
Server = Callable[[ssl.SSLSocket], object]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def contexts(
    request: pytest.FixtureRequest, certificate: Certificate
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The client's and the server's."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate.cert_file, certificate.key_file)
    theirs.minimum_version = theirs.maximum_version = ssl.TLSVersion[request.param]
    return ssl.create_default_context(cafile=str(certificate.ca_file)), theirs


class Dripping(socket.socket):
    """Gives so many bytes at a time at most."""

    drops = AT_ONCE

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        assert not nbytes
        return super().recv_into(buffer, min(len(buffer), self.drops), flags)


@contextmanager
def line(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], serve: Server, drops: int = AT_ONCE
) -> Iterator[tuple[socket.socket, Tls]]:
    """A server that does this once it is greeted, and then ends without a farewell."""
    ours, theirs = socket.socketpair()
    context, other = contexts

    def answer() -> None:
        with other.wrap_socket(theirs, server_side=True, suppress_ragged_eofs=False) as secured:
            serve(secured)

    server = threading.Thread(target=answer)
    server.start()
    sock = Dripping(fileno=ours.detach())
    sock.drops = drops
    sock.settimeout(60)
    with closing(sock):
        yield sock, Tls(sock, context, "localhost")
    server.join()


def taken(tls: Tls, room: int) -> bytes:
    found, buffer = b"", memoryview(bytearray(room))
    while count := tls.readinto(buffer):
        found += buffer[:count]
    return found


@pytest.mark.parametrize("drops", [1000, 16384 + 29, AT_ONCE])
@pytest.mark.parametrize("room", [999, 20_000, 2 * len(DATA)])
def test_the_exact_bytes_and_their_end(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], drops: int, room: int
) -> None:
    with line(contexts, lambda server: server.sendall(DATA), drops) as (_, tls):
        assert taken(tls, room) == DATA


def test_a_long_request_arrives_whole(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    came = bytearray()

    def serve(server: ssl.SSLSocket) -> None:
        while len(came) < len(DATA):
            came.extend(server.recv(2**20))
        server.sendall(b"done")

    with line(contexts, serve) as (_, tls):
        tls.sendall(DATA)
        assert taken(tls, 9) == b"done"
    assert came == DATA


@pytest.mark.parametrize("left", [0, 1, 17000, len(DATA) + 3])
def test_an_answer_that_ends_early_is_never_whole(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], left: int
) -> None:
    def serve(server: ssl.SSLSocket) -> None:
        server.recv(1000)
        server.sendall((HEAD + DATA)[: len(HEAD + DATA) - left])

    with line(contexts, serve) as (sock, tls):
        wire, buffer = Wire(sock, tls), memoryview(bytearray(len(DATA)))
        if left > len(DATA):
            with pytest.raises(OSError, match="line without end"):
                wire.ask("GET", "/", {})
            return
        answer = wire.ask("GET", "/", {})
        assert answer.readinto(buffer) == len(DATA) - left
        assert answer.reusable is not bool(left)
        assert buffer[: len(DATA) - left] == DATA[: len(DATA) - left]


def test_a_line_with_a_rest_or_a_farewell_on_it_is_not_quiet(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """Though the socket has nothing more: all of it came at once."""
    more = threading.Event()

    def serve(server: ssl.SSLSocket) -> None:
        server.recv(1000)
        server.sendall(b"HTTP/1.1 204 None\r\n\r\n")
        more.wait(60)

    with line(contexts, serve) as (sock, tls):
        wire = Wire(sock, tls)
        assert wire.ask("GET", "/", {}).status == 204
        assert wire.quiet
        tls._came.write(b"\x15\x03\x03\x00\x02")
        assert not wire.quiet
        more.set()


def test_a_farewell_that_comes_with_the_answer_is_not_forgotten(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    said, over = threading.Event(), threading.Event()

    def serve(server: ssl.SSLSocket) -> None:
        server.recv(1000)
        server.sendall(b"HTTP/1.1 204 None\r\n\r\n")
        server.setblocking(False)
        with suppress(ssl.SSLWantReadError):
            server.unwrap()
        said.set()
        over.wait(60)

    with line(contexts, serve) as (sock, tls):
        wire = Wire(sock, tls)
        wire.post("GET", "/", {})
        said.wait(60)
        assert wire.hear("GET").reusable
        assert not wire.quiet
        over.set()


def test_a_silent_server_is_given_up(certificate: Certificate) -> None:
    context = ssl.create_default_context(cafile=str(certificate.ca_file))
    ours, theirs = socket.socketpair()
    ours.settimeout(0.01)
    with closing(theirs), closing(ours), pytest.raises(TimeoutError):
        Tls(ours, context, "localhost")


def test_a_server_that_hangs_up_in_the_handshake_is_an_error(certificate: Certificate) -> None:
    context = ssl.create_default_context(cafile=str(certificate.ca_file))
    ours, theirs = socket.socketpair()
    theirs.shutdown(socket.SHUT_WR)
    with closing(theirs), closing(ours), pytest.raises(ssl.SSLError):
        Tls(ours, context, "localhost")
