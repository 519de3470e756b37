"""The queue's loop with everything around it in memory, and a clock that only its waits move."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryOutbox
from adapters.memory.queue import MemoryQueue
from adapters.memory.servicenow import MemoryInbox
from adapters.running.alarm import LedgerAlarm
from daemon.hints import Hints
from daemon.intake import Intake
from daemon.lookup import Lookup, Standing, no_standing
from tests.transfer.made import NOON, RULES, evidence
from transfer.errors import FerryError
from transfer.evidence import Evidence
from transfer.model import Transfer
from transfer.ports import Message, Tracer
from transfer.request.hints import NUMBER
from transfer.tools import NoTracer


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Stop(threading.Event):
    """Waiting takes no time but the clock's; `meanwhile` happens in each wait."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.waits: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self._clock.now += timeout or 0.0
        self.meanwhile()
        return self.is_set()


class CountingInbox(MemoryInbox):
    """Counts the questions."""

    def __init__(self, *evidence: Evidence) -> None:
        super().__init__(*evidence)
        self.asked = 0

    def read(self, task_id: str) -> Evidence | None:
        self.asked += 1
        return super().read(task_id)

    def find(self, number: str) -> tuple[str, ...]:
        self.asked += NUMBER.fullmatch(number) is not None
        return super().find(number)


@dataclass
class OddQueue(MemoryQueue):
    """`instead` is called in the place of a receive, `refused` raised by the next settle."""

    instead: Callable[[], Sequence[Message]] | None = None
    refused: FerryError | None = None

    def receive(self) -> Sequence[Message]:
        return self.instead() if self.instead else super().receive()

    def settle(self, *messages: Message) -> None:
        error, self.refused = self.refused, None
        if error:
            raise error
        super().settle(*messages)


@dataclass
class Door:
    """`carried` lists the ids that were handed over, `ruin` the errors that end the service,
    `ended` the executions that it was told of.
    """

    standing: Standing = no_standing
    inbox: CountingInbox = field(default_factory=CountingInbox)
    books: MemoryLedger = field(default_factory=MemoryLedger)
    clock: Clock = field(default_factory=Clock)
    carried: list[str] = field(default_factory=list)
    ruin: list[FerryError] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    tracer: Tracer = field(default_factory=NoTracer)

    def __post_init__(self) -> None:
        self.queue = OddQueue(now=self.clock)
        self.stop = Stop(self.clock)
        self.archive = MemoryArchive(self.books.store)
        self.intake = Intake(
            inbox=self.inbox,
            ledger=self.books,
            archive=self.archive,
            outbox=MemoryOutbox(self.books.store),
            rules=RULES,
            carrier=self,
            clock=lambda: NOON,
            tracer=self.tracer,
        )
        self.lookup = Lookup(
            self.inbox,
            self.intake,
            evidence().instance,
            self.standing,
            ended=self.ended.append,
            now=self.clock,
        )
        alarm = LedgerAlarm(self.ruin.append)
        self.hints = Hints(self.queue, self.lookup, self.stop, alarm, tracer=self.tracer)
        self.stop.meanwhile = self.hints.beat

    def carry(self, heads: Sequence[Transfer]) -> None:
        self.carried += [head.id for head in heads]

    def say(self, **content: object) -> None:
        self.queue.send(json.dumps({"version": 1, **content}), "")

    def drain(self, seconds: float = 5_000.0) -> None:
        """Rounds until the queue is empty; a round that finds nothing visible takes a second."""
        until = self.clock.now + seconds
        while len(self.queue) and self.clock.now < until:
            if not self.hints.round():
                self.clock.now += 1.0

    def codes(self) -> list[str]:
        """Of the dead letters."""
        return [letter.code for letter in self.queue.dead]

    def known(self) -> list[str]:
        """The ids in the ledger."""
        return [record.transfer.id for record in self.archive.search(limit=100_000)]
