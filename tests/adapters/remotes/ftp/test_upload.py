"""Uploads whose last word never comes, that are cut, continued, slowed down or lied about."""

from __future__ import annotations

import random
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.tls import make_certificate
from tests.ports.ftp_partners import FtpPartner, ftp_partner
from tests.ports.partners import refused, send
from tests.servers.odd_ftp import OddFtp, Session
from tests.servers.proxy import Kind, Proxy
from transfer.errors import Code, Corrupted, Permanent, Transient
from transfer.model import MIB

NOISE = random.Random(3).randbytes(5 * MIB + 3)  # noqa: S311  bytes to send
MODIFIED = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
REAL = ["vsftpd-ftp", "vsftpd-ftps", "proftpd-ftp", "proftpd-ftps", "pureftpd-ftp", "pureftpd-ftps"]


# pure-ftpd ends a transfer over TLS when the control line is gone.
PATIENT = [(kind, fault) for kind in REAL[:5] for fault in (Kind.RESET, Kind.FIN)]


@pytest.mark.parametrize(("kind", "fault"), PATIENT + [(kind, Kind.HANG) for kind in REAL])
def test_a_control_line_that_dies_under_way_costs_nothing(
    tmp_path: Path, kind: str, fault: Kind
) -> None:
    with (
        ftp_partner(kind, make_certificate(tmp_path)) as partner,
        Proxy(partner.server.host, partner.server.port) as proxy,
    ):
        remote = partner.connect(port=proxy.port, timeout=2.0)
        path = f"{partner.root}/file"
        upload = remote.create(path)
        upload.write(NOISE, 0)
        _await_size(Path(path), len(NOISE))
        proxy.strike(fault)
        upload.finish(MODIFIED)
        assert upload.acknowledged == len(NOISE)
        assert partner.read(path) == NOISE
        assert Path(path).stat().st_mtime == MODIFIED.timestamp()
        assert remote.size(path) == len(NOISE)
        assert len(proxy.links) == 2
        remote.close()


def _await_size(path: Path, size: int) -> None:
    deadline = time.monotonic() + 60
    while path.stat().st_size < size and time.monotonic() < deadline:
        time.sleep(0.01)


class Silent(Session):
    """Stores the file and never says so."""

    silent = True

    def do_stor(self, path: str) -> None:
        data = self.receive() or b""
        self.keep(path, data, 0)
        if self.silent:
            self.request.recv(1)


def test_a_reply_that_never_comes_is_settled_by_the_size() -> None:
    with OddFtp(Silent) as server:
        remote = FtpPartner(server, "ftp").connect(timeout=2.0)
        upload = remote.create("/file")
        upload.write(NOISE, 0)
        upload.finish()
        assert server.files["/file"] == NOISE
        assert sum("STOR" in command for command in server.heard) == 1
        remote.close()


class Forgetful(Silent):
    def keep(self, path: str, data: bytes, rest: int) -> None:
        super().keep(path, data[:-1], rest)


class Parting(Session):
    """Its timer of the idle control line runs out while the data flows."""

    def do_stor(self, path: str) -> None:
        self.keep(path, self.receive() or b"", 0)
        self.reply("421 Timeout.")
        self.request.shutdown(socket.SHUT_RDWR)


def test_a_file_that_is_short_after_silence_is_no_success() -> None:
    with OddFtp(Forgetful) as server:
        remote = FtpPartner(server, "ftp").connect(timeout=2.0)
        error = refused(send, remote, "/file", NOISE)
        assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)
        assert error.file == "/file"
        remote.close()


def test_a_timer_of_the_control_line_costs_nothing() -> None:
    with OddFtp(Parting) as server:
        remote = FtpPartner(server, "ftp").connect()
        send(remote, "/file", NOISE)
        assert server.files["/file"] == NOISE
        remote.close()


class Truncating(Session):
    def keep(self, path: str, data: bytes, rest: int) -> None:
        super().keep(path, data[: MIB + 1], rest)


def test_a_server_that_lies_is_found_out_by_the_size() -> None:
    with OddFtp(Truncating) as server:
        remote = FtpPartner(server, "ftp").connect()
        send(remote, "/file", NOISE)
        assert remote.size("/file") == MIB + 1
        remote.close()


class Quitting(Session):
    """Ends the transfer after the first bytes."""

    word = "552 Quota exceeded"

    def do_stor(self, _path: str) -> None:
        with self.accept() as sock:
            sock.recv(1)
        self.reply(self.word)


class Dropping(Quitting):
    word = "426 Connection closed; transfer aborted."


class Lying(Quitting):
    word = "226 all there"


@pytest.mark.parametrize(
    ("session", "code", "kind"),
    [
        (Quitting, Code.REMOTE_FULL, Permanent),
        (Dropping, Code.REMOTE_DROPPED, Transient),
        (Lying, Code.REMOTE_DROPPED, Transient),
    ],
)
def test_a_transfer_that_the_server_ends(
    session: type[Session], code: Code, kind: type[Exception]
) -> None:
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect()
        upload = remote.create("/file")

        def fill() -> None:
            for number in range(64):
                upload.write(bytes(MIB), number * MIB)

        error = refused(fill)
        assert (error.code, type(error), error.file) == (code, kind, "/file")
        upload.abandon()
        remote.close()


