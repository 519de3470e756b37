"""Who FileFerry is to ServiceNow: an OAuth client (the first choice), or a user and a password."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from adapters.servicenow.answers import Answer, Call, result
from adapters.servicenow.wire import Wire
from transfer.errors import Code, Permanent

_EARLY = 10.0
"""Seconds before its end at which a token is no longer used."""
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """User and password; instances are switching this off (servicenow.md 6.1)."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749, 4.4) at `/oauth_token.do`."""

    client_id: str
    client_secret: str = field(repr=False)


class Login(Protocol):
    """Makes the Authorization header."""

    def header(self) -> str:
        """Raises FerryError when no token can be had."""

    def refused(self, header: str) -> bool:
        """The instance answered 401 to `header`; True when another header may help."""


class BasicLogin:
    def __init__(self, credentials: Basic) -> None:
        plain = f"{credentials.user}:{credentials.password}".encode()
        self._header = "Basic " + base64.b64encode(plain).decode()

    def header(self) -> str:
        return self._header

    def refused(self, header: str) -> bool:
        del header
        return False


class TokenLogin:
    """A token shared by all threads; one of them fetches it while the others wait."""

    def __init__(
        self,
        credentials: ClientCredentials,
        wire: Wire,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = credentials
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._header = ""
        self._until = 0.0

    def header(self) -> str:
        with self._lock:
            if not self._header or self._clock() >= self._until:
                self._header, self._until = self._fetch()
            return self._header

    def refused(self, header: str) -> bool:
        with self._lock:
            # Another thread may have fetched a newer token since `header` was sent.
            if self._header == header:
                self._header = ""
            return True

    def _fetch(self) -> tuple[str, float]:
        asked_at = self._clock()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        call = Call(host=self._wire.host, method="POST", table="oauth_token.do")
        headers = {"Accept": "application/json", "Content-Type": _FORM}
        answer = self._wire.send(
            call, "/oauth_token.do", headers=headers, body=urlencode(form).encode()
        )
        token, seconds = _token(call, answer)
        # A repeated request returns the same live token with what is left of its time: one that is
        # nearly over is used to its end, or it would be fetched anew for every call.
        early = _EARLY if seconds > _EARLY else 0.0
        return f"Bearer {token}", asked_at + seconds - early


def _token(call: Call, answer: Answer) -> tuple[str, float]:
    parsed = answer.parsed()
    if answer.status in (400, 401, 403) and isinstance(parsed, dict):
        raise Permanent(
            Code.SERVICENOW_AUTH,
            f"ServiceNow {call.host} refused to give a token with {answer.status}.",
            action="Check client id, client secret and that client credentials are allowed.",
        )
    if answer.status != call.expected or not isinstance(parsed, dict):
        result(call, answer)
    token, seconds = parsed.get("access_token"), parsed.get("expires_in")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise Permanent(Code.SERVICENOW_AUTH, f"ServiceNow {call.host} answered without a token.")
    return token, float(seconds) if isinstance(seconds, int | float) else 0.0
