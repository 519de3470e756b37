"""The second door over the workbench: the handlers' own code, functions that die, a clock that the
test cuts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.memory.books import memory_books
from adapters.memory.servicenow import MemoryDesk
from adapters.telemetry.emf import Emf
from cloud.environment import Environment
from cloud.functions import FUNCTIONS, Function
from cloud.state_machine import definition
from cloud.visit import visit
from config.ledger import LedgerSettings
from config.settings import TransferSettings
from tests.cloud.machine import Data, Execution
from tests.transfer.bench import Bench, Crash, Fuse, Fused
from transfer.books import Books
from transfer.model import Route, Transfer
from transfer.routing import execution_name
from transfer.tools import Tools

DIGEST = "d" * 64
WORK = TransferSettings(retry_wait=0.001)
MACHINE = definition(WORK, lambda function: function.full_name)


class RuntimeExitError(Exception):
    """What the machine hears of a function that was killed."""


@dataclass
class Call:
    """The context of one call. With `looks` its time is over after so many looks at the clock."""

    function: Function
    aws_request_id: str
    looks: int | None = None
    over: Callable[[], bool] = lambda: False

    def get_remaining_time_in_millis(self) -> int:
        if self.over():
            return 0
        if self.looks is not None:
            self.looks -= 1
            if self.looks < 0:
                return 0
        return self.function.seconds * 1000


@dataclass
class Door:
    """`before` is asked with each function's name and event; what it raises has killed it then.
    `over` says that the time of the call that runs is over.
    """

    bench: Bench = field(default_factory=Bench)
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    digest: str = DIGEST
    fuse: Fuse = field(default_factory=Fuse)
    looks: Callable[[str], int | None] = lambda _: None
    over: Callable[[], bool] = lambda: False
    before: Callable[[str, Data], object] = lambda _name, _event: None
    calls: list[str] = field(default_factory=list)
    machine: Data = field(default_factory=lambda: MACHINE)
    traced: Callable[[Tools], Tools] = lambda tools: tools
    flushed: int = 0
    lines: list[str] = field(default_factory=list)
    """Metrics."""

    def begin(self, **changes: Any) -> Transfer:
        """Received, claimed and given to an execution, as the service does it."""
        return self.routed(self.bench.received(**changes))

    def routed(self, taken: Transfer) -> Transfer:
        name = execution_name(taken)
        head = taken.evolve(route=Route.STEP_FUNCTIONS, execution=name, door=DIGEST)
        self.bench.ledger.save(head)
        self.bench.ledger.renew(head, 0)
        return head

    def run(self, head: Transfer, **other: Any) -> Execution:
        """The machine, until it has come to its end."""
        told = {"transfer": head.id, "generation": head.generation, "door": DIGEST} | other
        execution = Execution(MACHINE, head.execution or "by-hand", self.invoke, pause=self.wait)
        self.output = execution.run(told)
        return execution

    def wait(self, seconds: float) -> None:
        self.bench.time[0] += seconds

    def invoke(self, name: str, event: Data) -> Data:
        function = next(each for each in FUNCTIONS if each.name == name)
        self.calls.append(name)
        self.before(name, event)
        call = Call(function, f"call-{len(self.calls)}", self.looks(name), self.over)
        try:
            return visit(function, event, call, self.environment())
        except Crash:
            raise RuntimeExitError from None

    def environment(self) -> Environment:
        bench = self.bench
        return Environment(
            work=WORK,
            ledger=LedgerSettings(),
            tools=self.traced(
                replace(bench.tools(self.fuse), meter=Emf(self.lines.append, ("partner",)))
            ),
            books=self._fused_books,
            observer=lambda _: bench.watcher,
            desk=self.desk,
            short=lambda: False,
            door=self.digest,
            flush=self._flush,
        )

    def _flush(self) -> None:
        self.flushed += 1

    def _fused_books(self, owner: str) -> Books:
        books = self.books(owner)
        ledger: Any = Fused(books.ledger, self.fuse)
        return replace(books, ledger=ledger)

    def books(self, owner: str) -> Books:
        def now() -> float:
            return self.bench.time[0]

        return memory_books(self.bench.store, owner, now, now)