class Slow(Session):
    """Takes 320 KB a second at first, for longer than the time that is given without progress.

    TCP tells at once of 64 KB that became free in such a window, and of less a second later.
    """

    slowly = 900_000
    window = 64 * 1024

    def take(self, sock: socket.socket) -> bytes:
        if self.slowly <= 0:
            return super().take(sock)
        time.sleep(0.05)
        data = sock.recv(16 * 1024)
        self.slowly -= len(data)
        return data


@pytest.mark.parametrize("secure", [False, True])
def test_slow_is_not_stuck(tmp_path: Path, secure: bool) -> None:
    certificate = make_certificate(tmp_path) if secure else None
    with OddFtp(Slow, certificate) as server:
        remote = FtpPartner(server, "ftps" if secure else "ftp").connect(timeout=2.0)
        send(remote, "/file", NOISE)
        assert server.files["/file"] == NOISE
        remote.close()


@pytest.mark.parametrize("kind", REAL)
def test_continuing_after_a_cut(tmp_path: Path, kind: str) -> None:
    with ftp_partner(kind, make_certificate(tmp_path)) as partner:
        path = f"{partner.root}/file"
        first = partner.connect()
        upload = first.create(path)
        upload.write(NOISE[: 2 * MIB], 0)
        _await_size(Path(path), 2 * MIB)
        first.close()
        second = partner.connect()
        stored = second.size(path) or 0
        assert 0 < stored <= 2 * MIB
        upload = second.create(path, at=stored)
        upload.write(NOISE[stored:], stored)
        upload.finish()
        assert partner.read(path) == NOISE
        second.close()


class Zeroing(Session):
    def keep(self, path: str, data: bytes, rest: int) -> None:
        super().keep(path, bytes(rest) + data, 0)


def test_zeros_instead_of_what_was_there_are_seen_by_reading_back() -> None:
    with OddFtp(Zeroing) as server:
        remote = FtpPartner(server, "ftp").connect()
        server.files["/file"] = NOISE[:MIB]
        upload = remote.create("/file", at=MIB)
        upload.write(NOISE[MIB:], MIB)
        upload.finish()
        assert remote.size("/file") == len(NOISE)
        assert b"".join(remote.proof.read("/file", 0, MIB)) == bytes(MIB)
        remote.close()


class Appending(Session):
    """Knows APPE and no REST; what APPE does is the subclass's matter."""

    features = ("SIZE",)

    def do_rest(self, _place: str) -> None:
        self.reply("450 not implemented")

    def do_appe(self, path: str) -> None:
        self.keep(path, self.receive() or b"", 10**9)
        self.reply("226 appended")


class Replacing(Appending):
    def keep(self, path: str, data: bytes, rest: int) -> None:
        super().keep(path, data, 0 * rest)


@pytest.mark.parametrize(("session", "size"), [(Appending, 10), (Replacing, 4)])
def test_append_where_there_is_no_restart(session: type[Session], size: int) -> None:
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect()
        assert not remote.powers.resumes
        server.files["/file"] = b"012345"
        upload = remote.create("/file", at=6)
        upload.write(b"6789", 6)
        upload.finish()
        assert remote.size("/file") == size
        remote.close()


def test_a_file_of_another_size_is_not_continued() -> None:
    with OddFtp() as server:
        server.files["/file"] = b"0123456789"
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.create, "/file", at=5)
        assert (type(error), error.file) == (Corrupted, "/file")
        assert server.files["/file"] == b"0123456789"
        remote.close()


def test_a_gap_between_writes_is_a_mistake_of_ours() -> None:
    with OddFtp() as server:
        remote = FtpPartner(server, "ftp").connect()
        upload = remote.create("/file")
        with pytest.raises(ValueError, match="continued"):
            upload.write(b"late", 5)
        upload.abandon()
        remote.close()


class Mute(Session):
    """Says nothing more after the bytes of a file, as pyftpdlib does when the connection for them
    was reset before it had accepted it.
    """

    def do_stor(self, path: str) -> None:
        with suppress(ConnectionResetError):
            self.keep(path, self.receive() or b"", 0)
        self.request.recv(1)


class Leaving(Mute):
    """Hangs up then."""

    def do_stor(self, path: str) -> None:
        self.keep(path, b"", 0)
        self.accept().close()
        raise OSError


@pytest.mark.parametrize("session", [Mute, Leaving])
def test_who_says_nothing_of_an_upload_given_up_is_connected_to_anew(
    session: type[Session],
) -> None:
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect()
        server.files["/file"] = b""
        upload = remote.create("/other")
        upload.write(b"half", 0)
        upload.abandon()
        remote.remove("/file")
        assert "/file" not in server.files
        assert server.heard.count("PASS open sesame") == 2
        remote.close()


def test_nobody_comes_back_to_what_was_closed() -> None:
    with OddFtp(Leaving) as server:
        remote = FtpPartner(server, "ftp").connect()
        upload = remote.create("/other")
        upload.abandon()
        remote.close()
        assert refused(remote.remove, "/file").code is Code.REMOTE_DROPPED
        assert server.heard.count("PASS open sesame") == 1
