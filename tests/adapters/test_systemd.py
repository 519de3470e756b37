"""The notify protocol, spoken to a socket that plays systemd."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.systemd import LONGEST, Supervisor


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    """A bound socket; its name as $NOTIFY_SOCKET gives it is `name(manager)`."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(5)
        channel.bind(path if request.param == "path" else f"\0{path}")
        yield channel


def name(manager: socket.socket) -> str:
    bound = manager.getsockname()
    return bound if isinstance(bound, str) else "@" + bound[1:].decode()


def heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def test_the_words_of_the_protocol(manager: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": name(manager)})
    supervisor.ready("Polling every 30 s.")
    assert heard(manager) == ["READY=1", "STATUS=Polling every 30 s."]
    supervisor.status("Carrying 2.")
    assert heard(manager) == ["STATUS=Carrying 2."]
    supervisor.watchdog()
    assert heard(manager) == ["WATCHDOG=1"]
    supervisor.starting("Waits for the login.", 60)
    assert heard(manager) == ["EXTEND_TIMEOUT_USEC=60000000", "STATUS=Waits for the login."]
    supervisor.reloading()
    word, began = heard(manager)
    assert word == "RELOADING=1"
    assert began.removeprefix("MONOTONIC_USEC=").isdigit()
    supervisor.stopping()
    assert heard(manager) == ["STOPPING=1"]


def test_a_status_cannot_smuggle_an_assignment(manager: socket.socket) -> None:
    Supervisor({"NOTIFY_SOCKET": name(manager)}).status("fine\nMAINPID=1\r\nREADY=1\udc80")
    assert heard(manager) == ["STATUS=fine MAINPID=1 READY=1?"]


def test_a_long_status_is_cut(manager: socket.socket) -> None:
    Supervisor({"NOTIFY_SOCKET": name(manager)}).ready("x" * 1_000_000)
    assert heard(manager) == ["READY=1", "STATUS=" + "x" * LONGEST]


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "@nobody-is-here", "vsock:2:3", "x"])
def test_without_a_listener_nothing_happens(address: str) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": address} if address else {})
    supervisor.ready("r")
    supervisor.status("s")
    supervisor.watchdog()
    supervisor.stopping()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_the_watchdog_is_fed_at_half_its_time(
    environ: dict[str, str], expected: float | None
) -> None:
    assert Supervisor(environ).watchdog_interval == expected
