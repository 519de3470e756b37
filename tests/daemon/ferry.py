"""A carrier over the workbench, with a clock that the test sets and a process that can die."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adapters.running.alarm import LedgerAlarm
from adapters.running.heartbeat import Heartbeat
from adapters.running.retries import retrying
from daemon.carriers import InProcess
from tests.transfer.bench import Bench, Fuse, Fused
from tests.transfer.made import DESTINATIONS, request
from tests.transfer.test_journey import SOURCE
from transfer.errors import FerryError, Stopping
from transfer.journey import Attempt
from transfer.model import Transfer
from transfer.slots import Slots
from transfer.steps import Step
from transfer.tools import Tools

LEASE = 60.0


class Ferry:
    """One run of the daemon's carrying part. Several runs may share a bench, one after another."""

    def __init__(
        self,
        parallel: int = 2,
        bench: Bench | None = None,
        ledger: Any = None,
        attempt: Attempt | None = None,
    ) -> None:
        self.bench = bench or Bench()
        if bench is None:
            self.bench.objects.put(SOURCE, b"x" * 100)
        self.halting = threading.Event()
        self.fuse = Fuse()
        self.ruin: list[FerryError] = []
        self.ledger: Any = Fused(ledger or self.bench.ledger, self.fuse)
        self.alarm = LedgerAlarm(self.ruin.append)
        self.heart = Heartbeat(self.ledger, LEASE, self.alarm, lambda: self.bench.time[0])
        self.tools = replace(
            self.bench.tools(self.fuse),
            ledger=self.ledger,
            slots=Slots(parallel),
            halt=self._halt,
            destinations={
                name: replace(each, connections=max(4, parallel))
                for name, each in DESTINATIONS.items()
            },
        )
        self.carrier = InProcess(
            ledger=self.ledger,
            tools=self.tools,
            parallel=parallel,
            attempt=attempt or retrying(1, 0.01),
            halting=self.halting,
            heart=self.heart,
            alarm=self.alarm,
        )

    def _halt(self) -> None:
        if self.halting.is_set():
            raise Stopping

    def admit(self, number: int = 7) -> Transfer:
        asked = request(id=f"i:sc_task:{number:032}", target=f"file-{number}")
        return self.bench.ledger.admit(Transfer(request=asked))

    def carry(self, *heads: Transfer) -> None:
        """As they stand in the ledger."""
        wanted = {head.id for head in heads}
        self.carrier.carry([row for row in self.unfinished() if not heads or row.id in wanted])

    def unfinished(self) -> list[Transfer]:
        with self.bench.store.lock:
            heads = [row.transfer for row in self.bench.store.rows.values()]
        return [head for head in heads if not head.at_rest]

    def head(self, transfer: Transfer) -> Transfer:
        return self.bench.store.rows[transfer.id].transfer

    def owner(self, transfer: Transfer) -> str | None:
        return self.bench.store.rows[transfer.id].owner


def until(happened: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for what a thread does."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.005)


def waits(*errors: BaseException) -> Any:
    """An attempt of whose steps the first raise the errors, one each."""
    left = list(errors)
    plain = retrying(1, 0.01)

    def attempt(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        if left:
            raise left.pop(0)
        return plain(step, transfer, tools)

    return attempt
