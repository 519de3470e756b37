"""A further session that is given up: alone, where the server still reads; else with the line."""

from __future__ import annotations

import socket
from typing import Any, cast

from adapters.remotes.ssh.line import Line
from tests.transfer.made import PARTNER


class Fake:
    """A transport with its packetizer, or a channel."""

    closed = False

    @property
    def packetizer(self) -> Fake:
        return self

    def complete_handshake(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def test_who_still_waits_for_a_session_that_is_closed_is_woken_with_the_line() -> None:
    ours, theirs = socket.socketpair()
    transport, session = Fake(), Fake()
    line = Line(PARTNER, ours, cast("Any", transport), beside=True)
    line.session = cast("Any", session)
    with theirs, line.parting("/file", 60):
        line._bite()
        assert (session.closed, transport.closed) == (True, False)
        line._bite()
        assert transport.closed
        assert theirs.recv(1) == b""
    line.leave()
