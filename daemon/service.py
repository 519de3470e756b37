"""The service on the bastion: start, ready, work, drain, stop, as one ordered story."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import structlog

from adapters.running.alarm import LedgerAlarm
from adapters.running.gate import Gate
from adapters.running.heartbeat import Heartbeat
from adapters.running.retries import retrying
from adapters.running.sender import Sender
from adapters.running.traffic import Traffic
from adapters.running.trouble import Board
from adapters.systemd import Supervisor
from adapters.wiring import House
from config.door import digest
from config.settings import Settings
from daemon.carriers import InProcess
from daemon.control.orders import Orders
from daemon.control.places import pauses_of, socket_of
from daemon.control.server import Server
from daemon.doors import doors
from daemon.hints import Hints
from daemon.intake import Intake, Poll
from daemon.outlook import Outlook
from daemon.pulse import Pulse
from daemon.readiness import Readiness
from daemon.reload import Reload, apply
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
DISK_EVERY = 60.0
LIMITS_EVERY = 30.0
PULSE_EVERY = 5.0
"""Seconds between two looks whether the instance is to hear of us: a change is told soon."""
CONTROL_EVERY = 5.0
"""Seconds between two looks whether somebody has removed the socket."""
HANGUP_EVERY = 0.5
"""Seconds between two looks whether SIGHUP has asked for a reload."""
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

    def __init__(  # noqa: PLR0913 what it is told from outside
        self,
        house: House,
        supervisor: Supervisor,
        stop: threading.Event,
        traffic: Traffic | None = None,
        *,
        hangup: threading.Event | None = None,
        path: Path | None = None,
    ) -> None:
        self._house = house
        self._supervisor = supervisor
        self._stop = stop
        self._hangup = hangup or threading.Event()
        self._beat = time.monotonic()
        self._ruin: FerryError | None = None
        self._traffic = traffic or Traffic(Board())
        self._board = self._traffic.board
        self._gate = Gate(pauses_of(house.settings))
        self._alarm = LedgerAlarm(self._give_up, self._board)
        lease = house.settings.ledger.lease
        self._heart = Heartbeat(house.books.ledger, lease, self._alarm)
        if house.places:
            self._heart.beside = house.places.renew
        self._carrier = self._built_carrier()
        self._sender = self._built_sender()
        self._outlook = Outlook(house, self._carrier, self._board, self._gate, self._traffic)
        self._pulse = Pulse(self._outlook, house.pulse) if house.pulse else None
        self._intake = self._built_intake()
        self._second = self._built_second_door()
        self._doors = self._built_doors()
        self._reload = Reload(path, house.settings, self._applied)
        self._control = self._built_control()
        self._rounds = self._scheduled()
        self.readiness = Readiness(supervisor, self._outlook, self._gate, self._poll, house.about)

    def run(self) -> None:
        """Until the stop event is set. Raises Permanent `ledger.unusable` when it may not go on."""
        self._heart.start()
        self._control.start()
        self._recover()
        self._rounds.start()
        for door in self._doors:
            door.start()
        self._outlook.look_over(self._alarm, self._stop)
        self._watch(lambda: self._stop.wait(self.readiness.pause()))
        if self._ruin is None:
            self._shut_down()
        else:
            self._leave(self._ruin)

    def _scheduled(self) -> Rounds:
        poll = self._house.settings.poll
        second = self._second
        inbox, authority = self._house.inbox, self._house.tools.authority
        watch = Watch(inbox, authority, self._watched, self._carrier.waiting)
        self._carrier.verdict = watch.verdict
        rounds = Rounds(self._alarm)
        self._poll = Poll(
            self._intake,
            poll.every,
            poll.max_backoff,
            self._alarm,
            board=self._board,
            gate=self._gate,
            over=self._stop.is_set,
        )
        rounds.add("poll", self._poll, poll.every)
        rounds.add("resume", self._intake.resume, min(poll.every, RESUME_EVERY))
        rounds.add("watch", watch.round, poll.every)
        if second:
            second.verdict = watch.verdict
            rounds.add("second door", second.round, poll.every)
        rounds.add("send", self._sender.round, SEND_EVERY)
        rounds.add("forget", self._forget, FORGET_EVERY, after=FORGET_AFTER)
        rounds.add("measure", self._measure, MEASURE_EVERY)
        rounds.add("beat", self._note_beat, BEAT_EVERY)
        rounds.add("limits", self._outlook.restraints.round, LIMITS_EVERY)
        rounds.add("disk", self._outlook.look_at_disk, DISK_EVERY)
        if self._pulse:
            rounds.add("pulse", self._pulse.round, PULSE_EVERY)
        rounds.add("hangup", self._hung_up, HANGUP_EVERY)
        rounds.add("control", self._control.renew, CONTROL_EVERY)
        for door in self._doors:
            rounds.add(door.name, door.beat, door.visibility / 3)
        return rounds

    def _built_carrier(self) -> InProcess:
        house, work = self._house, self._house.settings.transfers
        return InProcess(
            ledger=house.books.ledger,
            tools=house.tools,
            parallel=work.max_parallel,
            attempt=retrying(
                work.tries,
                work.retry_wait,
                house.halting.wait,
                work.deadline,
                witness=self._traffic,
            ),
            halting=house.halting,
            heart=self._heart,
            alarm=self._alarm,
            gate=self._gate,
        )

    def _built_sender(self) -> Sender:
        house = self._house
        return Sender(
            outbox=house.books.outbox,
            archive=house.books.archive,
            desk=house.desk,
            stop=threading.Event(),
            alarm=self._alarm,
            lease=house.settings.ledger.lease,
            short=house.short,
            convoy=house.convoy,
            workers=SENDERS,
            tracer=house.tools.tracer,
            board=self._board,
        )

    def _built_doors(self) -> list[Hints]:
        ended = self._second.ended if self._second else None
        found = doors(
            self._house,
            self._intake,
            self._carrier,
            self._stop,
            self._alarm,
            ended=ended,
            board=self._board,
            gate=self._gate,
        )
        return list(found)

    def _built_control(self) -> Server:
        orders = Orders(
            gate=self._gate,
            destinations=self._house.tools.destinations,
            status=self._outlook.document,
            reload=self.reload,
            wake=self._wake,
            release=self._release,
        )
        return Server(socket_of(self._house.settings), orders)

    def reload(self) -> tuple[list[str], list[str]]:
        """Read the configuration anew. Raises what Reload does; nothing is changed then."""
        if self._outlook.ready:
            self._supervisor.reloading()
        try:
            return self._reload()
        finally:
            if self._outlook.ready:
                self._supervisor.ready(self._outlook.line())

    def _applied(self, settings: Settings) -> None:
        tools = self._house.tools
        before = dict(tools.destinations)
        apply(settings, tools)
        for name, destination in before.items():
            if tools.destinations.get(name) != destination:
                self._board.forget(f"destination {name}")
                self._carrier.look_again(name)
        if self._second:
            self._second.door = digest(settings)

    def _wake(self) -> None:
        """What stands in the ledger and in ServiceNow is looked at now."""
        self._heart.hasten()
        for name in ("watch", "resume"):
            self._rounds.hasten(name)

    def _release(self, name: str) -> bool:
        """Raises `ledger.*`."""
        house = self._house
        if not house.register or not house.register.resume(house.tools.destinations[name]):
            return False
        self._board.forget(f"destination {name}")
        self._carrier.look_again(name)
        return True

    def _hung_up(self) -> None:
        if self._hangup.is_set():
            self._hangup.clear()
            # It has said in the log what is wrong, and goes on as before.
            with suppress(FerryError):
                self.reload()

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
            page=house.settings.servicenow.max_rows,
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
            trouble=self._board.trouble("second door"),
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
            held = len(self._outlook.restraints.unwell())
            house.tools.meter.standing(standing(house, held))

    def _note_beat(self) -> None:
        self._beat = time.monotonic()

    def _watch(self, over: Callable[[], bool]) -> None:
        """Tell systemd that all is well for as long as scheduler and heartbeat are seen to move."""
        while True:
            self.readiness.tell()
            moves = time.monotonic() - self._beat < DEAF_AFTER and self._heart.beats()
            if self._outlook.ready and moves:
                self._supervisor.watchdog()
            if over():
                return

    def _shut_down(self) -> None:
        """Stop taking → finish, or halt at the next chunk → last tickets → close."""
        house, seconds = self._house, self._house.settings.transfers.drain
        self._outlook.stopping = True
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
        if self._pulse:
            self._pulse.farewell()
        self._control.close()
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
        self._outlook.stopping = True
        self._control.close()
        self._supervisor.stopping()
        self._drain(RUIN_GRACE)
        self._carrier.close()
        self._rounds.stop(wait=False)
        self._heart.stop()
        raise ruin
