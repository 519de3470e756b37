"""How the service fares now: a document for `status`, and a line for systemd."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from threading import Event, Thread

import structlog

from adapters.running.alarm import LedgerAlarm
from adapters.running.gate import Gate
from adapters.running.traffic import Moving, Traffic
from adapters.running.trouble import Board, Seen
from adapters.wiring import House
from daemon.carriers import InProcess
from daemon.control.words import Words
from daemon.restraints import Restraints
from transfer.errors import Code, FerryError, Transient
from transfer.model import Transfer

MOST = 200
"""Transfers that are listed under way, and as many that wait; the rest is counted."""
LEAST_FREE = 256 * 1024 * 1024
"""Bytes on the disk of the ledger below which a person should know."""
STOPPED = "stopped"
"""The state of a service that was stopped on purpose, in its last word."""
NAMES = {"poll": "ServiceNow", "hints": "ServiceNow (hints)", "ecc": "ServiceNow (ECC queue)"}
"""What people call the work that is in trouble."""

log = structlog.get_logger()


class Outlook:
    """Reads what others keep; `ready` is set once the start is over."""

    def __init__(
        self, house: House, carrier: InProcess, board: Board, gate: Gate, traffic: Traffic
    ) -> None:
        self._house = house
        self.restraints = Restraints(house)
        self._carrier = carrier
        self.board = board
        self._gate = gate
        self._traffic = traffic
        self._began = datetime.now(UTC)
        self._free: int | None = None
        self.least_free = LEAST_FREE
        self.checked: bool | None = None
        """The whole ledger was looked over since the start; None where nobody does that."""
        self.ready = False
        self.stopping = False

    def document(self) -> Words:
        """No value of it is a secret: names, codes, sentences of errors, counts and times."""
        running = self._carrier.under_way()
        standing, unread = self._standing()
        taken = {head.id for head in running}
        waiting = [head for key, head in standing.items() if key not in taken]
        # As it stands now, where the ledger tells; the carrier has it as it was taken up.
        running = [standing.get(head.id, head) for head in running]
        self._traffic.keep(taken)
        held = self.restraints.rows()
        state = self.state()
        return {
            "state": state,
            "well": state == "well",
            "version": version("fileferry"),
            "process": os.getpid(),
            "since": _stamp(self._began),
            "troubles": [*map(_trouble, self.board.seen())],
            "running": [self._running(head) for head in running[:MOST]],
            "running_count": len(running),
            "waiting": [self._waits(head) for head in waiting[:MOST]],
            "waiting_count": len(waiting),
            "waiting_unknown": unread,
            "destinations": held,
            "paused": [pause.document() for pause in self._gate.pauses],
            "drained": self._gate.drained and self._gate.drained.document(),
            "servicenow_calls": {
                "made": self._house.calls_made(),
                "left": self._house.calls_left(),
            },
            "disk_free": self._free,
            "ledger_checked": self.checked,
        }

    def state(self) -> str:
        """starting, well, troubled or stopping."""
        if self.stopping:
            return "stopping"
        if not self.ready:
            return "starting"
        return "troubled" if self.board.seen() or self.restraints.unwell() else "well"

    def health(self) -> tuple[str, str]:
        """The state, and the code of the trouble that lasts longest, if there is any."""
        seen = self.board.seen()
        return self.state(), seen[0].code if seen else ""

    def vitals(self) -> dict[str, str]:
        """What the heartbeat says, beside who says it and when. No value of it is a secret."""
        (state, code), seen = self.health(), self.board.seen()
        taken = {head.id for head in self._carrier.under_way()}
        standing, unread = self._standing()
        more = [f"{seen[0].message} {seen[0].action}"] if seen else []
        return {
            "health": state,
            "sentence": ". ".join([self.line(), *more]),
            "code": code,
            "since": f"{self._began:%Y-%m-%d %H:%M:%S}",
            "running": str(len(taken)),
            "waiting": "" if unread else str(len(standing.keys() - taken)),
        }

    def line(self) -> str:
        """For `systemctl status`; the same as long as nothing changes that a person acts on."""
        troubles = [
            f"{name_of(seen)} {seen.code} since {seen.since:%m-%d %H:%M} UTC"
            for seen in self.board.seen()
        ]
        known = {seen.what for seen in self.board.seen()}
        troubles += [
            f"destination {row['destination']} {row['code']} since {_minute(row['since'])} UTC"
            for row in self.restraints.unwell()
            if f"destination {row['destination']}" not in known
        ]
        held = [f"{pause.destination or 'all'} paused" for pause in self._gate.pauses]
        held += ["drained"] if self._gate.drained else []
        running = len(self._carrier.under_way())
        words = {"starting": "waits for ServiceNow's login"}.get(self.state(), self.state())
        return "; ".join([f"{words}, {running} under way", *held, *troubles])

    def look_at_disk(self) -> None:
        """How much room the ledger has."""
        part = self._house.settings.ledger
        if part.kind != "sqlite":
            return
        trouble = self.board.trouble("disk")
        try:
            self._free = shutil.disk_usage(part.path.absolute().parent).free
        except OSError as error:
            trouble.say(Transient(Code.LEDGER_FULL, f"The ledger's disk: {error.strerror}."))
            return
        if self._free < self.least_free:
            megabytes = self._free // 1_000_000
            words = f"Only {megabytes} MB are free on the disk of the ledger {part.path}."
            trouble.say(Transient(Code.LEDGER_FULL, words))
        else:
            trouble.over()

    def look_over(self, alarm: LedgerAlarm, stop: Event) -> None:
        """What the start has left out of the ledger, in a thread of its own. Returns at once."""
        look = self._house.books.look_over
        if look is None:
            return

        def run() -> None:
            began = time.monotonic()
            try:
                look(stop.is_set)
            except FerryError as error:
                alarm.met(error)
                return
            self.checked = True
            log.info("ledger looked over", seconds=round(time.monotonic() - began, 1))

        self.checked = False
        Thread(target=run, name="check", daemon=True).start()

    def _standing(self) -> tuple[dict[str, Transfer], str | None]:
        """What is unfinished, oldest first, by id; or the code of why that cannot be read."""
        try:
            return {head.id: head for head in self._house.books.archive.unfinished()}, None
        except FerryError as error:
            return {}, error.code

    def _running(self, head: Transfer) -> Words:
        again = self._traffic.waits(head.id)
        slot = self._house.tools.slots.waiting().get(head.id)
        why = None
        if again:
            why = _why(again.error.code, again.error.message, again.seconds)
        elif slot:
            why = _why("slot", f"all slots, or all connections to {slot}, are taken", None)
        return _head(head) | {
            "files": [*map(_moving, self._traffic.moving(head.id)[:MOST])],
            "waits": why,
        }

    def _waits(self, head: Transfer) -> Words:
        wait = self._carrier.waits(head)
        return _head(head) | {"waits": _why(wait.code, wait.reason, wait.seconds)}


def name_of(seen: Seen) -> str:
    return NAMES.get(seen.what, seen.what)


def _head(head: Transfer) -> Words:
    request = head.request
    return {
        "id": head.id,
        "request": request.number,
        "task": request.task_number,
        "requester": request.requester,
        "destination": request.destination,
        "stage": str(head.stage),
    }


def _why(code: str, reason: str, seconds: float | None) -> Words:
    at = None if seconds is None else _stamp(datetime.now(UTC) + timedelta(seconds=seconds))
    return {"code": code, "reason": reason, "until": at}


def _moving(file: Moving) -> Words:
    return {
        "source": file.source,
        "target": file.target,
        "moved": file.moved,
        "size": file.size,
        "bytes_a_second": None if file.rate is None else round(file.rate),
        "seconds_left": None if file.eta is None else round(file.eta),
    }


def _trouble(seen: Seen) -> Words:
    return {
        "what": name_of(seen),
        "code": seen.code,
        "message": seen.message,
        "action": seen.action,
        "since": _stamp(seen.since),
        "latest": _stamp(seen.latest),
        "failures": seen.failures,
    }


def _minute(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp):%m-%d %H:%M}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
