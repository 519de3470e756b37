"""Servers that offer no SFTP, or answer something else: never believed, never waited for."""

from __future__ import annotations

from pathlib import Path

import paramiko
import pytest
from paramiko.sftp import CMD_ATTRS, CMD_LSTAT, CMD_STAT, SFTP_FAILURE, SFTP_OP_UNSUPPORTED

from adapters.remotes.dial import plain
from adapters.remotes.sftp.errors import code_of, failure
from adapters.remotes.sftp.wire import RefusedError
from sandbox.remotes import SftpServer, SftpSession
from tests.ports.partners import ServerPartner, openssh, refused
from transfer.destination import Destination
from transfer.errors import MOMENT, Code, Permanent, Transient

NO_SFTP = [
    "ForceCommand /bin/false",
    "ForceCommand echo this account is for tunnels only",
    "MaxSessions 0",
]


@pytest.mark.parametrize("option", NO_SFTP)
def test_a_login_without_sftp(option: str) -> None:
    with openssh(options=[option]) as partner:
        error = refused(partner.connect)
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
    assert "no SFTP" in error.message
    assert "partner" in error.message


def test_a_program_that_was_killed_is_a_broken_line() -> None:
    with openssh(options=["ForceCommand kill -9 $$"]) as partner:
        error = refused(partner.connect)
    assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)


class Confused(SftpSession):
    """Answers a question that nobody asked."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        super()._process(kind, number + 7 if kind == CMD_STAT else number, message)


class Flooding(SftpSession):
    """Announces a packet of 2 GiB."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_STAT:
            assert self.sock is not None
            self.sock.sendall(b"\x7f\xff\xff\xff" + bytes(100))
        else:
            super()._process(kind, number, message)


class WrongKind(SftpSession):
    """Answers a status of success where attributes were asked for."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_STAT:
            self._send_status(number, 0)
        else:
            super()._process(kind, number, message)


@pytest.mark.parametrize("behaviour", [Confused, Flooding, WrongKind])
def test_nonsense_ends_the_line(tmp_path: Path, behaviour: type[SftpSession]) -> None:
    class Server(SftpServer):
        session = behaviour

    with Server(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        error = refused(remote.size, "/file")
        assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)
        assert refused(remote.remove, "/file").code == Code.REMOTE_DROPPED


class Sizeless(SftpSession):
    """Attributes without any field."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_STAT:
            reply = paramiko.Message()
            reply.add_int(number)
            reply.add_int(0)
            self._send_packet(CMD_ATTRS, reply)
        elif kind == CMD_LSTAT:
            self._send_status(number, SFTP_OP_UNSUPPORTED)
        else:
            super()._process(kind, number, message)


def test_a_server_that_does_not_tell_sizes(tmp_path: Path) -> None:
    class Server(SftpServer):
        session = Sizeless

    with Server(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        error = refused(remote.size, "/file")
        assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
        remote.close()


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (SFTP_FAILURE, "Failure", Code.REMOTE_FAILED),
        (SFTP_FAILURE, "No space left on device", Code.REMOTE_FULL),
        (SFTP_FAILURE, "Disk quota exceeded", Code.REMOTE_FULL),
        (SFTP_FAILURE, "Insufficient storage space", Code.REMOTE_FULL),
        (SFTP_FAILURE, "Read-only file system", Code.REMOTE_DENIED),
        (SFTP_FAILURE, "Operation not permitted", Code.REMOTE_DENIED),
        (SFTP_FAILURE, "File exists", Code.REMOTE_EXISTS),
        (SFTP_FAILURE, "There is not enough space on the disk.", Code.REMOTE_FULL),
        (SFTP_FAILURE, "Access is denied.", Code.REMOTE_DENIED),
        (SFTP_FAILURE, "AuthorizationPermissionMismatch", Code.REMOTE_DENIED),
        (SFTP_FAILURE, "PathAlreadyExists", Code.REMOTE_EXISTS),
        (SFTP_FAILURE, "The network path was not found.", Code.REMOTE_DROPPED),
        (SFTP_FAILURE, "The system cannot find the path specified.", Code.REMOTE_FAILED),
        (SFTP_FAILURE, "/in/a: Failure", Code.REMOTE_FAILED),
        (2, "/in/quota.csv: No such file", Code.REMOTE_NO_DIRECTORY),
        (3, "Permission denied", Code.REMOTE_DENIED),
        (11, "", Code.REMOTE_EXISTS),
        (14, "", Code.REMOTE_FULL),
        (15, "", Code.REMOTE_FULL),
        (6, "", Code.REMOTE_DROPPED),
        (7, "Failure", Code.REMOTE_DROPPED),
        (SFTP_FAILURE, "Connection reset by peer", Code.REMOTE_DROPPED),
        (SFTP_FAILURE, "The file is being used by another process.", Code.REMOTE_FAILED),
    ],
)
def test_words_and_codes(status: int, words: str, code: Code) -> None:
    assert code_of(RefusedError(status, words), "/in/a") == code


def test_a_refusal_that_a_broken_line_caused_is_for_a_while_only() -> None:
    destination = Destination(
        name="partner", protocol="sftp", host="none", port=22, username="ferry", root="/"
    )
    lost = RefusedError(SFTP_FAILURE, "Broken pipe")
    assert isinstance(failure(destination, code_of(lost, "/a"), "write to", "/a", lost), Transient)
    plainly = RefusedError(SFTP_FAILURE, "Failure")
    assert isinstance(
        failure(destination, code_of(plainly, "/a"), "write to", "/a", plainly), Permanent
    )


@pytest.mark.parametrize(
    ("status", "words"), [(SFTP_FAILURE, "It is used by another process."), (17, ""), (27, "")]
)
def test_what_somebody_holds_may_be_had_in_a_moment(status: int, words: str) -> None:
    destination = Destination(
        name="partner", protocol="sftp", host="none", port=22, username="ferry", root="/"
    )
    held = RefusedError(status, words)
    error = failure(destination, code_of(held, "/a"), "tell the size of", "/a", held)
    assert (type(error), error.retry_after) == (Transient, MOMENT)


def test_words_of_a_server_are_made_plain() -> None:
    assert plain("a\r\n\x1b[31mred\u2028line\x00 b") == "a [31mred line b"
    assert len(plain("x" * 10_000)) == 200
