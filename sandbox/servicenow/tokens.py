"""The tokens that an instance gives out: every refusal alike, the live token on repeat."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.servicenow.assertions import Assertions
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.seed import SEEDED

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True)
class Token:
    """`expires` is a reading of `time.monotonic`."""

    value: str
    user_name: str
    expires: float

    @property
    def left(self) -> int:
        """Whole seconds until it dies."""
        return int(self.expires - time.monotonic())

    @property
    def live(self) -> bool:
        return time.monotonic() < self.expires


class Tokens:
    """The access and refresh tokens that the instance has given out."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._lock = threading.Lock()
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, str] = {}
        self.assertions = Assertions()

    def grant(self, form: Mapping[str, str]) -> dict[str, object] | None:
        """The answer to a token request, None when it is refused."""
        client = form.get("client_id", ""), form.get("client_secret", "")
        if not _same(client, (SEEDED.client_id, SEEDED.client_secret)):
            return None
        kind = form.get("grant_type", "")
        user_name = self._user(kind, form)
        if user_name is None:
            return None
        token = self._token(user_name)
        answer: dict[str, object] = {
            "access_token": token.value,
            "scope": "useraccount",
            "token_type": "Bearer",
            "expires_in": token.left,
        }
        if kind not in {"client_credentials", _JWT_BEARER}:
            answer["refresh_token"] = self._refresh_token(user_name)
        return answer

    def _user(self, kind: str, form: Mapping[str, str]) -> str | None:
        if kind == "client_credentials":
            return SEEDED.user
        if kind == "password":
            name, password = form.get("username", ""), form.get("password", "")
            return name if knows(self._instance, name, password) else None
        if kind == "refresh_token":
            owners = {token: owner for owner, token in self._refresh.items()}
            return owners.get(form.get("refresh_token", ""))
        if kind == _JWT_BEARER:
            given = form.get("assertion", ""), form.get("client_id", "")
            subject = self.assertions.subject(*given)
            return subject if subject and self._instance.user(subject) else None
        return None

    def _token(self, user_name: str) -> Token:
        with self._lock:
            live = [t for t in self._access.values() if t.user_name == user_name and t.live]
            if live:
                return live[0]
            lifetime = self._instance.properties.token_lifetime
            token = Token(secrets.token_urlsafe(64), user_name, time.monotonic() + lifetime)
            self._access[token.value] = token
            return token

    def _refresh_token(self, user_name: str) -> str:
        with self._lock:
            return self._refresh.setdefault(user_name, secrets.token_urlsafe(64))

    def owner(self, value: str) -> str | None:
        """The user name behind a live token."""
        token = self._access.get(value)
        return token.user_name if token is not None and token.live else None

    def given(self) -> list[str]:
        """Every token that has not been taken back."""
        with self._lock:
            return [*self._access, *self._refresh.values()]

    def revoke(self, value: str) -> None:
        with self._lock:
            self._access.pop(value, None)

    def expire(self) -> None:
        """Every access token dies at once; refresh tokens live on."""
        with self._lock:
            self._access.clear()


def knows(instance: Instance, user_name: str, password: str) -> bool:
    """Whether this is a user's name and password, and he may log in."""
    user = instance.user(user_name)
    stored = instance.passwords.get(user_name)
    if user is None or stored is None or (user["active"], user["locked_out"]) != ("true", "false"):
        return False
    return _same((password,), (stored,))


def _same(given: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return hmac.compare_digest("\0".join(given).encode(), "\0".join(wanted).encode())
