"""The settings of the login at ServiceNow: what belongs together, and the secrets behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.servicenow.line import credentials
from config.faults import ConfigError
from config.loading import load
from config.secrets import Secrets, check
from tests.config.conftest import GOOD

KINDS = {"traditional": s.PrivateFormat.TraditionalOpenSSL, "pkcs8": s.PrivateFormat.PKCS8}


def pem(kind: s.PrivateFormat = s.PrivateFormat.PKCS8) -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(s.Encoding.PEM, kind, s.NoEncryption()).decode()


def written(directory: Path, **servicenow: Any) -> Path:
    settings = yaml.safe_load(GOOD)
    settings["servicenow"] |= servicenow
    file = directory / "fileferry.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


JWT = {"subject": "fileferry", "private_key": "signer"}


@pytest.mark.parametrize(
    "login",
    [
        {},
        {"auth": "basic"},
        {"auth": "refresh_token", "refresh_token": "refresh"},
        {"auth": "jwt", "jwt": JWT},
        {"auth": "jwt", "jwt": {**JWT, "key_id": "k1"}, "certificate": "client"},
        {"auth": "certificate", "certificate": "client"},
        {"certificate": "client"},
    ],
)
def test_a_login_with_all_that_it_needs_is_fine(tmp_path: Path, login: dict[str, Any]) -> None:
    load(written(tmp_path, **login))


@pytest.mark.parametrize(
    ("login", "fault"),
    [
        ({"auth": "refresh_token"}, "servicenow.refresh_token: must be given with auth"),
        ({"auth": "jwt"}, "servicenow.jwt.subject: must be given with auth: jwt"),
        ({"auth": "jwt"}, "servicenow.jwt.private_key: must be given with auth: jwt"),
        ({"auth": "certificate"}, "servicenow.certificate: must be given with auth"),
        ({"refresh_token": "r"}, "servicenow.refresh_token: is for auth: refresh_token only"),
        ({"auth": "basic", "jwt": JWT}, "servicenow.jwt.subject: is for auth: jwt only"),
        ({"auth": "saml"}, "servicenow.auth: must be"),
        ({"calls_per_hour": 10}, "servicenow.calls_per_hour: must be"),
        ({"believed_rows": 10}, "servicenow.believed_rows: must be"),
    ],
)
def test_a_login_that_lacks_something_is_named(
    tmp_path: Path, login: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, **login))
    assert any(str(each).startswith(fault) for each in caught.value.faults), caught.value.faults


def checked(directory: Path, login: dict[str, Any], **secrets: str) -> list[str]:
    given = {"bank-key": pem()} | secrets
    for name, text in given.items():
        file = directory / name
        file.write_text(text)
        file.chmod(0o600)
    reader = Secrets({"CREDENTIALS_DIRECTORY": str(directory)})
    return [str(each) for each in check(load(written(directory, **login)), reader)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_signing_key_may_have_either_form(tmp_path: Path, kind: str) -> None:
    text = pem(KINDS[kind])
    found = checked(tmp_path, {"auth": "jwt", "jwt": JWT}, servicenow="a", signer=text)
    assert found == []
    client = credentials.ClientCredentials(client_id="i", client_secret="s")
    assert "assertion" in credentials.JwtBearer(client, "fileferry", text.strip()).request()


@pytest.mark.parametrize(
    ("login", "secrets", "fault"),
    [
        ({}, {}, "servicenow.secret"),
        ({"auth": "jwt", "jwt": JWT}, {"servicenow": "a"}, "servicenow.jwt.private_key"),
        (
            {"auth": "jwt", "jwt": JWT},
            {"servicenow": "a", "signer": "x"},
            "servicenow.jwt.private_key: the secret signer is not a private key",
        ),
        (
            {"auth": "jwt", "jwt": JWT},
            {"servicenow": "a", "signer": pem(s.PrivateFormat.OpenSSH)},
            "servicenow.jwt.private_key: the secret signer is a private key in OpenSSH form",
        ),
        (
            {"auth": "refresh_token", "refresh_token": "refresh"},
            {"servicenow": "a"},
            "servicenow.refresh_token",
        ),
        (
            {"auth": "certificate", "certificate": "client"},
            {"client": "x"},
            "servicenow.certificate: the secret client is not a certificate and its private key",
        ),
        ({"ca_file": "/absent/ca.pem"}, {"servicenow": "a"}, "servicenow.ca_file: /absent/ca.pem"),
    ],
)
def test_a_secret_of_the_login_that_cannot_be_used_is_named(
    tmp_path: Path, login: dict[str, Any], secrets: dict[str, str], fault: str
) -> None:
    found = checked(tmp_path, login, **secrets)
    assert len(found) == 1
    assert found[0].startswith(fault)


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        ({"auth": "oauth"}, credentials.ClientCredentials),
        ({"auth": "basic"}, credentials.Basic),
        ({"auth": "refresh_token"}, credentials.Refreshing),
        ({"auth": "jwt"}, credentials.JwtBearer),
        ({"auth": "certificate"}, credentials.Certified),
    ],
)
def test_each_login_has_its_credentials(login: dict[str, str], kind: type) -> None:
    wanted = credentials.Wanted(
        **login,
        user="fileferry",
        secret="a",
        refresh_token="b",
        subject="fileferry",
        private_key="c",
        key_id=None,
    )
    key = pem()
    assert type(credentials.credentials_of(wanted, lambda _: key)) is kind


def test_a_key_of_another_kind_is_refused_when_it_is_loaded() -> None:
    """The check of the configuration loads no library, and takes it for a key."""
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
    client = credentials.ClientCredentials(client_id="i", client_secret="s")
    with pytest.raises(Exception, match="RSA"):
        credentials.JwtBearer(client, "fileferry", text)
