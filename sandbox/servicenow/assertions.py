"""JWT bearer assertions (RFC 7523): checked as an instance checks them that knows the key."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256


class Assertions:
    """The keys whose assertions are believed, each under its `kid`, and those already used."""

    def __init__(self) -> None:
        self.keys: dict[str, RSAPublicKey] = {}
        self._used: set[str] = set()

    def subject(self, assertion: str, client_id: str) -> str | None:
        """The user name that it speaks for, None when it is not believed."""
        try:
            head, body, signature = assertion.split(".")
            header, claims = _decoded(head), _decoded(body)
            key = self.keys[header.get("kid", "")]
            key.verify(_bytes(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
            return self._believed(header, claims, client_id)
        except (ValueError, KeyError, InvalidSignature):
            return None

    def _believed(
        self, header: dict[str, Any], claims: dict[str, Any], client_id: str
    ) -> str | None:
        in_time = claims["iat"] - 60 <= time.time() < claims["exp"]
        ours = header["alg"] == "RS256" and claims["iss"] == claims["aud"] == client_id
        if not in_time or not ours or claims["jti"] in self._used:
            return None
        self._used.add(claims["jti"])
        return str(claims["sub"])


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _decoded(text: str) -> dict[str, Any]:
    decoded = json.loads(_bytes(text))
    if not isinstance(decoded, dict):
        raise ValueError(text)  # noqa: TRY004 a malformed assertion, whatever is wrong with it
    return decoded
