"""The service on the bastion: start, ready, work, drain, stop, as one ordered story."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from adapters.systemd import Supervisor
from adapters.wiring import House
from daemon.carriers import InProcess, retrying
from daemon.intake import Intake, Poll
from daemon.outbox import Sender

SEND_EVERY = 1.0
RENEW_EVERY = 15.0
"""Seconds between two heartbeats of the claims; a quarter of the lease."""
BEAT_EVERY = 1.0
DEAF_AFTER = 15.0
"""Seconds without a beat of the scheduler after which the watchdog is no longer fed."""
HALT_GRACE = 20.0
"""Seconds for the carriers to reach the end of a chunk once they were told to halt."""

log = structlog.get_logger()


class Service:
    """One run of the daemon over a built House."""

    def __init__(self, house: House, supervisor: Supervisor, stop: threading.Event) -> None:
        self._house = house
        self._supervisor = supervisor
        self._stop = stop
        self._beat = time.monotonic()
        work = house.settings.transfers
        self._carrier = InProcess(
            ledger=house.ledger,
            tools=house.tools,
            parallel=work.max_parallel,
            attempt=retrying(work.tries, work.retry_wait, house.halting.wait, work.deadline),
            halting=house.halting,
        )
        self._sender = Sender(house.outbox, house.desk, threading.Event())
        self._scheduler = self._scheduled()

    def run(self) -> None:
        """Until the stop event is set."""
        self._recover()
        self._scheduler.start()
        self._supervisor.ready("carrying files")
        log.info("ready", **self._house.about())
        self._watch(lambda: self._stop.wait(self._pause()))
        self._shut_down()

    def _scheduled(self) -> BackgroundScheduler:
        # A poll that is still running is not started twice, and missed runs are one run.
        scheduler = BackgroundScheduler(
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        )
        # Its warning at each skipped run would fill the log of a slow night.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        every: dict[str, tuple[Callable[[], object], float]] = {
            "poll": (self._poll(), self._house.settings.poll.every),
            "send": (self._sender.round, SEND_EVERY),
            "renew": (self._carrier.renew, RENEW_EVERY),
            "beat": (self._note_beat, BEAT_EVERY),
        }
        for name, (job, seconds) in every.items():
            scheduler.add_job(job, "interval", seconds=seconds, id=name, next_run_time=_now())
        return scheduler

    def _poll(self) -> Poll:
        house = self._house
        intake = Intake(
            inbox=house.inbox,
            ledger=house.ledger,
            archive=house.archive,
            outbox=house.outbox,
            rules=house.tools.rules,
            carrier=self._carrier,
            clock=house.tools.clock,
        )
        poll = house.settings.poll
        return Poll(intake, poll.every, poll.max_backoff)

    def _recover(self) -> None:
        """What an earlier run left unfinished goes on before anything new is taken."""
        left = self._house.archive.unfinished()
        if left:
            log.info("transfers resumed", count=len(left))
        for transfer_id in left:
            self._carrier.carry(transfer_id)

    def _note_beat(self) -> None:
        self._beat = time.monotonic()

    def _watch(self, over: Callable[[], bool]) -> None:
        """Tell systemd that all is well for as long as the scheduler is seen to move."""
        while True:
            if time.monotonic() - self._beat < DEAF_AFTER:
                self._supervisor.watchdog()
            if over():
                return

    def _pause(self) -> float:
        return min(self._supervisor.watchdog_interval or 5.0, 5.0)

    def _shut_down(self) -> None:
        """Stop taking → finish, or halt at the next chunk → last tickets → close."""
        house, seconds = self._house, self._house.settings.transfers.drain
        self._supervisor.stopping()
        log.info("stopping", drain_seconds=seconds)
        self._scheduler.remove_job("poll")
        self._drain(seconds)
        house.halting.set()
        self._drain(HALT_GRACE)
        self._carrier.close()
        self._scheduler.shutdown(wait=True)
        self._sender.round()
        log.info("stopped", unfinished=len(house.archive.unfinished()))

    def _drain(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._watch(lambda: self._carrier.drain(1.0) or time.monotonic() > until)


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set the event; a second one does no more than the first."""

    def handler(number: int, _frame: FrameType | None) -> None:
        log.info("signal", name=signal.Signals(number).name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _now() -> datetime:
    return datetime.now(UTC)
