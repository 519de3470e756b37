"""When a partner that cannot be reached is left alone, and when it is tried again.

    answers ── `rest_after` failures in a row ──▶ rests ── its time is over ──▶ one tries it
       ▲                                            ▲                             │      │
       └──────────────────── let in ────────────────┼─────────────────────────────┘      │
                                                    └── failed again: rests for longer ───┘
    a login is refused ──▶ that credential is shown no more, until an operator says so

A page of it is kept for each login (user, host and port), and all threads, processes and hosts read
and write that one. The times are those of the wall clock, as in limits.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import Enum, auto
from typing import Any

from transfer.destination import Destination
from transfer.errors import FerryError

Page = Mapping[str, Any]
"""As it stands in the ledger, in JSON; empty where there is nothing to say."""
LONGEST = 900.0
"""Seconds between two tries at most: so soon is it noticed that the partner is back."""
PATIENCE = 14_400.0
"""Seconds of failures after which transfers wait no longer, and fail with the partner's error."""
GAP = 3 * LONGEST
"""Seconds without a try after which the next failure is the first of an outage of its own."""
MOST = 8
"""Refused credentials of one login that are remembered, the latest."""


class Leave(Enum):
    """What may be done now."""

    GO = auto()
    TRY = auto()
    """Alone: all others wait for how it ends."""
    WAIT = auto()
    REFUSED = auto()
    """This credential was refused before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """`mark` tells the credential from others, and gives nothing away; `said` is the error's."""

    mark: str
    at: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """`failures` in a row from `since` to `latest`, the last one with `code` and `said`. It rests
    until `until`; `trier` alone tries it, and is thought dead after `tried_until`.
    """

    failures: int = 0
    since: float = 0.0
    latest: float = 0.0
    code: str = ""
    said: str = ""
    until: float = 0.0
    trier: str = ""
    tried_until: float = 0.0
    salt: str = ""
    refused: tuple[Refusal, ...] = field(default_factory=tuple)

    @classmethod
    def of(cls, page: Page) -> Breaker:
        """A later FileFerry may have written more: what is not known here is left out."""
        known = {each.name: page[each.name] for each in fields(cls) if each.name in page}
        refused = tuple(
            Refusal(mark=each["mark"], at=each["at"], said=each["said"])
            for each in page.get("refused", ())
        )
        return cls(**{**known, "refused": refused})

    def page(self) -> Page:
        nothing = asdict(Breaker())
        said = {name: value for name, value in asdict(self).items() if value != nothing[name]}
        return said | ({"refused": list(said["refused"])} if "refused" in said else {})

    def rests(self, destination: Destination) -> bool:
        return 0 < destination.rest_after <= self.failures

    def refusal(self, mark: Callable[[str], str]) -> Refusal | None:
        """Of the credential that `mark` marks, given the salt."""
        if not self.refused:
            return None
        mine = mark(self.salt)
        return next((each for each in self.refused if each.mark == mine), None)

    def free(self, me: str) -> Breaker:
        return replace(self, trier="", tried_until=0.0) if self.trier == me else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One try to log in, by `me`, a name that no other try has. `first`: nobody here was let in
    with it yet, and one at a time finds out. It is over within `lease` seconds.
    """

    destination: Destination
    me: str
    mark: Callable[[str], str]
    first: bool
    lease: float

    def asked(self, page: Page, now: float) -> tuple[tuple[Leave, Breaker], Page]:
        """May it begin?"""
        now_is = _as_of(Breaker.of(page), now, self.lease)
        if now_is.refusal(self.mark):
            return (Leave.REFUSED, now_is), page
        rests = now_is.rests(self.destination)
        if not rests and not self.first:
            return (Leave.GO, now_is), page
        taken = now_is.trier not in {"", self.me} and now_is.tried_until > now
        if taken or (rests and now_is.until > now):
            return (Leave.WAIT, now_is), page
        trying = replace(now_is, trier=self.me, tried_until=now + self.lease)
        return (Leave.TRY, trying), trying.page()

    def let_in(self, page: Page, _now: float) -> tuple[Breaker, Page]:
        """All is well; what was refused stays refused."""
        before = Breaker.of(page)
        well = Breaker(
            salt=before.salt,
            refused=before.refused,
            trier=before.free(self.me).trier,
            tried_until=before.free(self.me).tried_until,
        )
        return well, well.page()

    def failed(self, error: FerryError, page: Page, now: float) -> tuple[Breaker, Page]:
        """Nobody was reached. Those that began before it rested make the rest no longer."""
        before = _as_of(Breaker.of(page), now, self.lease)
        mine = before.trier == self.me
        worse = replace(
            before.free(self.me),
            failures=before.failures + (mine or not before.rests(self.destination)),
            since=before.since if before.since and now - before.latest <= GAP else now,
            latest=now,
            code=str(error.code),
            said=error.message,
        )
        if worse.rests(self.destination) and (mine or before.until <= now):
            worse = replace(worse, until=now + rest_of(self.destination, worse.failures))
        return worse, worse.page()

    def refused(self, error: FerryError, salt: str, page: Page, now: float) -> tuple[Breaker, Page]:
        """It was reached, and has said no to this credential; `salt` is for the first of them."""
        before, _ = self.let_in(page, now)
        salt = before.salt or salt
        new = Refusal(mark=self.mark(salt), at=now, said=error.message)
        others = [each for each in before.refused if each.mark != new.mark]
        closed = replace(before, salt=salt, refused=(*others, new)[-MOST:])
        return closed, closed.page()

    def given_up(self, page: Page, _now: float) -> tuple[Breaker, Page]:
        """It did not come to the partner: another one may try."""
        freed = Breaker.of(page).free(self.me)
        return freed, freed.page()


def rest_of(destination: Destination, failures: int) -> float:
    """Seconds: twice as long after each failure more."""
    return min(LONGEST, destination.rest * 2.0 ** min(failures - destination.rest_after, 20))


def resumed(page: Page, _now: float) -> tuple[bool, Page]:
    """An operator says that all may be tried again; False when there was nothing to forget."""
    return bool(page), {}


def look(page: Page, now: float) -> tuple[Breaker, Page]:
    return _as_of(Breaker.of(page), now, LONGEST), page


def _as_of(breaker: Breaker, now: float, lease: float) -> Breaker:
    """What a clock that is ahead has written holds no longer than what ours would write."""
    return replace(
        breaker,
        since=min(breaker.since, now),
        latest=min(breaker.latest, now),
        until=min(breaker.until, now + LONGEST),
        tried_until=min(breaker.tried_until, now + lease),
    )
