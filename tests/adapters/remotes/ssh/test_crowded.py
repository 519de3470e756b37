"""Servers that part with words: for want of room, which passes, or over the credential."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from paramiko.common import AUTH_FAILED, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, cMSG_DISCONNECT

from sandbox.remotes import Door, SftpServer
from tests.ports.partners import ServerPartner, refused, send
from transfer.errors import Code, Permanent, Transient

ROOM = "Maximum number of sessions reached"
MANY = "Too many authentication failures"


class Parting(SftpServer):
    """Disconnects at a password, or at the `channel` of that number, as (`reason`, `words`)."""

    reason, words, channel = 11, "", 0

    def part(self) -> None:
        """The last thing that is sent to whoever came last."""
        transport = self._transports[-1]
        message = paramiko.Message()
        message.add_byte(cMSG_DISCONNECT)
        message.add_int(self.reason)
        message.add_string(self.words)
        message.add_string("")
        transport._send_message(message)  # type: ignore[attr-defined]
        transport.close()


class PartingDoor(Door):
    channels = 0

    def check_auth_password(self, username: str, password: str) -> int:
        assert isinstance(self.server, Parting)
        if self.server.channel:
            return super().check_auth_password(username, password)
        self.server.part()
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        assert isinstance(self.server, Parting)
        self.channels += 1
        if self.channels < self.server.channel:
            return super().check_channel_request(kind, chanid)
        self.server.part()
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


Parting.door = PartingDoor


@contextmanager
def parting(root: Path, reason: int, words: str, channel: int) -> Iterator[ServerPartner]:
    with Parting(root=root) as server:
        server.reason, server.words, server.channel = reason, words, channel
        yield ServerPartner(server, "", root)


@pytest.mark.parametrize(
    ("reason", "words", "channel", "code"),
    [
        (12, "", 0, Code.REMOTE_UNREACHABLE),
        (12, "See you", 1, Code.REMOTE_UNREACHABLE),
        (7, "service not available", 0, Code.REMOTE_UNREACHABLE),
        (11, ROOM, 0, Code.REMOTE_UNREACHABLE),
        (11, ROOM, 1, Code.REMOTE_UNREACHABLE),
        (2, MANY, 0, Code.AUTH_REFUSED),
        (12, MANY, 0, Code.AUTH_REFUSED),
        (11, "Bye", 0, Code.AUTH_REFUSED),
        (11, "Bye", 1, Code.REMOTE_DROPPED),
    ],
)
def test_a_disconnect_before_we_are_in(
    reason: int, words: str, channel: int, code: Code, tmp_path: Path
) -> None:
    with parting(tmp_path, reason, words, channel) as partner:
        error = refused(partner.connect)
    assert (error.code, error.permanent) == (code, code is Code.AUTH_REFUSED)
    assert words in error.message
    assert (error.retry_after == 60.0) == (code is Code.REMOTE_UNREACHABLE)


@pytest.mark.parametrize("words", ["Exceeded MaxStartups", "Not allowed at this time"])
def test_words_instead_of_a_greeting(words: str, tmp_path: Path) -> None:
    """What OpenSSH says to who comes too often (9.8 and later: PerSourcePenalties)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with listener.accept()[0] as sock:
                sock.sendall(f"{words}\r\n".encode())

        thread = threading.Thread(target=greet)
        thread.start()
        with SftpServer(root=tmp_path) as server:
            partner = ServerPartner(server, "", tmp_path)
            there = replace(partner.destination, port=listener.getsockname()[1])
            error = refused(partner.remotes.connect, there)
        thread.join()
    assert (error.code, type(error)) == (Code.REMOTE_UNREACHABLE, Transient)
    assert words in error.message


def test_a_server_that_ends_the_line_over_a_second_session(tmp_path: Path) -> None:
    """It has a file all the same, without the look that needs one."""
    with parting(tmp_path, 11, "One session only", 2) as partner:
        for _ in range(2):
            remote = partner.connect()
            assert refused(remote.create, "/file").code == Code.REMOTE_DROPPED
            remote.close()
        remote = partner.connect()
        send(remote, "/file", b"data")
        assert remote.rename("/file", "/final", replace=False)
        assert (tmp_path / "final").read_bytes() == b"data"
        remote.close()


class Wordy(Parting):
    def _welcome(self, connection: socket.socket) -> paramiko.Transport:
        connection.sendall(b"Too many people know this server\r\n")
        return super()._welcome(connection)


def test_words_before_a_greeting_are_no_reason(tmp_path: Path) -> None:
    with Wordy(root=tmp_path) as server:
        server.words = "Bye"
        error = refused(ServerPartner(server, "", tmp_path).connect)
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
    assert "people" not in error.message
