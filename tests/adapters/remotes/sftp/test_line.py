"""Lines that break, hang or never speak: each ends in its own code, and within its time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from time import monotonic

import pytest

from tests.ports.partners import ServerPartner, openssh, refused, send
from tests.servers.openssh import OpenSSH
from transfer.errors import Code, FerryError, Transient
from transfer.model import CHUNK, MIB
from transfer.ports import Remote

GRACE = 60.0
"""Seconds that a busy machine may be late."""


@pytest.fixture(scope="module")
def partner() -> Iterator[ServerPartner]:
    with openssh() as partner:
        partner.destination = replace(partner.destination, timeout=2.0)
        yield partner


@pytest.fixture
def server(partner: ServerPartner) -> Iterator[OpenSSH]:
    assert isinstance(partner.server, OpenSSH)
    yield partner.server
    partner.server.drop()


@pytest.fixture
def remote(partner: ServerPartner) -> Iterator[Remote]:
    remote = partner.remotes.connect(partner.destination)
    yield remote
    remote.close()


@pytest.fixture
def path(partner: ServerPartner, request: pytest.FixtureRequest) -> str:
    return f"{partner.root}/{request.node.name}"


def timed(action: Callable[[], object], seconds: float) -> FerryError:
    """The error of an action that gives up after `seconds`."""
    begin = monotonic()
    error = refused(action)
    assert seconds <= monotonic() - begin < seconds + GRACE
    return error


def test_a_server_that_freezes_while_it_is_written_to(
    partner: ServerPartner, server: OpenSSH, remote: Remote, path: str
) -> None:
    upload = remote.create(path)
    upload.write(bytes(MIB), 0)
    server.freeze()

    def go_on() -> None:
        for number in range(10):
            upload.write(bytes(CHUNK), MIB + number * CHUNK)

    error = timed(go_on, partner.destination.timeout)
    assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)
    assert error.file == path
    assert "partner" in error.message
    begin = monotonic()
    upload.abandon()
    remote.close()
    assert monotonic() - begin < partner.destination.timeout, "nobody waits for a line that is lost"
    assert refused(remote.size, path).code == Code.REMOTE_TIMEOUT


@pytest.mark.parametrize("size", [1, MIB])
def test_a_server_that_freezes_before_the_last_acknowledgement(
    partner: ServerPartner, server: OpenSSH, remote: Remote, path: str, size: int
) -> None:
    upload = remote.create(path)
    server.freeze()
    upload.write(bytes(size), 0)
    error = timed(upload.finish, partner.destination.timeout)
    assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)


@pytest.mark.parametrize("verb", ["size", "create", "remove"])
def test_a_server_that_freezes_between_two_verbs(
    partner: ServerPartner, server: OpenSSH, remote: Remote, path: str, verb: str
) -> None:
    server.freeze()
    error = timed(lambda: getattr(remote, verb)(path), partner.destination.timeout)
    assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)


def test_a_server_that_freezes_and_wakes_in_time_is_fine(
    partner: ServerPartner, server: OpenSSH, path: str
) -> None:
    patient = partner.remotes.connect(replace(partner.destination, timeout=30.0))
    server.freeze()
    wake = threading.Timer(1.0, server.thaw)
    wake.start()
    send(patient, path, b"x" * CHUNK)
    wake.join()
    patient.close()
    assert partner.read(path) == b"x" * CHUNK


def test_time_between_two_writes_is_not_the_servers(
    partner: ServerPartner, path: str, server: OpenSSH
) -> None:
    remote = partner.remotes.connect(partner.destination)
    upload = remote.create(path)
    upload.write(b"one ", 0)
    threading.Event().wait(partner.destination.timeout + 0.5)
    upload.write(b"two", 4)
    upload.finish()
    remote.close()
    assert partner.read(path) == b"one two"


def test_a_server_that_dies_in_the_middle(server: OpenSSH, remote: Remote, path: str) -> None:
    upload = remote.create(path)
    upload.write(bytes(MIB), 0)
    server.drop()

    def go_on() -> None:
        for number in range(10):
            upload.write(bytes(CHUNK), MIB + number * CHUNK)

    error = refused(go_on)
    assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)
    assert error.file == path
    upload.abandon()
    assert refused(remote.remove, path).code == Code.REMOTE_DROPPED


def test_a_server_that_dies_before_the_last_acknowledgement(
    partner: ServerPartner, server: OpenSSH, path: str
) -> None:
    # Nobody is to lose patience with it before it is dead.
    patient = partner.remotes.connect(replace(partner.destination, timeout=60.0))
    upload = patient.create(path)
    server.freeze()
    upload.write(bytes(MIB), 0)
    server.drop()
    assert refused(upload.finish).code == Code.REMOTE_DROPPED


@pytest.fixture
def mute(partner: ServerPartner) -> Iterator[ServerPartner]:
    """Somebody who takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        mute = ServerPartner(partner.server, partner.root, partner.local)
        mute.destination = replace(partner.destination, port=port, connect_timeout=1.0)
        yield mute


