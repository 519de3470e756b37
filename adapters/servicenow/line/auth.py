"""Logging in: the Authorization header of each call, and what is done when it is refused."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlencode

from adapters.servicenow.line.answers import Answer, Call, result
from adapters.servicenow.line.credentials import Basic, Certified, Credentials, Grant
from transfer.errors import Code, Permanent

PAUSE = 30.0
"""Seconds without a further try after a login was refused: many tries lock an account."""
FRESH = 10.0
"""Seconds after a call that was logged in for which all threads show the same login at once."""
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


def login_of(credentials: Credentials, line: Line, lockout: Lockout) -> Login:
    if isinstance(credentials, Basic):
        plain = f"{credentials.user}:{credentials.password}".encode()
        return FixedLogin("Basic " + base64.b64encode(plain).decode())
    if isinstance(credentials, Certified):
        return FixedLogin("")
    return TokenLogin(credentials, line, lockout)


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
        self,
        grant: Grant,
        line: Line,
        lockout: Lockout,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grant = grant
        self._line = line
        self._lockout = lockout
        self._clock = clock
        self._lock = threading.Lock()
        self._header = ""
        self._until = 0.0

    def header(self) -> str:
        with self._lock:
            if not self._header or self._clock() >= self._until:
                # Those who waited here meanwhile must not show what was refused once more.
                with self._lockout.heeding():
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
    """Nobody knocks for a while after a login was refused, whichever thread met it. And one thread
    knocks for all where no call was logged in lately: many refusals of one moment lock an account.
    """

    def __init__(self, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._refusal: Permanent | None = None
        self._until = 0.0
        self._good_until = 0.0
        self._change = threading.Condition()
        self._knocks = 0
        self._knocking = False

    @contextmanager
    def knocking(self) -> Iterator[Callable[[], None]]:
        """Around a call; what it yields is to be called once the login has shown to be good.

        Who comes while another one knocks waits for that call, and goes on by itself when it has
        shown nothing. Raises as `heeding`.
        """
        first = self._is_first()
        try:
            with self.heeding():
                yield self._is_good
        finally:
            if first:
                with self._change:
                    self._knocking = False
                    self._change.notify_all()

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """Raises the refusal again as long as it is fresh, and keeps one that is met."""
        wait = self._until - self._clock()
        if self._refusal is not None and wait > 0:
            old = self._refusal
            raise Permanent(old.code, old.message, action=old.action, retry_after=wait)
        try:
            yield
        except Permanent as error:
            # One that is told again has a time to wait, and is not a new one.
            if error.code is Code.SERVICENOW_AUTH and error.retry_after is None:
                self._refusal, self._until = error, self._clock() + self._pause
                self._good_until = 0.0
            raise

    def _is_first(self) -> bool:
        with self._change:
            if self._clock() < self._good_until:
                return False
            if self._knocking:
                mine = self._knocks
                self._change.wait_for(lambda: not self._knocking or self._knocks != mine)
                return False
            self._knocks += 1
            self._knocking = True
            return True

    def _is_good(self) -> None:
        self._good_until = self._clock() + FRESH


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
