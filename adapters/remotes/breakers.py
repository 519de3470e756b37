"""The breaker of each login, kept with all doors: asked before a login, and told how it ended."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import pbkdf2_hmac, sha256
from itertools import count
from typing import Any, TypeVar

from adapters.log import Log
from adapters.remotes.dial import name_of
from transfer.books import Limits
from transfer.breaker import PATIENCE, Breaker, Leave, Login, Page, look, resumed
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Waiting
from transfer.limits import Edit, Result

Made = TypeVar("Made")
ROUNDS = 100_000
MARK = 2
"""Bytes of a mark. Who reads the ledger and guesses learns no more than these 16 bits, slowly; one
new credential of 65,536 looks like the refused one, and waits for an operator's word.
"""
SOON, LATER = 2.0, 60.0
"""Seconds until somebody who waits asks again: for another's try, and for a rest at most."""
SPARE = 4
"""Times `connect_timeout` after which a try that nobody heard of is thought dead."""

OF_PARTNERS = ("auth.", "certificate.", "hostkey.", "remote.")
"""Codes that a try to reach a partner ends with; others are of our own side."""

log = Log()


@dataclass(frozen=True, slots=True)
class Found:
    """What a page says at the time `now`."""

    leave: Leave
    breaker: Breaker
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why a destination is left alone: it rests until `until` after so many `failures`, or its
    credential was refused, and only a person can change that.
    """

    code: str
    reason: str
    since: datetime
    failures: int = 0
    until: datetime | None = None


class Breakers:
    """For all threads of the process; `holder` names it among all that share the `limits`.

    `careful`: the first login with a credential is made while nobody else makes one, so that one
    alone finds out that it is refused.
    """

    def __init__(self, limits: Limits, holder: str, *, careful: bool) -> None:
        self._limits = limits
        self._holder = holder
        self._careful = careful
        self._salt = os.urandom(16).hex()
        self._lock = threading.Lock()
        self._paying = threading.Lock()
        self._tries = count(1)
        self._let_in: set[tuple[str, str]] = set()
        self._marks: dict[tuple[str, str], str] = {}
        self._owed: list[tuple[str, Edit[Any]]] = []

    def guard(
        self, destination: Destination, shown: Sequence[str], connect: Callable[[], Made]
    ) -> Made:
        """What `connect` returns or raises, and then everybody knows; `shown` are secrets.

        Raises Waiting `destination.resting`, Permanent `auth.refused` or what the partner's error
        was, without a try; and `ledger.*`.
        """
        name, mine = page_of(destination), (page_of(destination), self._local(destination, shown))
        login = Login(
            destination=destination,
            me=f"{self._holder}#{next(self._tries)}",
            mark=partial(self._mark, destination, shown),
            first=self._careful and mine not in self._let_in,
            lease=SPARE * destination.connect_timeout,
        )
        found = self._asked(name, login)
        if found.leave not in {Leave.GO, Leave.TRY}:
            raise kept_back(found, destination, login.mark)
        try:
            made = connect()
        except BaseException as error:
            self._let_in.discard(mine)
            if kept := self._ended(error, name, login):
                raise kept from error
            raise
        self._let_in.add(mine)
        if found.leave is Leave.TRY or found.breaker.failures:
            self._tell(name, login.let_in)
        return made

    def look(self, destination: Destination, shown: Sequence[str]) -> Held | None:
        """How it stands now; None where nothing is held back. Raises `ledger.*`."""
        seen = self._limits.change(page_of(destination), look)
        if refusal := seen.refusal(partial(self._mark, destination, shown)):
            since = datetime.fromtimestamp(refusal.at, UTC)
            return Held(code=Code.AUTH_REFUSED, reason=refusal.said, since=since)
        if not seen.rests(destination):
            return None
        return Held(
            code=seen.code,
            reason=seen.said,
            since=datetime.fromtimestamp(seen.since, UTC),
            failures=seen.failures,
            until=datetime.fromtimestamp(seen.until, UTC),
        )

    def resume(self, destination: Destination) -> bool:
        """All may be tried again. False when nothing was held back. Raises `ledger.*`."""
        name = page_of(destination)
        with self._paying, self._lock:
            self._owed = [each for each in self._owed if each[0] != name]
        return self._limits.change(name, resumed)

    def _asked(self, name: str, login: Login) -> Found:
        self._pay()

        def ask(page: Page, now: float) -> tuple[Found, Page]:
            (leave, breaker), changed = login.asked(page, now)
            return Found(leave, breaker, now), changed

        return self._limits.change(name, ask)

    def _ended(self, error: BaseException, name: str, login: Login) -> FerryError | None:
        """What is raised instead of the error, once it is told: it rests from now on."""
        if not isinstance(error, FerryError) or not error.code.startswith(OF_PARTNERS):
            self._tell(name, login.given_up)
        elif error.code is Code.AUTH_REFUSED:
            self._tell(name, partial(login.refused, error, os.urandom(8).hex()))
        elif error.permanent:
            self._tell(name, login.let_in)
        else:
            return self._failed(error, name, login)
        return None

    def _failed(self, error: FerryError, name: str, login: Login) -> FerryError | None:
        def fail(page: Page, now: float) -> tuple[Found, Page]:
            breaker, changed = login.failed(error, page, now)
            return Found(Leave.WAIT, breaker, now), changed

        found = self._tell(name, fail)
        destination = login.destination
        if found is None or not found.breaker.rests(destination):
            return None
        rest = found.breaker.until - found.now
        log.warning("destination rests", destination=destination.name, seconds=round(rest))
        return kept_back(found, destination, login.mark)

    def _tell(self, name: str, change: Edit[Result]) -> Result | None:
        """What nobody can be told now is told before the next try."""
        try:
            return self._limits.change(name, change)
        except FerryError as error:
            log.warning("breaker not told", code=error.code)
            with self._lock:
                self._owed.append((name, change))
        return None

    def _pay(self) -> None:
        """Raises `ledger.*`: nobody may try before what is known is known to all; who comes
        meanwhile waits.
        """
        if not self._owed:
            return
        with self._paying:
            while self._owed:
                self._limits.change(*self._owed[0])
                with self._lock:
                    # Only now: until then nobody may pass for want of a debt.
                    del self._owed[0]

    def _local(self, destination: Destination, shown: Sequence[str]) -> str:
        """Tells credentials apart in this process, and is never written."""
        return sha256(f"{self._salt}\0{_material(destination, shown)}".encode()).hexdigest()

    def _mark(self, destination: Destination, shown: Sequence[str], salt: str) -> str:
        """Slow for who guesses, and short: two of 65,536 look the same."""
        key = salt, self._local(destination, shown)
        if key not in self._marks:
            made = pbkdf2_hmac(
                "sha256", _material(destination, shown).encode(), salt.encode(), ROUNDS, MARK
            )
            self._marks[key] = made.hex()
        return self._marks[key]


def page_of(destination: Destination) -> str:
    """The name of its page: destinations that share a login share what is known of it."""
    # DNS does not tell A from a, nor a name from the same with a dot behind.
    host = destination.host.lower().rstrip(".")
    return f"login {destination.username}@{host}:{destination.port}"


def kept_back(found: Found, destination: Destination, mark: Callable[[str], str]) -> FerryError:
    """Why no login is tried now."""
    seen, name = found.breaker, name_of(destination)
    if found.leave is Leave.REFUSED and (refusal := seen.refusal(mark)):
        return Permanent(
            Code.AUTH_REFUSED,
            f"{refusal.said} That was at {_time(refusal.at)}, and is not tried again until the "
            f"secret or the login of {destination.name} is another one, or an operator says "
            f"`fileferry resume {destination.name}`.",
        )
    if not seen.rests(destination) or seen.until <= found.now:
        words = f"Another door tries the login at {name} first."
        return Waiting(Code.DESTINATION_RESTING, words, retry_after=SOON)
    why = f"{seen.failures} connections in a row have failed since {_time(seen.since)}"
    words = f"{seen.said} {why}; it is tried again at {_time(seen.until)}."
    if found.now - seen.since > PATIENCE:
        return Permanent(_code(seen.code), words)
    left = seen.until - found.now
    return Waiting(Code.DESTINATION_RESTING, words, retry_after=max(1.0, min(LATER, left)))


def _code(text: str) -> Code:
    """A later FileFerry that shares the ledger may have codes that are not known here."""
    return Code(text) if text in Code.__members__.values() else Code.REMOTE_UNREACHABLE


def _material(destination: Destination, shown: Sequence[str]) -> str:
    """What a login is made of, the same for one page and its twins."""
    it = destination
    parts = (it.protocol, page_of(it), sorted(it.algorithms), it.tls)
    # Not their names: the same word under another name is the same word to the partner.
    kinds = [bool(name) for name in (it.password, it.private_key, it.passphrase, it.certificate)]
    return repr((parts, kinds, list(shown)))


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
