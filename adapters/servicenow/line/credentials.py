"""Who FileFerry is to ServiceNow: a user, an OAuth client, or the holder of a certificate."""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json import dumps
from time import time
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from transfer.errors import Code, Permanent

_LIFE = 300
"""Seconds for which an assertion is good; the clocks may differ by less than that."""
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """User and password; instances are switching this off (servicenow.md 6.1)."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """The client certificate of the TLS connection says it all: no header is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """A client of the instance's OAuth server."""

    client_id: str
    client_secret: str = field(repr=False)

    def form(self, grant_type: str, **more: str) -> dict[str, str]:
        return {
            "grant_type": grant_type,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **more,
        }


class Grant(Protocol):
    """A way to a token."""

    def request(self) -> dict[str, str]:
        """The form for `/oauth_token.do`."""

    def learn(self, answer: Mapping[str, Any]) -> None:
        """What the answer that held the token says for the next request."""


class ClientCredentials(OAuthClient):
    """RFC 6749, 4.4."""

    def request(self) -> dict[str, str]:
        return self.form("client_credentials")

    def learn(self, answer: Mapping[str, Any]) -> None:
        """Nothing: there is no refresh token."""


class Refreshing:
    """RFC 6749, 6. An instance that hands out another refresh token is believed at once."""

    def __init__(self, client: OAuthClient, refresh_token: str) -> None:
        self._client = client
        self._token = refresh_token

    def request(self) -> dict[str, str]:
        return self._client.form("refresh_token", refresh_token=self._token)

    def learn(self, answer: Mapping[str, Any]) -> None:
        token = answer.get("refresh_token")
        if isinstance(token, str) and token:
            self._token = token


class JwtBearer:
    """RFC 7523, 2.1: an assertion signed with our key (RS256), another one for each request.

    `subject` is the user name that the token is for, `key_id` the `kid` of the header. Raises
    Permanent `config.invalid` when `private_key` is no RSA key in PEM form.
    """

    def __init__(
        self, client: OAuthClient, subject: str, private_key: str, key_id: str | None = None
    ) -> None:
        self._client = client
        self._subject = subject
        self._key = _rsa_key(private_key)
        self._header = {"alg": "RS256", "typ": "JWT"} | ({"kid": key_id} if key_id else {})

    def request(self) -> dict[str, str]:
        return self._client.form(_JWT_GRANT, assertion=self._assertion(int(time())))

    def learn(self, answer: Mapping[str, Any]) -> None:
        """Nothing: a fresh assertion is as good as a refresh token."""

    def _assertion(self, now: int) -> str:
        claims = {
            "iss": self._client.client_id,
            "aud": self._client.client_id,
            "sub": self._subject,
            "iat": now,
            "exp": now + _LIFE,
            "jti": uuid.uuid4().hex,
        }
        signed = ".".join(_encoded(dumps(part).encode()) for part in (self._header, claims))
        return f"{signed}.{_encoded(self._key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _rsa_key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Permanent(
            Code.CONFIG_INVALID,
            "The secret that servicenow.jwt.private_key names is not an RSA private key in PEM "
            "form, without a passphrase.",
        )
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A login as the settings have it: `secret`, `refresh_token`, `private_key` name secrets."""

    auth: str
    user: str
    secret: str
    refresh_token: str | None
    subject: str | None
    private_key: str | None
    key_id: str | None


def credentials_of(wanted: Wanted, secrets: Callable[[str], str]) -> Credentials:
    """Raises Permanent `config.invalid`, and what `secrets` raises."""
    if wanted.auth == "certificate":
        return Certified()
    secret = secrets(wanted.secret)
    if wanted.auth == "basic":
        return Basic(user=wanted.user, password=secret)
    client = ClientCredentials(client_id=wanted.user, client_secret=secret)
    if wanted.auth == "refresh_token":
        return Refreshing(client, secrets(wanted.refresh_token or ""))
    if wanted.auth == "jwt":
        key = secrets(wanted.private_key or "")
        return JwtBearer(client, wanted.subject or "", key, wanted.key_id)
    return client


Credentials = Basic | Certified | ClientCredentials | Refreshing | JwtBearer
