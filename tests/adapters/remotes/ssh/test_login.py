"""Who FileFerry is to a partner: one credential, shown once, and only to a proven server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.remotes.ssh.keys import make_key
from tests.ports.partners import OTHER_KEY, ServerPartner, openssh, refused
from tests.servers.openssh import OpenSSH, is_root
from transfer.destination import Destination, HostKey
from transfer.errors import Code, Permanent

KINDS = [
    ("-t", "ed25519"),
    ("-t", "ecdsa", "-b", "256"),
    ("-t", "ecdsa", "-b", "521", "-m", "PEM"),
    ("-t", "rsa", "-b", "2048"),
    ("-t", "rsa", "-b", "3072", "-m", "PEM"),
]


@pytest.fixture(scope="module")
def partner() -> Iterator[ServerPartner]:
    with openssh(options=["LogLevel DEBUG1"]) as partner:
        yield partner


@pytest.fixture
def server(partner: ServerPartner) -> OpenSSH:
    assert isinstance(partner.server, OpenSSH)
    return partner.server


def by_key(partner: ServerPartner, private_key: str) -> Destination:
    partner.secrets["tried"] = private_key
    return replace(partner.destination, password=None, private_key="tried")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ends", ["\n", "", "\r\n"])
def test_keys_that_open(
    partner: ServerPartner, server: OpenSSH, tmp_path: Path, kind: tuple[str, ...], ends: str
) -> None:
    private, public = make_key(tmp_path, *kind)
    server.authorize(public)
    text = ends.join(private.splitlines()) + ends if ends else private.rstrip()
    remote = partner.remotes.connect(by_key(partner, text))
    assert remote.size(partner.root) is not None
    remote.close()


def test_rsa_keys_sign_with_sha2(tmp_path: Path) -> None:
    private, public = make_key(tmp_path, "-t", "rsa", "-b", "2048")
    with openssh(options=["PubkeyAcceptedAlgorithms rsa-sha2-512,rsa-sha2-256"]) as partner:
        assert isinstance(partner.server, OpenSSH)
        partner.server.authorize(public)
        partner.remotes.connect(by_key(partner, private)).close()


@pytest.mark.parametrize("kind", KINDS)
def test_keys_that_do_not_open(
    partner: ServerPartner, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    private, _ = make_key(tmp_path, *kind)
    error = refused(partner.remotes.connect, by_key(partner, private))
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)


def bad_keys(tmp_path: Path) -> Iterator[str]:
    good, public = make_key(tmp_path, "-t", "ed25519")
    lines = good.splitlines()
    yield from ("", "not a key", public, good[:100], "\n".join([lines[0], "!!!", lines[-1]]))
    yield "\n".join([lines[0], lines[1], lines[-1]])
    yield make_key(tmp_path, "-t", "rsa", "-b", "1024")[0]
    yield make_key(tmp_path, "-t", "ecdsa", passphrase="a passphrase")[0]
    yield make_key(tmp_path, "-t", "rsa", "-m", "PEM", passphrase="a passphrase")[0]


def test_a_key_that_cannot_be_used_is_a_fault_of_the_configuration(
    partner: ServerPartner, server: OpenSSH, tmp_path: Path
) -> None:
    before = server.log.count("Connection from")
    for number, bad in enumerate(bad_keys(tmp_path)):
        error = refused(partner.remotes.connect, by_key(partner, bad))
        assert (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent), number
        assert "partner" in error.message
        assert all(line not in str(error) for line in bad.splitlines() if len(line) > 20)
        assert error.__cause__ is None
    assert server.log.count("Connection from") == before, "nobody was called"


def test_a_destination_without_credential(partner: ServerPartner) -> None:
    bare = replace(partner.destination, password=None, private_key=None)
    assert refused(partner.remotes.connect, bare).code == Code.DESTINATION_MISCONFIGURED


def test_a_missing_secret_keeps_its_own_code(partner: ServerPartner) -> None:
    error = refused(partner.remotes.connect, replace(partner.destination, password="nowhere"))
    assert error.code == Code.SECRET_MISSING


def attempts(log: str) -> list[str]:
    return re.findall(r"userauth-request for user \S+ service \S+ method (\S+)", log)


def test_a_refused_login_is_tried_once(partner: ServerPartner, server: OpenSSH) -> None:
    before = len(attempts(server.log))
    refused(partner.remotes.connect, partner.mistyped())
    assert attempts(server.log)[before:] == ["password" if server.password else "publickey"]


def test_a_refused_key_is_not_followed_by_the_password(
    partner: ServerPartner, server: OpenSSH
) -> None:
    before = len(attempts(server.log))
    both = replace(partner.destination, private_key="other key")
    assert refused(partner.remotes.connect, both).code == Code.AUTH_REFUSED
    assert set(attempts(server.log)[before:]) == {"publickey"}


def test_nothing_is_sent_to_an_unknown_server(partner: ServerPartner, server: OpenSSH) -> None:
    before = len(attempts(server.log))
    stranger = replace(partner.destination, host_keys=(HostKey(fingerprint=OTHER_KEY),))
    refused(partner.remotes.connect, stranger)
    assert attempts(server.log)[before:] == []


@pytest.mark.skipif(not is_root(), reason="only root can check passwords")
def test_a_server_that_wants_key_and_password() -> None:
    with openssh(options=["AuthenticationMethods publickey,password"]) as partner:
        both = replace(partner.destination, private_key="key")
        partner.remotes.connect(both).close()
        error = refused(partner.remotes.connect, replace(both, password="mistyped"))
        assert error.code == Code.AUTH_REFUSED
        alone = replace(both, password=None)
        assert refused(partner.remotes.connect, alone).code == Code.AUTH_REFUSED


@pytest.mark.skipif(not is_root(), reason="only root can check passwords")
def test_a_server_that_takes_no_keys_gets_the_password() -> None:
    with openssh(options=["PubkeyAuthentication no"]) as partner:
        both = replace(partner.destination, private_key="key")
        partner.remotes.connect(both).close()
        alone = replace(both, password=None)
        assert refused(partner.remotes.connect, alone).code == Code.AUTH_REFUSED


@pytest.mark.skipif(not is_root(), reason="only root can check passwords")
def test_a_server_that_hangs_up_after_one_wrong_password() -> None:
    with openssh(options=["MaxAuthTries 1"]) as partner:
        error = refused(partner.remotes.connect, partner.mistyped())
        assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
