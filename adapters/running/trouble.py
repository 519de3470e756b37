"""Says once that something outside is in trouble, and once that it is well again."""

from __future__ import annotations

import threading

import structlog

from transfer.errors import FerryError

log = structlog.get_logger()


class Trouble:
    """`what` is the work that is in trouble, e.g. `poll`. For all threads."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._code: str | None = None
        self._times = 0

    @property
    def times(self) -> int:
        """Failures in a row."""
        return self._times

    def say(self, error: FerryError, **context: str) -> None:
        """A warning when the trouble is new or another than before; silence while it lasts."""
        with self._lock:
            self._times += 1
            if error.code == self._code:
                return
            self._code = error.code
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
            failures, code = self._times, self._code
            self._code, self._times = None, 0
        if code is not None:
            log.info("trouble over", at=self._what, failures=failures, code=code)
