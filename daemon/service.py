"""The service on the bastion: start, ready, work, drain, stop, as one ordered story."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

import structlog

from adapters.running.alarm import LedgerAlarm
from adapters.running.heartbeat import Heartbeat
from adapters.running.retries import retrying
from adapters.running.sender import Sender
from adapters.systemd import Supervisor
from adapters.wiring import House
from config.door import digest
from daemon.carriers import InProcess
from daemon.doors import doors
from daemon.intake import Intake, Poll
from daemon.rounds import Rounds
from daemon.second_door import SecondDoor
from daemon.telemetry import standing
from daemon.watch import Watch
from transfer.errors import FerryError
from transfer.model import Transfer
from transfer.tools import NoMeter

SEND_EVERY = 1.0
SENDERS = 4
"""Tickets written at once: what an hour's outage has left is then written within minutes."""
BEAT_EVERY = 1.0
RESUME_EVERY = 10.0
"""Seconds between two looks at what the ledger has unfinished, ServiceNow or not; or the poll's."""
MEASURE_EVERY = 60.0
"""Seconds: CloudWatch keeps one value a minute."""
FORGET_EVERY = 86_400.0
FORGET_AFTER = 600.0
"""Seconds after a start: a service that is started again and again has other things to do."""
DEAF_AFTER = 15.0
"""Seconds without a beat of the scheduler after which the watchdog is no longer fed."""
HALT_GRACE = 20.0
"""Seconds for the carriers to reach the end of a chunk once they were told to halt."""
RUIN_GRACE = 5.0
"""The same, when the ledger cannot be used any more and nothing can be noted."""

log = structlog.get_logger()


