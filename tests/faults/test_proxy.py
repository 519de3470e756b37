"""The proxy does what it says: nothing when it is asked for nothing, else exactly the fault."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic, sleep

import pytest

from tests.servers.proxy import Fault, Kind, Link, Proxy
from tests.servers.proxy_flow import Pace

DATA = bytes(range(256)) * 4096
PATIENCE = 60.0


class Listener:
    """Takes one connection at a time, keeps what it gets and how that ended; may answer first."""

    def __init__(self, greeting: bytes = b"") -> None:
        self.got = bytearray()
        self.ending = ""
        self.ended = threading.Event()
        self._greeting = greeting
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:  # closed, after a line that was cut before we had taken it
            return
        with closing(connection):
            try:
                if self._greeting:  # sending nothing would report a reset before the bytes
                    connection.sendall(self._greeting)
                while data := connection.recv(1 << 20):
                    self.got += data
                self.ending = "fin"
            except ConnectionError:
                self.ending = "reset"
            self.ended.set()

    def close(self) -> None:
        self._socket.close()


class Line(socket.socket):
    """A reset may be faster than the answer to connect, which then is told of it: once, and what
    has come before it can still be read.
    """

    ending = "fin"


@contextmanager
def through(proxy: Proxy) -> Iterator[Line]:
    with proxy, closing(Line()) as line:
        line.settimeout(PATIENCE)
        try:
            line.connect((proxy.host, proxy.port))
        except ConnectionResetError as error:
            line.ending = type(error).__name__
        yield line


def send(line: socket.socket, data: bytes = DATA) -> None:
    """As much as the line takes; a server that ends it early is what some tests are about."""
    with suppress(OSError):
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)


def receive(line: socket.socket) -> tuple[bytes, str]:
    got = bytearray()
    try:
        while data := line.recv(1 << 20):
            got += data
    except (ConnectionResetError, TimeoutError) as error:
        return bytes(got), type(error).__name__
    return bytes(got), line.ending if isinstance(line, Line) else "fin"


def test_carries_both_ways_and_both_ends() -> None:
    with closing(Listener(DATA)) as server, through(Proxy("127.0.0.1", server.port)) as line:
        send(line)
        assert receive(line) == (DATA, "fin")
        assert server.ended.wait(PATIENCE)
        assert (bytes(server.got), server.ending) == (DATA, "fin")


@pytest.mark.parametrize("at", [0, 1, 1000, len(DATA) - 1, len(DATA)])
@pytest.mark.parametrize(("kind", "ending"), [(Kind.RESET, "reset"), (Kind.FIN, "fin")])
def test_cuts_the_way_up_after_just_so_many_bytes(at: int, kind: Kind, ending: str) -> None:
    proxy = Proxy("127.0.0.1", (server := Listener()).port, faults=[Fault(kind, "up", at)])
    with closing(server), through(proxy) as line:
        send(line)
        assert server.ended.wait(PATIENCE)
        assert server.ending == ending
        assert bytes(server.got) == DATA[:at]


@pytest.mark.parametrize("at", [0, 1, 1000, len(DATA) - 1])
@pytest.mark.parametrize(
    ("kind", "ending"), [(Kind.RESET, "ConnectionResetError"), (Kind.FIN, "fin")]
)
def test_cuts_the_way_down_after_just_so_many_bytes(at: int, kind: Kind, ending: str) -> None:
    proxy = Proxy("127.0.0.1", (server := Listener(DATA)).port, faults=[Fault(kind, "down", at)])
    with closing(server), through(proxy) as line:
        assert receive(line) == (DATA[:at], ending)


def test_hangs_and_keeps_the_line() -> None:
    greeting = DATA[:1000]  # more might not fit the buffers of a line that hangs
    server = Listener(greeting)
    proxy = Proxy("127.0.0.1", server.port, faults=[Fault(Kind.HANG, at=10)])
    with closing(server), through(proxy) as line:
        line.settimeout(0.2)
        send(line, DATA[:100])
        got, ending = receive(line)
        assert ending == "TimeoutError"
        assert greeting.startswith(got)
        assert not server.ended.is_set()
        until = monotonic() + PATIENCE
        while len(server.got) < 10 and monotonic() < until:
            sleep(0.01)
        assert bytes(server.got) == DATA[:10]


@pytest.mark.parametrize("at", [0, 1, 70_000, len(DATA) - 1])
def test_flips_one_bit_of_one_byte_once(at: int) -> None:
    proxy = Proxy("127.0.0.1", (server := Listener()).port, faults=[Fault(Kind.FLIP, at=at)])
    with closing(server), through(proxy) as line:
        send(line)
        assert server.ended.wait(PATIENCE)
        wrong = [place for place, byte in enumerate(server.got) if byte != DATA[place]]
        assert (len(server.got), wrong) == (len(DATA), [at])
        assert server.got[at] ^ DATA[at] == 1
        assert proxy.faults == []


def test_swallows_the_answer_after_the_request_has_arrived() -> None:
    server = Echo()
    proxy = Proxy("127.0.0.1", server.port, faults=[Fault(Kind.DEAF, "up", 10)])
    with closing(server), through(proxy) as line:
        line.sendall(b"first")
        assert line.recv(100) == b"first"
        line.sendall(b"other")
        assert receive(line) == (b"", "ConnectionResetError")
        assert bytes(server.got) == b"firstother"


def test_strikes_when_it_is_told_to() -> None:
    with closing(Echo()) as server, through(proxy := Proxy("127.0.0.1", server.port)) as line:
        line.sendall(b"first")
        assert line.recv(100) == b"first"
        proxy.strike(Kind.RESET)
        assert receive(line) == (b"", "ConnectionResetError")


def test_a_fault_is_spent_unless_it_lasts() -> None:
    once, ever = Fault(Kind.RESET, at=5), Fault(Kind.RESET, at=8, lasting=True)
    with closing(Echo()) as server, Proxy("127.0.0.1", server.port, faults=[once, ever]) as proxy:
        for survives in (4, 7, 7):
            with closing(socket.create_connection((proxy.host, proxy.port), PATIENCE)) as line:
                line.sendall(b"x" * survives)
                assert len(line.recv(100)) == survives
                line.sendall(b"x")
                assert receive(line)[1] == "ConnectionResetError"


def test_delays_each_way_without_limiting_how_much_is_under_way() -> None:
    delay = 0.05
    with (
        closing(Echo()) as server,
        through(Proxy("127.0.0.1", server.port, delay=delay)) as line,
    ):
        begun = monotonic()
        line.sendall(b"ping")
        assert line.recv(100) == b"ping"
        assert monotonic() - begun >= 2 * delay
        threading.Thread(target=send, args=(line,), daemon=True).start()
        assert receive(line) == (DATA, "fin")


def test_a_rate_is_kept() -> None:
    rate, size = 100_000, 30_000
    server = Listener()
    with closing(server), through(Proxy("127.0.0.1", server.port, rate=rate)) as line:
        begun = monotonic()
        send(line, DATA[:size])
        assert server.ended.wait(PATIENCE)
        assert monotonic() - begun >= 0.8 * size / rate
        assert bytes(server.got) == DATA[:size]


class Echo(Listener):
    """Takes many connections and says back what it hears."""

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            while data := connection.recv(1 << 16):
                self.got += data
                connection.sendall(data)


def pair() -> tuple[socket.socket, socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        near = socket.create_connection(door.getsockname())
        return near, door.accept()[0]


def test_a_link_that_is_reset_while_it_is_being_served_harms_nobody() -> None:
    """What was due struck the fault, and the same turn still wanted to read from the other side:
    the proxy's thread died of it, and every other connection hung.
    """
    near, far = pair(), pair()
    proxy = Proxy("127.0.0.1", 1, delay=0.001)
    link = Link(near[1], far[1], Pace(0.001))
    proxy.links.append(link)
    near[0].sendall(b"up")
    far[0].sendall(b"down")
    link.up.pull([])
    while link.up.due > monotonic():
        pass
    proxy.faults.append(Fault(Kind.RESET, "up", 2))
    proxy._serve(link, far[1], selectors.EVENT_READ)
    assert not link.open
    assert far[0].recv(10) == b"up"
    link.reset()
    for sock in (near[0], far[0]):
        sock.close()
