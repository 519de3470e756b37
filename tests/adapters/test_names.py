"""Looking a host up ends in time, whatever the name server does."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.names import Addresses, Names

FOUND: Addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 22))]


class Server:
    """A name server that answers once it is let."""

    def __init__(self, *, silent: bool = False) -> None:
        self.asked = 0
        self.let = threading.Event()
        if not silent:
            self.let.set()

    def ask(self, host: str, port: int, **_how: Any) -> Addresses:
        self.asked += 1
        self.let.wait(60)
        if host == "nobody":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return FOUND if (host, port) == ("there", 22) else []


def test_a_name_is_asked_for_each_time() -> None:
    server = Server()
    names = Names(server.ask)
    assert names.addresses("there", 22, 60) == names.addresses("there", 22, 60) == FOUND
    assert server.asked == 2


def test_what_the_name_server_says_is_raised_here() -> None:
    with pytest.raises(socket.gaierror, match="unknown"):
        Names(Server().ask).addresses("nobody", 22, 60)


def test_a_silent_one_is_not_waited_for() -> None:
    server = Server(silent=True)
    names = Names(server.ask)
    for _ in range(3):
        with pytest.raises(socket.gaierror, match="no name server has answered in time"):
            names.addresses("there", 22, 0.01)
    # Nobody asks twice at the same time, so that no threads pile up.
    assert server.asked == 1
    with ThreadPoolExecutor(2) as pool:
        later = [pool.submit(names.addresses, "there", 22, 60) for _ in range(2)]
        server.let.set()
        assert [one.result() for one in later] == [FOUND, FOUND]


def test_for_an_address_nobody_is_asked() -> None:
    server = Server()
    [(family, *_, address)] = Names(server.ask).addresses("::1", 22, 60)
    assert (family, address[:2], server.asked) == (socket.AF_INET6, ("::1", 22), 0)


@pytest.mark.parametrize("host", ["a..b", f"{'x' * 64}.example", ".a"])
def test_what_is_no_name_is_an_error_of_the_line(host: str) -> None:
    with pytest.raises(OSError, match="is no name of a host"):
        Names().addresses(host, 22, 60)