class Service:
    """One run of the daemon over a built House."""

    def __init__(self, house: House, supervisor: Supervisor, stop: threading.Event) -> None:
        self._house = house
        self._supervisor = supervisor
        self._stop = stop
        self._beat = time.monotonic()
        self._ruin: FerryError | None = None
        self._alarm = LedgerAlarm(self._give_up)
        books, work, lease = house.books, house.settings.transfers, house.settings.ledger.lease
        self._heart = Heartbeat(books.ledger, lease, self._alarm)
        if house.places:
            self._heart.beside = house.places.renew
        self._carrier = InProcess(
            ledger=books.ledger,
            tools=house.tools,
            parallel=work.max_parallel,
            attempt=retrying(work.tries, work.retry_wait, house.halting.wait, work.deadline),
            halting=house.halting,
            heart=self._heart,
            alarm=self._alarm,
        )
        self._sender = Sender(
            outbox=books.outbox,
            archive=books.archive,
            desk=house.desk,
            stop=threading.Event(),
            alarm=self._alarm,
            lease=lease,
            short=house.short,
            workers=SENDERS,
            tracer=house.tools.tracer,
        )
        self._intake = self._built_intake()
        self._second = self._built_second_door()
        ended = self._second.ended if self._second else None
        self._doors = list(
            doors(house, self._intake, self._carrier, stop, self._alarm, ended=ended)
        )
        self._rounds = self._scheduled()

    def run(self) -> None:
        """Until the stop event is set. Raises Permanent `ledger.unusable` when it may not go on."""
        self._heart.start()
        self._recover()
        self._rounds.start()
        for door in self._doors:
            door.start()
        self._supervisor.ready("carrying files")
        log.info("ready", **self._house.about())
        self._watch(lambda: self._stop.wait(self._pause()))
        if self._ruin is None:
            self._shut_down()
        else:
            self._leave(self._ruin)

    def _scheduled(self) -> Rounds:
        poll = self._house.settings.poll
        second = self._second
        watch = Watch(self._house.inbox, self._house.tools.authority, self._watched)
        self._carrier.verdict = watch.verdict
        rounds = Rounds(self._alarm)
        rounds.add(
            "poll", Poll(self._intake, poll.every, poll.max_backoff, self._alarm), poll.every
        )
        rounds.add("resume", self._intake.resume, min(poll.every, RESUME_EVERY))
        rounds.add("watch", watch.round, poll.every)
        if second:
            second.verdict = watch.verdict
            rounds.add("second door", second.round, poll.every)
        rounds.add("send", self._sender.round, SEND_EVERY)
        rounds.add("forget", self._forget, FORGET_EVERY, after=FORGET_AFTER)
        rounds.add("measure", self._measure, MEASURE_EVERY)
        rounds.add("beat", self._note_beat, BEAT_EVERY)
        for door in self._doors:
            rounds.add(door.name, door.beat, door.visibility / 3)
        return rounds

    def _built_intake(self) -> Intake:
        house = self._house
        return Intake(
            inbox=house.inbox,
            ledger=house.books.ledger,
            archive=house.books.archive,
            outbox=house.books.outbox,
            rules=house.tools.rules,
            carrier=self._carrier,
            clock=house.tools.clock,
            tracer=house.tools.tracer,
        )

    def _built_second_door(self) -> SecondDoor | None:
        """Without one, what another host or an older configuration gave to AWS is taken back."""
        house = self._house
        if house.executions is None:
            self._carrier.elsewhere = lambda _: False
            return None
        second = SecondDoor(
            executions=house.executions,
            books=house.books,
            destinations=house.tools.destinations,
            door=digest(house.settings),
        )
        if house.places:
            second.crossings = house.places.crossings
        self._carrier.elsewhere = second.elsewhere
        self._carrier.second = second
        return second

    def _watched(self) -> list[Transfer]:
        there = self._second.watched() if self._second else []
        return [*self._carrier.watched(), *there]

    def _recover(self) -> None:
        """What an earlier run left unfinished goes on before anything new is taken."""
        left = self._house.books.archive.unfinished()
        if left:
            log.info("transfers resumed", count=len(left))
        self._carrier.carry(left)

    def _forget(self) -> None:
        kept = timedelta(days=self._house.settings.ledger.keep_days)
        forgotten = self._house.books.keeper.forget(self._house.tools.clock() - kept)
        if forgotten:
            log.info("transfers forgotten", count=forgotten, days=kept.days)

    def _measure(self) -> None:
        house = self._house
        if not isinstance(house.tools.meter, NoMeter):
            house.tools.meter.standing(standing(house))

    def _note_beat(self) -> None:
        self._beat = time.monotonic()

    def _watch(self, over: Callable[[], bool]) -> None:
        """Tell systemd that all is well for as long as scheduler and heartbeat are seen to move."""
        while True:
            if time.monotonic() - self._beat < DEAF_AFTER and self._heart.beats():
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
        for name in ("poll", "resume"):
            self._rounds.remove(name)
        self._drain(seconds)
        for door in self._doors:
            door.end()
        house.halting.set()
        self._drain(HALT_GRACE)
        self._carrier.close()
        self._rounds.stop(wait=True)
        self._heart.stop()
        self._sender.round()
        log.info("stopped", unfinished=len(house.books.archive.unfinished()))

    def _drain(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._watch(lambda: self._carrier.drain(1.0) or time.monotonic() > until)

    def _give_up(self, error: FerryError) -> None:
        """From whichever thread met it; the main thread does the rest."""
        self._ruin = error
        log.critical("ledger lost", code=error.code, reason=error.message)
        self._house.halting.set()
        self._stop.set()

    def _leave(self, ruin: FerryError) -> None:
        """Nothing more is written, here or to tickets: the ledger would not know of it."""
        self._supervisor.stopping()
        self._drain(RUIN_GRACE)
        self._carrier.close()
        self._rounds.stop(wait=False)
        self._heart.stop()
        raise ruin


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set the event; a second one does no more than the first."""

    def told(number: int) -> None:
        log.info("signal", name=signal.Signals(number).name)
        stop.set()

    def handler(number: int, _frame: FrameType | None) -> None:
        # Event.set and the log take locks that the code which is interrupted here may hold.
        _thread.start_new_thread(told, (number,))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)
