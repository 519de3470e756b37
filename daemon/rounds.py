"""The rounds of the daemon: each again and again, at its own pace, whatever befalls it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from daemon.alarm import LedgerAlarm, is_of_ledger
from transfer.errors import FerryError

log = structlog.get_logger()


class Rounds:
    """A scheduler whose jobs never end it, and never run twice at a time."""

    def __init__(self, alarm: LedgerAlarm) -> None:
        self._alarm = alarm
        # A round that is still running is not started twice, and missed runs are one run.
        self._scheduler = BackgroundScheduler(
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        )
        # Its warning at each skipped run would fill the log of a slow night.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def add(
        self, name: str, job: Callable[[], object], seconds: float, *, after: float = 0.0
    ) -> None:
        """Every so many seconds, for the first time `after` seconds from now."""
        self._scheduler.add_job(
            self._guarded(name, job),
            "interval",
            seconds=seconds,
            id=name,
            next_run_time=datetime.now(UTC) + timedelta(seconds=after),
        )

    def remove(self, name: str) -> None:
        self._scheduler.remove_job(name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self, *, wait: bool) -> None:
        self._scheduler.shutdown(wait=wait)

    def _guarded(self, name: str, job: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                job()
            except FerryError as error:
                if is_of_ledger(error):
                    self._alarm.met(error)
                else:
                    # Of ServiceNow: the poll asks the same instance, and says so once.
                    log.debug("round failed", round=name, code=error.code, reason=error.message)
            except Exception:
                log.exception("round failed by a fault of ours", round=name)

        return run
