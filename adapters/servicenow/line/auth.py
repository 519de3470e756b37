"""Logging in: the Authorization header of each call, and what is done when it is refused."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from adapters.servicenow.line.answers import Answer, Call, result
from adapters.servicenow.line.credentials import Basic, Certified, Credentials, Grant
from transfer.errors import Code, Permanent

PAUSE = 30.0
"""Seconds without a further try after a login was refused: many tries lock an account."""
_EARLY = 10.0
"""Seconds before its end at which a token is no longer used."""
_FORM = "application/x-www-form-urlencoded"


class Line(Protocol):
    """Sends what a login needs; what a Wire is, or one that counts."""

    @property
    def host(self) -> str: ...

    def send(
        self, call: Call, path: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer: ...


class Login(Protocol):
    """Makes the Authorization header."""

    def header(self) -> str:
        """Empty for none. Raises FerryError when no token can be had."""

    def refused(self, header: str) -> bool:
        """The instance answered 401 to `header`; True when another header may help."""


def login_of(credentials: Credentials, line: Line) -> Login:
    if isinstance(credentials, Basic):
        plain = f"{credentials.user}:{credentials.password}".encode()
        return FixedLogin("Basic " + base64.b64encode(plain).decode())
    return FixedLogin("") if isinstance(credentials, Certified) else TokenLogin(credentials, line)


class FixedLogin:
    """The same header for ever."""

    def __init__(self, header: str) -> None:
        self._header = header

    def header(self) -> str:
        return self._header

    def refused(self, header: str) -> bool:
        del header
        return False


class TokenLogin:
    """A token shared by all threads; one of them fetches it while the others wait.

    It is never revoked: a repeated request returns the same live token to whoever else uses this
    client, and revoking would end theirs too (servicenow.md 6.2).
    """

    def __init__(
        self, grant: Grant, line: Line, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._grant = grant
        self._line = line
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
        call = Call(host=self._line.host, method="POST", table="oauth_token.do")
        headers = {"Accept": "application/json", "Content-Type": _FORM}
        form = urlencode(self._grant.request()).encode()
        answer = self._line.send(call, "/oauth_token.do", headers=headers, body=form)
        parsed = _granted(call, answer)
        self._grant.learn(parsed)
        seconds = _seconds(parsed)
        # A repeated request returns the same live token with what is left of its time: one that is
        # nearly over is used to its end, or it would be fetched anew for every call.
        early = _EARLY if seconds > _EARLY else 0.0
        return f"Bearer {parsed['access_token']}", asked_at + seconds - early


class Lockout:
    """Nobody knocks for a while after a login was refused, whichever thread met it."""

    def __init__(self, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._refusal: Permanent | None = None
        self._until = 0.0

    def insist(self) -> None:
        """Raises the refusal again as long as it is fresh."""
        wait = self._until - self._clock()
        if self._refusal is not None and wait > 0:
            old = self._refusal
            raise Permanent(old.code, old.message, action=old.action, retry_after=wait)

    def met(self, error: Permanent) -> None:
        if error.code is Code.SERVICENOW_AUTH:
            self._refusal, self._until = error, self._clock() + self._pause


def _granted(call: Call, answer: Answer) -> dict[str, Any]:
    """The answer with a usable `access_token` in it."""
    parsed = answer.parsed()
    if answer.status in (400, 401, 403) and isinstance(parsed, dict):
        raise Permanent(
            Code.SERVICENOW_AUTH,
            f"ServiceNow {call.host} refused to give a token with {answer.status}.",
            action="Check client id, secrets, and that this grant is allowed; for JWT also the "
            "clock of the bastion.",
        )
    if answer.status != call.expected or not isinstance(parsed, dict):
        result(call, answer)
        raise _tokenless(call)
    token = parsed.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise _tokenless(call)
    return parsed


def _tokenless(call: Call) -> Permanent:
    return Permanent(Code.SERVICENOW_AUTH, f"ServiceNow {call.host} answered without a token.")


def _seconds(parsed: dict[str, Any]) -> float:
    """What is left of the token's life, as ServiceNow counts it."""
    seconds = parsed.get("expires_in")
    try:
        return float(seconds) if isinstance(seconds, int | float) else 0.0
    except OverflowError:
        return 0.0