def test_a_server_that_never_speaks(mute: ServerPartner) -> None:
    error = timed(lambda: mute.remotes.connect(mute.destination), 1.0)
    assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)


def test_a_server_that_stops_in_the_handshake(mute: ServerPartner) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        greeted: list[socket.socket] = []

        def greet() -> None:
            greeted.append(listener.accept()[0])
            greeted[0].sendall(b"SSH-2.0-x\r\n")

        greeter = threading.Thread(target=greet)
        greeter.start()
        halting = replace(mute.destination, port=listener.getsockname()[1])
        error = timed(lambda: mute.remotes.connect(halting), 1.0)
        greeter.join()
        greeted[0].close()
    assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)


def test_a_server_that_hangs_up_at_once(mute: ServerPartner) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def close() -> None:
            listener.accept()[0].close()

        closer = threading.Thread(target=close)
        closer.start()
        port = listener.getsockname()[1]
        error = refused(mute.remotes.connect, replace(mute.destination, port=port))
        closer.join()
    assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)


def test_a_server_with_too_many_who_have_not_logged_in_is_tried_again() -> None:
    with openssh(options=["MaxStartups 1"]) as crowded:
        where = crowded.destination.host, crowded.destination.port
        stranger = socket.create_connection(where)
        while not stranger.recv(60).startswith(b"SSH-"):
            stranger.close()
            stranger = socket.create_connection(where)
        error = refused(crowded.connect)
        assert type(error) is Transient
        # Its words may be lost with the line: it hangs up right behind them.
        assert error.code in (Code.REMOTE_UNREACHABLE, Code.REMOTE_DROPPED)
        stranger.close()
        deadline = monotonic() + GRACE
        while True:
            try:
                crowded.connect().close()
            except Transient:
                assert monotonic() < deadline
            else:
                break


def test_nothing_is_left_behind(partner: ServerPartner, path: str) -> None:
    before = threading.active_count()
    for _ in range(3):
        remote = partner.remotes.connect(partner.destination)
        send(remote, path, b"x")
        remote.remove(path)
        remote.close()
        refused(partner.remotes.connect, partner.mistyped())
        refused(partner.remotes.connect, partner.silent())
    deadline = monotonic() + GRACE
    while threading.active_count() > before and monotonic() < deadline:
        threading.Event().wait(0.05)
    assert threading.active_count() <= before


def test_a_name_that_nobody_knows(partner: ServerPartner) -> None:
    nowhere = replace(partner.destination, host="nowhere.invalid")
    error = refused(partner.remotes.connect, nowhere)
    assert (error.code, type(error)) == (Code.REMOTE_UNREACHABLE, Transient)
    assert "nowhere.invalid" in error.message


def test_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with openssh(options=["ListenAddress ::1"]) as partner:
        remote = partner.remotes.connect(replace(partner.destination, host="::1"))
        assert remote.size(partner.root) is not None
        remote.close()
