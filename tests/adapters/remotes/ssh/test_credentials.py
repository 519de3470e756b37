"""Private keys behind a passphrase, and user certificates of an authority of the server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.remotes.ssh.keys import make_key
from tests.ports.partners import ServerPartner, openssh, refused
from tests.servers.openssh import OpenSSH
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent

KINDS = [("-t", "ed25519"), ("-t", "ecdsa"), ("-t", "rsa", "-b", "2048")]
PEM = [*KINDS, ("-t", "ecdsa", "-m", "PEM"), ("-t", "rsa", "-b", "2048", "-m", "PEM")]
PHRASE = "a phrase öf many words"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of the authority's private key."""
    directory = tmp_path_factory.mktemp("authority")
    make_key(directory, "-t", "ed25519")
    return directory / "key--t-ed25519"


@pytest.fixture(scope="module")
def partner(authority: Path) -> Iterator[ServerPartner]:
    with openssh(options=[f"TrustedUserCAKeys {authority}.pub"]) as partner:
        yield partner


def misconfigured(error: FerryError) -> bool:
    return (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent)


def protected(partner: ServerPartner, private_key: str, phrase: str | None) -> Destination:
    partner.secrets |= {"tried": private_key, "phrase": phrase or ""}
    name = None if phrase is None else "phrase"
    return replace(partner.destination, password=None, private_key="tried", passphrase=name)


@pytest.mark.parametrize("kind", PEM)
def test_a_passphrase_opens_the_key(
    partner: ServerPartner, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    private, public = make_key(tmp_path, *kind, passphrase=PHRASE)
    assert isinstance(partner.server, OpenSSH)
    partner.server.authorize(public)
    partner.remotes.connect(protected(partner, private, PHRASE)).close()
    error = refused(partner.remotes.connect, protected(partner, private, "wrong"))
    assert misconfigured(error)
    assert "does not open" in error.message
    error = refused(partner.remotes.connect, protected(partner, private, None))
    assert misconfigured(error)
    assert "names no passphrase" in error.message
    assert PHRASE not in str(error)


def test_a_passphrase_for_an_open_key_does_no_harm(partner: ServerPartner, tmp_path: Path) -> None:
    private, public = make_key(tmp_path, "-t", "ed25519")
    assert isinstance(partner.server, OpenSSH)
    partner.server.authorize(public)
    partner.remotes.connect(protected(partner, private, PHRASE)).close()


def sign(authority: Path, directory: Path, kind: tuple[str, ...], *options: str) -> tuple[str, str]:
    """A private key and the certificate for it."""
    private, _ = make_key(directory, *kind)
    path = directory / "-".join(["key", *kind])
    command = ["ssh-keygen", "-q", "-s", str(authority), "-I", "ferry", "-n", "ferry", *options]
    subprocess.run([*command, f"{path}.pub"], check=True)
    return private, Path(f"{path}-cert.pub").read_text()


def certified(partner: ServerPartner, private_key: str, certificate: str) -> Destination:
    partner.secrets |= {"tried": private_key, "certificate": certificate}
    return replace(
        partner.destination, password=None, private_key="tried", certificate="certificate"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_opens(
    partner: ServerPartner, authority: Path, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    private, certificate = sign(authority, tmp_path, kind)
    remote = partner.remotes.connect(certified(partner, private, certificate))
    assert remote.size(partner.root) is not None
    remote.close()


def test_a_certificate_of_another_authority_does_not_open(
    partner: ServerPartner, tmp_path: Path
) -> None:
    make_key(tmp_path, "-t", "ecdsa")
    private, certificate = sign(tmp_path / "key--t-ecdsa", tmp_path, ("-t", "ed25519"))
    error = refused(partner.remotes.connect, certified(partner, private, certificate))
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-V", "20200101:20200201"), "valid from 2020-01-01 until 2020-0"),
        (("-V", "20990101:20990201"), "valid from 2099-01-01 until 2099-0"),
        (("-h",), "of a host"),
    ],
)
def test_certificates_that_cannot_open(
    partner: ServerPartner, authority: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    private, certificate = sign(authority, tmp_path, ("-t", "ed25519"), *options)
    error = refused(partner.remotes.connect, certified(partner, private, certificate))
    assert misconfigured(error)
    assert words in error.message


def test_a_certificate_must_be_one_and_fit_its_key(
    partner: ServerPartner, authority: Path, tmp_path: Path
) -> None:
    private, public = make_key(tmp_path, "-t", "ecdsa")
    _, certificate = sign(authority, tmp_path, ("-t", "ed25519"))
    for text in (certificate, public, "", "no certificate", certificate[:200], "a b\nc d"):
        assert misconfigured(refused(partner.remotes.connect, certified(partner, private, text)))
