"""The daemon under a supervisor: it says when it is ready, that it lives, and that it stops."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator

import pytest

from tests.crossing.world import DEADLINE, World


@pytest.fixture
def notified(world: World) -> Iterator[socket.socket]:
    """The socket that systemd would listen on."""
    path = world.directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(DEADLINE)
        world.environment |= {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "400000"}
        yield listener


def test_it_is_ready_alive_and_then_stopping(world: World, notified: socket.socket) -> None:
    with world.daemon() as daemon:
        said = [notified.recv(4096).decode()]
        while "READY=1" not in said[-1]:
            # A slow start asks for more time.
            said.append(notified.recv(4096).decode())
        starting = said[:-1]
        said += [notified.recv(4096).decode() for _ in range(5)]
        daemon.send(signal.SIGTERM)
        while "STOPPING=1" not in said[-1]:
            said.append(notified.recv(4096).decode())
        assert daemon.wait(DEADLINE) == 0
    assert all("EXTEND_TIMEOUT_USEC" in word for word in starting)
    alive = said[len(starting) + 1 : len(starting) + 6]
    assert [word for word in alive if "WATCHDOG=1" in word]
    assert sum("READY=1" in word for word in said) == 1
