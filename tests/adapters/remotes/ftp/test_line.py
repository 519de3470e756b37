"""Connecting by FTP, logging in once, and lines that hang, end or lead elsewhere."""

from __future__ import annotations

import ftplib
import socket
import time
from functools import partial
from pathlib import Path

import pytest

from adapters.remotes.ftp.control import Control
from sandbox.tls import make_certificate
from tests.ports.ftp_partners import FtpPartner, ftp_partner
from tests.ports.partners import refused, send
from tests.servers.odd_ftp import OddFtp, Session
from tests.servers.proxy import Kind, Proxy
from transfer.errors import Code, Permanent, Transient
from transfer.model import MIB


@pytest.mark.parametrize("exception", ["", "  "])
def test_plain_ftp_needs_a_written_exception(exception: str) -> None:
    with OddFtp() as server:
        error = refused(FtpPartner(server, "ftp").connect, clear_text=exception)
        assert (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent)
        assert server.heard == []


def test_plain_ftp_proves_nothing_and_says_so() -> None:
    with OddFtp() as server:
        remote = FtpPartner(server, "ftp").connect(clear_text="no TLS until May,\nsays Ann")
        assert remote.identity == (
            "no proof of identity: plain FTP, exception: no TLS until May, says Ann"
        )
        remote.close()


def test_a_destination_without_a_password_is_misconfigured() -> None:
    with OddFtp() as server:
        error = refused(FtpPartner(server, "ftp").connect, password=None)
        assert (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent)


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\nDELE /other"])
def test_a_line_break_reaches_no_command(bad: str) -> None:
    with OddFtp() as server:
        partner = FtpPartner(server, "ftp")
        remote = partner.connect()
        before = list(server.heard)
        name = f"/fi{bad}le"
        actions = (
            lambda: remote.size(name),
            lambda: remote.create(name),
            lambda: remote.create(name, at=5),
            lambda: remote.remove(name),
            lambda: remote.rename(name, "/fine", replace=True),
            lambda: remote.rename("/fine", name, replace=False),
            lambda: list(remote.proof.read(name, 0, 5)),
        )
        for action in actions:
            error = refused(action)
            assert (error.code, type(error)) == (Code.NAME_REFUSED, Permanent)
        # RNFR of a fine name is all that may be asked.
        assert server.heard == before
        remote.close()
        partner.secrets["password"] = f"open{bad}sesame"
        error = refused(partner.connect)
        assert (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent)
        assert "sesame" not in str(error)


def test_ftplibs_own_guards_are_left_in_place() -> None:
    assert Control.putline is ftplib.FTP.putline
    assert Control.trust_server_pasv_ipv4_address is False


def test_half_a_character_is_no_name() -> None:
    with OddFtp() as server:
        remote = FtpPartner(server, "ftp").connect()
        assert refused(remote.size, "/\udc80").code == Code.NAME_REFUSED
        remote.close()


class Echoing(Session):
    def do_pass(self, password: str) -> None:
        self.reply(f"530 PASS {password}: no")


def test_a_repeated_password_stays_secret() -> None:
    with OddFtp(Echoing) as server:
        error = refused(FtpPartner(server, "ftp").connect)
        assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
        assert server.password not in str(error)
        assert server.password not in repr(error.__cause__)
        # Not a second time: that could lock the account.
        assert sum("PASS" in command for command in server.heard) == 1


class Crowded(Session):
    def do_pass(self, _password: str) -> None:
        self.reply("530 Sorry, the maximum number of clients (5) are already connected.")


class Closed(Session):
    greeting = "421 There are too many connections from your internet address."


class Late(Session):
    def do_pass(self, _password: str) -> None:
        self.reply("421 Server is shutting down")


@pytest.mark.parametrize("session", [Crowded, Closed, Late])
def test_a_crowded_server_is_tried_again_later(session: type[Session]) -> None:
    with OddFtp(session) as server:
        error = refused(FtpPartner(server, "ftp").connect)
        assert (error.code, type(error)) == (Code.REMOTE_UNREACHABLE, Transient)
        assert error.retry_after


class Locking(Session):
    def do_pass(self, _password: str) -> None:
        self.reply("530 Account locked: too many failed login attempts, try again later.")


class Leaving(Session):
    def do_pass(self, _password: str) -> None:
        self.reply("421 Login incorrect, closing the connection.")


class Naming(Session):
    def do_pass(self, _password: str) -> None:
        self.reply("530 User unlimited-later cannot log in.")


