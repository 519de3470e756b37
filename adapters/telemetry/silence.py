"""Nobody takes what is told: said once when it begins, and once when it is over."""

from __future__ import annotations

from typing import Any

import structlog

log = structlog.get_logger()


class Silence:
    """`what` is told: `metrics` or `traces`. Each answer is noted; only a change is in the log."""

    def __init__(self, what: str) -> None:
        self._begins, self._ends = f"{what} not told", f"{what} told again"
        self._silent = False

    def heard(self) -> None:
        if self._silent:
            log.info(self._ends)
        self._silent = False

    def unheard(self, **why: Any) -> None:
        if not self._silent:
            log.warning(self._begins, **why)
        self._silent = True
