"""A world in which daemons are killed again and again, and the oracle that judges what is left."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sandbox.children import clean_environment
from sandbox.demo.visitor import Placed
from tests import sweeps
from tests.crossing.world import World
from tests.faults.sightings import Sightings
from tests.servers.warm import Forked
from tests.torture import gated
from tests.torture.failpoints import Gate
from transfer.books import Archive, Record
from transfer.errors import FerryError
from transfer.model import CHUNK, MIB, Outcome
from transfer.tickets import TicketRole

BIG = CHUNK + 2 * MIB
"""Two chunks, so that there is progress to be noted."""
CONTENT = {
    "big": os.urandom(MIB) * (BIG // MIB),
    "one": b"1" * 1000,
    "two": b"2" * 2000,
    "three": b"3" * 3000,
}
PATIENCE = 120.0
PAUSE = 0.1
LOOK = 2.0
"""Seconds from one look into the ledger to the next while files are missing: in DynamoDB each costs
some of the processor that the daemons need.
"""
MARKER = re.compile(r"\[ff:[0-9a-f]{12}\]")


@dataclass
class Daemon:
    """One forked daemon."""

    process: Forked

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def frozen(self) -> bool:
        with suppress(OSError):
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
            return stat.rpartition(")")[2].split()[0] == "T"
        return False

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)


@dataclass
class Verdict:
    """What the oracle found at one point; all empty and nought when it is as it should be."""

    point: str
    reached: bool = True
    lost: bool = False
    doubled: bool = False
    extra_notes: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Trial:
    """One order in a directory of its own."""

    name: str
    placed: Placed
    folder: Path
    seen: Sightings
    id: str = ""
    """The transfer's, once the ledger was seen to have it."""
    looked_at: float = 0.0

    @property
    def arrived(self) -> bool:
        return CONTENT.keys() <= {path.name for path in self.folder.iterdir()}


class Arena:
    """`archive` looks into the ledger from beside the daemons; of its points one in `every` is a
    share: leases that have to run out make some of them slow.
    """

    def __init__(self, world: World, archive: Callable[[], Archive], kind: str) -> None:
        self.world = world
        self.kind = kind
        self.every = sweeps.EVERY if kind == "sqlite" else 2 * sweeps.EVERY
        self._archive = archive
        self._count = 0
        for key, content in CONTENT.items():
            world.put(key, content)
        self._config = world.write_config()
        self._environment = clean_environment() | {
            "CREDENTIALS_DIRECTORY": str(world.directory / "credentials"),
            "AWS_ACCESS_KEY_ID": "ADMIN",
            "AWS_SECRET_ACCESS_KEY": "admin-secret",
        }
        self._log = world.directory / "daemon.log"
        self._log.touch()

    @contextmanager
    def daemon(
        self, point: str = "", does: str = "kill", *, watched: bool = True
    ) -> Iterator[Daemon]:
        """A daemon that lives no longer than the block. `passed` and `reached` are emptied."""
        for file in (self.passed, self.reached):
            file.write_text("")
        gate = partial(Gate, point, does, self.passed, self.reached) if watched else None
        begin = partial(gated.run, self._config, gate)
        daemon = Daemon(Forked(begin, self._log, self._log, self._environment))
        try:
            yield daemon
        finally:
            daemon.end()

    @property
    def passed(self) -> Path:
        return self.world.directory / "passed"

    @property
    def reached(self) -> Path:
        return self.world.directory / "reached"

    @contextmanager
    def trial(self) -> Iterator[Trial]:
        """A fresh order, approved; its directory is watched, and gone afterwards."""
        self._count += 1
        name = f"trial-{self._count}"
        folder = Path(self.world.partner.root) / name
        folder.mkdir()
        os.chown(folder, self.world.partner.uid, -1)
        placed = self.world.order(*CONTENT, path=f"{name}/")
        with Sightings(folder) as seen:
            yield Trial(name, placed, folder, seen)
        shutil.rmtree(folder)

    def record(self, trial: Trial) -> Record | None:
        # By its number it is looked for in three places.
        found = self._archive().search(trial.id or trial.placed.number)
        trial.id = found[0].transfer.id if found else trial.id
        return found[0] if found else None

    def is_over(self, trial: Trial) -> bool:
        if not trial.arrived and time.monotonic() < trial.looked_at + LOOK:
            return False
        trial.looked_at = time.monotonic()
        # Before the first daemon there is no ledger to look into.
        with suppress(FerryError):
            record = self.record(trial)
            return bool(record and record.transfer.finished and record.unsent == 0)
        return False

    def finish(self, trial: Trial) -> None:
        """A plain daemon brings it to its end."""
        with self.daemon(watched=False):
            self.until_over(trial)

    def until_over(self, trial: Trial) -> None:
        until(lambda: self.is_over(trial), f"{trial.name} does not end", self.told)

    def told(self) -> str:
        """The end of what the daemons logged."""
        return self._log.read_text()[-6000:]

    def judge(self, point: str, trial: Trial, *, crashes: int) -> Verdict:
        """The oracle of faults.md: I1 to I5."""
        record = self.record(trial)
        assert record
        verdict = Verdict(point)
        found = {path.name: path.read_bytes() for path in trial.folder.iterdir()}
        appeared = {name: trial.seen.of(name) for name in CONTENT}
        verdict.lost = any(found.get(name) != content for name, content in CONTENT.items())
        verdict.doubled = any(times > 1 for times in appeared.values())
        if record.transfer.outcome is not Outcome.DELIVERED:
            verdict.wrong.append(f"outcome {record.transfer.outcome}: {record.transfer.failure}")
        if left := sorted(found.keys() - CONTENT.keys()):
            verdict.wrong.append(f"left behind: {left}")
        verdict.extra_notes = self._extra_notes(record, trial)
        if verdict.extra_notes > crashes:
            verdict.wrong.append(f"{verdict.extra_notes} notes too many")
        verdict.wrong += self._wrong_with_tickets(record)
        return verdict

    def _extra_notes(self, record: Record, trial: Trial) -> int:
        tickets = [ticket.sys_id for ticket in record.tickets.values()]
        task = self.world.task(trial.placed)["sys_id"]
        told = [self.world.visitor.journal(sys_id) for sys_id in {*tickets, task}]
        return sum(times - 1 for text in told for times in Counter(MARKER.findall(text)).values())

    def _wrong_with_tickets(self, record: Record) -> list[str]:
        wrong: list[str] = []
        instance = self.world.servicenow.instance
        for role in (TicketRole.USER, TicketRole.AUDIT):
            ticket = record.tickets.get(role)
            if ticket is None:
                wrong.append(f"no {role} ticket")
                continue
            row = instance.get("incident", ticket.sys_id)
            twins = instance.query("incident", f"correlation_id={row['correlation_id']}")
            if len(twins) != 1:
                wrong.append(f"{len(twins)} {role} tickets")
            told = row["close_notes"] + self.world.visitor.journal(ticket.sys_id)
            missing = [
                name for name, data in CONTENT.items() if sha256(data).hexdigest() not in told
            ]
            if missing or row["state"] not in ("6", "7"):
                wrong.append(f"{role} ticket in state {row['state']} without {missing}")
        return wrong


def until(happened: Callable[[], object], or_else: str, told: Callable[[], Any] = str) -> None:
    """Poll for it with a deadline."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"{or_else} in {PATIENCE} s.\n{told()}")
        time.sleep(PAUSE)