@pytest.mark.parametrize("session", [Locking, Leaving, Naming])
def test_a_no_to_the_password_is_one_whatever_else_it_says(session: type[Session]) -> None:
    with OddFtp(session) as server:
        partner = FtpPartner(server, "ftp")
        error = refused(partial(partner.connect, username="unlimited-later"))
        assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("USER", "530 Non-anonymous sessions must use encryption."),  # vsftpd
        ("PASS", "550 SSL/TLS required on the control channel"),  # ProFTPD
        ("USER", "421 Sorry, cleartext sessions are not accepted on this server."),  # pure-ftpd
        ("USER", "534 Policy requires SSL."),  # IIS
        ("USER", "503 Use AUTH first."),  # FileZilla Server
    ],
)
def test_a_server_that_wants_tls_is_no_refused_password(verb: str, reply: str) -> None:
    class Wary(Session):
        def obey(self, command: str) -> None:
            if command.startswith(verb):
                self.reply(reply)
            else:
                super().obey(command)

    with OddFtp(Wary) as server:
        error = refused(FtpPartner(server, "ftp").connect)
        assert (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent)
        assert "protocol: ftps" in error.action


class Bolted(Session):
    """Lets an expired password in, to change it and nothing else."""

    def obey(self, command: str) -> None:
        if command.startswith(("USER", "PASS")):
            super().obey(command)
        else:
            self.reply("530 Change your password with SITE PSWD first")


def test_a_password_that_only_lets_itself_be_changed_is_refused() -> None:
    with OddFtp(Bolted) as server:
        error = refused(FtpPartner(server, "ftp").connect)
        assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
        assert "SITE PSWD" in error.message


class Reticent(Session):
    def do_feat(self, _nothing: str) -> None:
        self.reply("550 Permission denied")


def test_who_may_not_ask_for_features_goes_on_without() -> None:
    with OddFtp(Reticent) as server:
        remote = FtpPartner(server, "ftp").connect()
        assert not remote.powers.resumes
        assert remote.size("/none") is None
        remote.close()


class Mute(Session):
    def handle(self) -> None:
        self.request.recv(1)


class Chatty(Session):
    def handle(self) -> None:
        while True:
            self.reply("220-and another thing")


class Droning(Session):
    def handle(self) -> None:
        self.wfile.write(b"220-")
        while True:
            self.wfile.write(b"x" * MIB)


class Dripping(Session):
    def handle(self) -> None:
        self.reply("220 odd")
        while self.request.recv(1):
            time.sleep(0.05)
            self.wfile.write(b"331-wait\r\n")


@pytest.mark.parametrize("session", [Mute, Chatty, Droning, Dripping])
def test_a_greeting_without_end_has_an_end(session: type[Session]) -> None:
    with OddFtp(session) as server:
        begun = time.monotonic()
        error = refused(FtpPartner(server, "ftp").connect, connect_timeout=1.0)
        assert isinstance(error, Transient)
        assert error.code in {Code.REMOTE_TIMEOUT, Code.REMOTE_DROPPED}
        assert time.monotonic() - begun < 60


@pytest.mark.parametrize("kind", ["vsftpd-ftp", "vsftpd-ftps"])
def test_the_address_that_a_server_names_is_not_believed(tmp_path: Path, kind: str) -> None:
    options = ["pasv_address=10.9.9.9", "require_ssl_reuse=YES"]
    with ftp_partner(kind, make_certificate(tmp_path), options=options) as partner:
        remote = partner.connect()
        send(remote, f"{partner.root}/file", b"here")
        assert partner.read(f"{partner.root}/file") == b"here"
        remote.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
@pytest.mark.parametrize("kind", ["vsftpd-ftp", "vsftpd-ftps", "proftpd-ftps", "pureftpd-ftp"])
def test_ipv6(tmp_path: Path, kind: str) -> None:
    with ftp_partner(kind, make_certificate(tmp_path), host="::1") as partner:
        remote = partner.connect()
        send(remote, f"{partner.root}/file", b"six")
        assert partner.read(f"{partner.root}/file") == b"six"
        assert b"".join(remote.proof.read(f"{partner.root}/file", 0, 9)) == b"six"
        remote.close()


@pytest.mark.parametrize("kind", ["vsftpd-ftp", "proftpd-ftps"])
def test_a_frozen_server_is_given_up(tmp_path: Path, kind: str) -> None:
    with ftp_partner(kind, make_certificate(tmp_path)) as partner:
        remote = partner.connect(timeout=2.0)
        upload = remote.create(f"{partner.root}/file")
        upload.write(bytes(MIB), 0)
        partner.server.freeze()
        begun = time.monotonic()

        def fill() -> None:
            for number in range(1, 64):
                upload.write(bytes(MIB), number * MIB)

        error = refused(fill)
        assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)
        assert time.monotonic() - begun < 60
        upload.abandon()
        assert refused(remote.size, f"{partner.root}/file").code == Code.REMOTE_DROPPED
        remote.close()
        partner.server.thaw()


def test_a_line_that_breaks_between_commands_is_dropped(tmp_path: Path) -> None:
    with (
        ftp_partner("vsftpd-ftp", make_certificate(tmp_path)) as partner,
        Proxy(partner.server.host, partner.server.port) as proxy,
    ):
        remote = partner.connect(port=proxy.port)
        proxy.strike(Kind.RESET)
        error = refused(remote.size, f"{partner.root}/file")
        assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)
        remote.close()
