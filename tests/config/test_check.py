"""What `config check` finds beyond the file: secrets of the wrong kind, expired keys."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config import doubts, example
from config.loading import load
from config.secrets import check
from tests.config.conftest import FINGERPRINT, FTPS, SFTP, Write, bank
from tests.config.test_keys import ED25519
from tests.config.test_secrets import CANARY, reader, secret

FORMS = {
    "openssh": s.PrivateFormat.OpenSSH,
    "pem": s.PrivateFormat.TraditionalOpenSSL,
    "pkcs8": s.PrivateFormat.PKCS8,
}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
TODAY = date(2026, 6, 15)


def key(form: str = "openssh", phrase: str = "") -> str:
    private = generate_private_key(SECP256R1()) if form == "pem" else Ed25519PrivateKey.generate()
    lock = s.BestAvailableEncryption(phrase.encode()) if phrase else s.NoEncryption()
    return private.private_bytes(s.Encoding.PEM, FORMS[form], lock).decode()


LOCKED = "has an encrypted private key, which cannot be used here"


class Checked:
    """A configuration and its secrets, to spoil."""

    def __init__(self, directory: Path, write: Write) -> None:
        self._directory = directory
        self._write = write

    def __call__(self, settings: dict[str, Any], **secrets: str) -> list[str]:
        given = {"servicenow": "a", "bank-key": key(), "bank": "a"} | secrets
        for name, text in given.items():
            secret(self._directory, name, text)
        found = check(load(self._write(bank(settings))), reader(self._directory), TODAY)
        assert not any(CANARY in str(fault) for fault in found)
        return [str(fault).removeprefix("destinations.bank.") for fault in found]


@pytest.fixture
def checked(tmp_path: Path, write: Write) -> Checked:
    return Checked(tmp_path, write)


def test_every_secret_that_is_named_is_looked_for(tmp_path: Path, write: Write) -> None:
    names = {"password": "p", "passphrase": "q", "certificate": "r"}
    for settings, expected in (
        ({**SFTP, **names}, ["password", "private_key", "passphrase", "certificate"]),
        ({**FTPS, "tls": {"certificate": "c"}}, ["password", "tls.certificate"]),
    ):
        faults = [str(fault) for fault in check(load(write(bank(settings))), reader(tmp_path))]
        assert [fault.partition(":")[0] for fault in faults] == [
            "servicenow.secret",
            *(f"destinations.bank.{name}" for name in expected),
        ]


@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_each_form_is_one(checked: Checked, form: str) -> None:
    assert checked(SFTP, **{"bank-key": key(form)}) == []
    assert checked(SFTP, **{"bank-key": f"\n{key(form)}\n"}) == []


@pytest.mark.parametrize("form", FORMS)
def test_an_encrypted_key_needs_a_passphrase(checked: Checked, form: str) -> None:
    locked = key(form, CANARY)
    assert checked(SFTP, **{"bank-key": locked}) == [
        "private_key: the secret bank-key is an encrypted private key, and no passphrase is named"
    ]
    assert checked({**SFTP, "passphrase": "phrase"}, phrase=CANARY, **{"bank-key": locked}) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"ssh-ed25519 {CANARY}", "is not a private key in OpenSSH or PEM form"),
        (CERTIFICATE, "is not a private key in OpenSSH or PEM form"),
        (key()[:-40], "is not a private key in OpenSSH or PEM form"),
        (key().replace("\n", f"\n{CANARY}!", 1), "is a private key that is cut off or misspelt"),
        (key().replace("b3BlbnNzaC", "c3BlbnNzaC"), "is a private key that is cut off or misspelt"),
        (key("pem").replace("\nM", "\nN", 1), "is a private key that is cut off or misspelt"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----",
            "is a private key that is cut off or misspelt",
        ),
    ],
)
def test_what_is_no_key_is_told_so(checked: Checked, text: str, words: str) -> None:
    assert checked(SFTP, **{"bank-key": text}) == [f"private_key: the secret bank-key {words}"]


def test_a_user_certificate_is_one(checked: Checked, tmp_path: Path) -> None:
    line = "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAA"
    settings = {**SFTP, "certificate": "cert"}
    assert checked(settings, cert=f"{line}AAAA me") == []
    for wrong in (ED25519, line.replace("ed25519-cert", "rsa-cert"), CANARY, line[:40]):
        (fault,) = checked(settings, cert=wrong)
        assert fault.startswith("certificate: the secret cert is not an OpenSSH certificate")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CERTIFICATE + key("pkcs8"), None),
        (key("pem") + CERTIFICATE + CERTIFICATE, None),
        (CERTIFICATE, "is not a certificate and its private key, both in PEM form"),
        (key("pkcs8"), "is not a certificate and its private key, both in PEM form"),
        (CERTIFICATE + key("pkcs8", CANARY), LOCKED),
        (CERTIFICATE + key("pem", CANARY), LOCKED),
    ],
)
def test_a_client_certificate_has_its_key(checked: Checked, text: str, words: str | None) -> None:
    found = checked({**FTPS, "tls": {"certificate": "client"}}, client=text)
    assert found == ([f"tls.certificate: the secret client {words}"] if words else [])


def test_an_authority_that_is_not_there_is_named(checked: Checked, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    settings = {**FTPS, "tls": {"ca_file": str(path)}}
    assert checked(settings) == [f"tls.ca_file: {path} cannot be read: No such file or directory"]
    path.write_text(CERTIFICATE)
    assert checked(settings) == []


@pytest.mark.parametrize(
    ("pins", "good"),
    [
        ([{"key": FINGERPRINT, "not_after": "2026-06-14"}], False),
        ([{"key": FINGERPRINT, "not_before": "2026-06-16"}], False),
        ([{"key": FINGERPRINT, "not_after": "2026-06-15"}], True),
        ([{"key": FINGERPRINT, "not_before": "2026-06-15"}], True),
        ([{"key": FINGERPRINT, "not_after": "2026-06-14"}, ED25519], True),
        (
            [
                {"key": FINGERPRINT, "not_after": "2026-06-14"},
                {"key": ED25519, "not_before": "2026-06-16"},
            ],
            False,
        ),
    ],
)
def test_one_host_key_must_be_valid_today(checked: Checked, pins: list[Any], good: bool) -> None:
    words = "host_keys: none is valid on 2026-06-15: ask the partner for the key of today"
    assert checked({**SFTP, "host_keys": pins}) == ([] if good else [words])


def test_today_is_the_day_it_is(tmp_path: Path, write: Write) -> None:
    secret(tmp_path, "servicenow", "a")
    secret(tmp_path, "bank-key", key())
    pins = [{"key": FINGERPRINT, "not_after": "2001-01-01"}]
    (fault,) = check(load(write(bank({**SFTP, "host_keys": pins}))), reader(tmp_path))
    assert "none is valid on 2" in str(fault)


def test_the_untouched_example_is_named() -> None:
    path = Path(example.__file__).with_name("fileferry.example.yaml")
    named = [str(fault) for fault in doubts.faults(load(path))]
    settings = ("url", "group", "approver_group", "catalog_items")
    ours = [f"servicenow.{name}: is the example's: put yours there" for name in settings]
    theirs = [f"destinations.bank.{name}: is the example's" for name in ("host", "host_keys")]
    assert named[: len(ours)] == ours
    assert [line.partition(":")[0] for line in named[len(ours) :]] == [
        line.partition(":")[0] for line in theirs
    ]


def test_a_relative_ledger_is_named(write: Write) -> None:
    settings = load(write(f"{bank(SFTP)}ledger:\n  path: ledger.db\n"))
    assert any("ledger.path: must begin with a slash" in str(x) for x in doubts.faults(settings))


@pytest.mark.parametrize(
    ("region", "known"), [("eu-central-1", True), ("cn-north-1", True), ("eu-centrl-1", False)]
)
def test_an_unknown_region_is_named(write: Write, region: str, known: bool) -> None:
    settings = load(write(f"{bank(SFTP)}aws:\n  region: {region}\n"))
    assert [fault.place for fault in doubts.unknown_regions(settings)] == (
        [] if known else [("aws", "region")]
    )


def test_another_store_may_call_its_region_as_it_likes(write: Write) -> None:
    other = "aws:\n  region: here\n  endpoint_url: https://s3.bank.example\n"
    assert not [*doubts.unknown_regions(load(write(f"{bank(SFTP)}{other}")))]
