"""Says once that something outside is in trouble, and once that it is well again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from transfer.errors import FerryError

FADES = timedelta(days=1)
"""After this time without a further failure nobody knows any more whether it is still so."""

log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A trouble that lasts: `what` fails with `code` since then, so many times in a row."""

    what: str
    code: str
    message: str
    action: str
    since: datetime
    latest: datetime
    failures: int


class Trouble:
    """`what` is the work that is in trouble, e.g. `poll`. For all threads."""

    def __init__(self, what: str, now: Callable[[], datetime] = _now) -> None:
        self._what = what
        self._now = now
        self._lock = threading.Lock()
        self._seen: Seen | None = None

    @property
    def times(self) -> int:
        """Failures in a row."""
        seen = self._seen
        return seen.failures if seen else 0

    @property
    def seen(self) -> Seen | None:
        """The trouble that lasts, None while all is well."""
        return self._seen

    def say(self, error: FerryError, **context: str) -> None:
        """A warning when the trouble is new or another than before; silence while it lasts."""
        with self._lock:
            before, now = self._seen, self._now()
            self._seen = Seen(
                what=self._what,
                code=error.code,
                message=error.message,
                action=error.action,
                since=before.since if before else now,
                latest=now,
                failures=(before.failures if before else 0) + 1,
            )
            if before and error.code == before.code:
                return
        log.warning(
            "trouble",
            at=self._what,
            code=error.code,
            reason=error.message,
            action=error.action,
            **context,
        )

    def over(self) -> None:
        """It worked."""
        with self._lock:
            before, self._seen = self._seen, None
        if before:
            log.info("trouble over", at=self._what, failures=before.failures, code=before.code)


class Board:
    """All troubles of one service, so that one look tells how it fares. For all threads."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._troubles: dict[str, Trouble] = {}

    def trouble(self, what: str) -> Trouble:
        """The one of that name, always the same."""
        with self._lock:
            return self._troubles.setdefault(what, Trouble(what, self._now))

    def forget(self, what: str) -> None:
        """It has changed so much that earlier failures say nothing of it."""
        self.trouble(what).over()

    def seen(self) -> list[Seen]:
        """What lasts, the oldest first."""
        with self._lock:
            found = [each.seen for each in self._troubles.values()]
        oldest = self._now() - FADES
        return sorted(
            (seen for seen in found if seen and seen.latest > oldest), key=lambda seen: seen.since
        )
