"""The rounds of the daemon: each again and again, at its own pace, whatever befalls it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from adapters.running.alarm import LedgerAlarm, is_of_ledger
from transfer.errors import FerryError

log = structlog.get_logger()


class _Unset(tzinfo):
    """The time zone of a clock that nobody sets: it was right once, and only counts on since.

    apscheduler asks for `datetime.now` in its time zone, of the wall clock. A wall clock that is
    set back by an hour would stop every round for an hour. No other time can be converted to it.
    """

    def __init__(self) -> None:
        self._ahead = datetime.now(UTC) - timedelta(seconds=time.monotonic())

    def fromutc(self, _: datetime) -> datetime:
        return (self._ahead + timedelta(seconds=time.monotonic())).replace(tzinfo=self)

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        return "unset"


class _Every(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """Counts on from the time before, and so in its time zone.

    A time in another zone would be converted to the scheduler's, whose only time is now: it would
    never wait.
    """

    def __init__(self, seconds: float) -> None:
        self._pace = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return (previous or now) + self._pace


class Rounds:
    """A scheduler whose jobs never end it, and never run twice at a time.

    It goes by the monotonic clock, whatever becomes of the wall clock.
    """

    def __init__(self, alarm: LedgerAlarm) -> None:
        self._alarm = alarm
        self._zone = _Unset()
        # A round that is still running is not started twice, and missed runs are one run.
        self._scheduler = BackgroundScheduler(
            timezone=self._zone,
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        # Its warning at each skipped run would fill the log of a slow night.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def add(
        self, name: str, job: Callable[[], object], seconds: float, *, after: float = 0.0
    ) -> None:
        """Every so many seconds, for the first time `after` seconds from now."""
        self._scheduler.add_job(
            self._guarded(name, job),
            _Every(seconds),
            id=name,
            next_run_time=datetime.now(self._zone) + timedelta(seconds=after),
        )

    def hasten(self, name: str) -> None:
        """Once more now, and at its pace from then on."""
        self._scheduler.modify_job(name, next_run_time=datetime.now(self._zone))

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
