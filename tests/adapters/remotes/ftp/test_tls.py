"""FTPS: whom it trusts, what it refuses, and that nothing secret is sent before."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports.ftp_partners import FtpPartner, ftp_partner
from tests.ports.partners import refused, send
from tests.servers.certificates import EXPIRED, Authority
from tests.servers.odd_ftp import OddFtp, Session
from transfer.destination import Tls
from transfer.errors import Code, Permanent

TLS_1_2 = ("TLSv1.2", "TLSv1.2")
TLS_1_3 = ("TLSv1.3", "TLSv1.3")
STRICT = ["vsftpd-ftps", "vsftpd-ftps-implicit", "proftpd-ftps", "proftpd-ftps-implicit"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def odd(
    authority: Authority, session: type[Session] = Session
) -> Iterator[tuple[FtpPartner[OddFtp], OddFtp]]:
    with OddFtp(session, authority.certify("odd")) as server:
        yield FtpPartner(server, "ftps"), server


@pytest.mark.parametrize("versions", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize("kind", STRICT)
def test_data_connections_continue_the_session(
    authority: Authority, kind: str, versions: tuple[str, str]
) -> None:
    with ftp_partner(kind, authority.certify("leaf"), versions=versions) as partner:
        remote = partner.connect()
        for number in range(4):
            path = f"{partner.root}/{number}"
            send(remote, path, bytes(100_000 + number))
            assert remote.size(path) == 100_000 + number
            assert sum(map(len, remote.proof.read(path, 0, 10**9))) == 100_000 + number
        remote.close()


@pytest.mark.parametrize("kind", ["vsftpd-ftps", "proftpd-ftps", "pureftpd-ftps"])
def test_no_byte_is_lost_at_the_end_of_a_file(authority: Authority, kind: str) -> None:
    with ftp_partner(kind, authority.certify("leaf")) as partner:
        remote = partner.connect()
        for size in range(1, 60_000, 1499):
            path = f"{partner.root}/{size}"
            send(remote, path, bytes(size))
            assert remote.size(path) == size
        remote.close()


class Insisting(Session):
    """Wants TLS sessions continued, and says so with the code of vsftpd, 522."""

    refusal = "522 session reuse required"

    def receive(self) -> bytes | None:
        sock = self.accept()
        assert isinstance(sock, ssl.SSLSocket)
        if sock.session_reused:
            with sock:
                return b"".join(iter(lambda: self.take(sock), b""))
        sock.close()
        if self.refusal:
            self.reply(self.refusal)
        return None


class InsistingLikeProftpd(Insisting):
    refusal = "425 Unable to build data connection: Operation not permitted"


@pytest.mark.parametrize("session", [Insisting, InsistingLikeProftpd])
def test_tls_1_2_is_tried_once_where_1_3_cannot_be_continued(
    authority: Authority, session: type[Session]
) -> None:
    with odd(authority, session) as (partner, server):
        server.context.num_tickets = 0
        remote = partner.connect()
        for number in range(3):
            send(remote, f"/{number}", b"continued")
        remote.close()
        assert server.files == dict.fromkeys(("/0", "/1", "/2"), b"continued")
        assert server.heard.count("AUTH TLS") == server.heard.count("PROT P") == 2


class NeverSatisfied(Insisting):
    def receive(self) -> bytes | None:
        self.accept().close()
        self.reply(self.refusal)
        return None


def test_a_server_that_is_never_satisfied_is_an_error(authority: Authority) -> None:
    with odd(authority, NeverSatisfied) as (partner, server):
        server.context.num_tickets = 0
        error = refused(send, partner.connect(), "/file", b"data")
        assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
        assert server.heard.count("AUTH TLS") == 2


BAD = {
    "expired": {"valid": EXPIRED},
    "another host": {"hosts": ("ftp.example",)},
    "self-signed": {"by_itself": True},
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_certificate_is_refused_before_the_login(authority: Authority, fault: str) -> None:
    leaf = authority.certify("bad", **BAD[fault])  # type: ignore[arg-type]
    with OddFtp(tls=leaf) as server:
        error = refused(FtpPartner(server, "ftps").connect)
        assert (error.code, type(error)) == (Code.CERTIFICATE_REFUSED, Permanent)
        assert "partner" in error.message
        assert server.heard == ["AUTH TLS"]


def test_an_unknown_authority_is_refused(authority: Authority) -> None:
    with odd(authority) as (partner, server):
        error = refused(partner.connect, tls=Tls())
        assert (error.code, type(error)) == (Code.CERTIFICATE_REFUSED, Permanent)
        other = Tls(ca_file=str(Authority(authority.file.parent, "other").file))
        assert refused(partner.connect, tls=other).code == Code.CERTIFICATE_REFUSED
        assert server.heard == ["AUTH TLS", "AUTH TLS"]


@pytest.mark.parametrize("kind", ["vsftpd-ftps", "vsftpd-ftps-implicit", "proftpd-ftps"])
def test_real_servers_with_an_expired_certificate(authority: Authority, kind: str) -> None:
    with ftp_partner(kind, authority.certify("old", valid=EXPIRED)) as partner:
        error = refused(partner.connect)
        assert (error.code, type(error)) == (Code.CERTIFICATE_REFUSED, Permanent)
        assert "expired" in error.message
        assert "PASS" not in partner.server.log


def test_old_tls_is_refused(authority: Authority) -> None:
    with ftp_partner("vsftpd-ftps", authority.certify("leaf"), versions=("TLSv1", "TLSv1.1")) as it:
        error = refused(it.connect)
        assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
        assert "PASS" not in it.server.log


def test_a_stripped_offer_of_tls_ends_the_matter() -> None:
    with OddFtp() as server:
        error = refused(FtpPartner(server, "ftps").connect)
        assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
        assert server.heard == ["AUTH TLS"]


class Baring(Session):
    def do_prot(self, _level: str) -> None:
        self.reply("536 no")


def test_data_connections_in_clear_text_are_refused(authority: Authority) -> None:
    with odd(authority, Baring) as (partner, server):
        error = refused(partner.connect)
        assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
        assert server.heard[-1] == "PROT P"


def test_a_server_that_speaks_plain_ftp_on_the_implicit_port() -> None:
    with OddFtp() as server:
        error = refused(FtpPartner(server, "ftps-implicit").connect)
        assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
        assert not any("PASS" in command for command in server.heard)


def test_the_identity_names_the_certificate(authority: Authority) -> None:
    with odd(authority) as (partner, _):
        remote = partner.connect()
        certificate = authority.file.parent / "odd.crt"
        pin = ssl.PEM_cert_to_DER_cert(certificate.read_text())
        digest = hashlib.sha256(pin).hexdigest()
        assert remote.identity == f"certificate of odd by authority, SHA256:{digest}"
        remote.close()


@contextmanager
def choosy(authority: Authority) -> Iterator[FtpPartner[OddFtp]]:
    """A server that lets nobody in without a certificate; ours is the secret "shown"."""
    with odd(authority) as (partner, server):
        server.context.verify_mode = ssl.CERT_REQUIRED
        server.context.load_verify_locations(authority.file)
        ours = authority.certify("ours")
        partner.secrets["shown"] = ours.cert_file.read_text() + ours.key_file.read_text()
        yield partner


def test_data_connections_have_to_convince_as_well(authority: Authority) -> None:
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stranger = Authority(authority.file.parent, "stranger").certify("man-in-the-middle")
    other.load_cert_chain(stranger.cert_file, stranger.key_file)

    class Hijacked(Session):
        def do_stor(self, path: str) -> None:
            self.server.tls = other
            super().do_stor(path)

    with odd(authority, Hijacked) as (partner, server):
        error = refused(send, partner.connect(), "/file", b"data")
        assert (error.code, type(error)) == (Code.CERTIFICATE_REFUSED, Permanent)
        assert server.files == {}


def test_a_client_certificate_is_shown(authority: Authority) -> None:
    ca_file = str(authority.file)
    with choosy(authority) as partner:
        remote = partner.connect(tls=Tls(ca_file=ca_file, certificate="shown"))
        send(remote, "/file", b"data")
        assert remote.size("/file") == 4
        remote.close()
        error = refused(partner.connect)
        assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)


def test_what_cannot_be_a_certificate_is_refused_at_once(authority: Authority) -> None:
    tls = Tls(ca_file=str(authority.file), certificate="shown")
    with choosy(authority) as partner:
        pem = partner.secrets["shown"]
        for text in ("", "nonsense", pem[: pem.index("-----BEGIN PRIVATE")]):
            partner.secrets["shown"] = text
            error = refused(partner.connect, tls=tls)
            assert (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent)
            assert "PRIVATE" not in str(error)
        gone = Tls(ca_file=f"{authority.file}.gone")
        assert refused(partner.connect, tls=gone).code == Code.DESTINATION_MISCONFIGURED
