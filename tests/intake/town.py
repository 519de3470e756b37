"""The whole daemon with everything around it in memory, and a clock that only the test moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from adapters.memory.books import memory_books
from adapters.memory.ledger import MemoryOutbox
from adapters.memory.queue import MemoryQueue
from adapters.memory.servicenow import MemoryDesk
from adapters.running.alarm import LedgerAlarm
from adapters.running.heartbeat import Heartbeat
from adapters.running.retries import retrying
from adapters.running.sender import Sender
from daemon.carriers import InProcess
from daemon.hints import Hints
from daemon.intake import Intake, Poll
from daemon.lookup import Lookup
from daemon.watch import Watch
from tests.daemon.door import Clock, CountingInbox, Stop
from tests.transfer.bench import Bench
from tests.transfer.made import DESTINATIONS, NOON, RULES, evidence, variables
from transfer.approval.authority import InstanceAuthority
from transfer.books import Books
from transfer.errors import FerryError
from transfer.evidence import Evidence
from transfer.model import Transfer
from transfer.ports import Inbox, TicketDesk
from transfer.rules import Grant, Rules
from transfer.slots import Slots
from transfer.tickets import Post, Ticket

EVERYBODY = replace(
    RULES,
    grants=(
        Grant(
            requesters=frozenset({"anna.berg", "otto.lind", "ida.holm"}),
            sources=("s3://exports/payroll/",),
            destinations=frozenset({"partner"}),
        ),
    ),
)
CONTENT = b"name;pay\n"
POLL, RESUME = 30, 10
NEW, WORKING = "1", "2"
PATIENCE = 300.0
"""Seconds of real time within which the threads come to rest."""


class Sleepers:
    """Threads that sleep until the clock has come so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moved = threading.Condition()
        self._untils: list[float] = []

    @property
    def count(self) -> int:
        """Who sleeps on. One whose time has come is awake, though it may not know yet."""
        with self._moved:
            return sum(until > self._clock.now for until in self._untils)

    def sleep(self, seconds: float) -> None:
        until = self._clock.now + seconds
        with self._moved:
            self._untils.append(until)
            assert self._moved.wait_for(lambda: self._clock.now >= until, timeout=300.0)
            self._untils.remove(until)

    def passes(self, seconds: float) -> None:
        with self._moved:
            self._clock.now += seconds
            self._moved.notify_all()


class Instance(MemoryDesk):
    """Its tasks are the ones that the inbox shows."""

    def __init__(self, inbox: CountingInbox) -> None:
        super().__init__()
        self._inbox = inbox
        self._ordered: dict[str, Evidence] = {}

    def ordered(self, evidence: Evidence) -> None:
        if evidence.task_id not in self.cards:
            self.put_task(evidence.task_id, evidence.task_number)
        self._ordered[evidence.task_id] = evidence
        self._show(evidence.task_id)

    def note(self, post: Post, *, again: bool) -> Ticket:
        ticket = super().note(post, again=again)
        self._show(post.task_id)
        return ticket

    def close(self, post: Post, *, again: bool) -> Ticket:
        ticket = super().close(post, again=again)
        self._show(post.task_id)
        return ticket

    def _show(self, task_id: str) -> None:
        state = self.cards[task_id].ticket.state
        told = self._ordered[task_id]
        if state != NEW:
            told = replace(told, task_state=state, task_active=state == WORKING)
        self._inbox.put(told)


class Works:
    """The daemon between an inbox, a desk and a partner; `ruin` must stay empty."""

    def __init__(
        self,
        inbox: Inbox,
        desk: TicketDesk,
        clock: Clock,
        rules: Rules = EVERYBODY,
        parallel: int = 5,
    ) -> None:
        self.clock = clock
        self.rules = rules
        self.sleepers = Sleepers(self.clock)
        self.bench = self._built_bench()
        self.queue = MemoryQueue(now=self.clock)
        self.ruin: list[FerryError] = []
        self._alarm = LedgerAlarm(self.ruin.append)
        self._stop = Stop(self.clock)
        self.books = self._built_books()
        self.ledger, self.outbox, self.archive = (
            *(self.books.ledger, self.books.outbox, self.books.archive),
        )
        self.authority = InstanceAuthority(inbox, rules, self.clock)
        self.carrier = self._built_carrier(parallel)
        self._watch = Watch(inbox, self.authority, self.carrier.watched, self.carrier.waiting)
        self.carrier.verdict = self._watch.verdict
        self.intake = self._built_intake(inbox)
        self.poll = Poll(self.intake, POLL, 120.0, self._alarm, self.clock)
        lookup = self._built_lookup(inbox)
        self.hints = Hints(self.queue, lookup, self._stop, self._alarm)
        self.sender = Sender(
            outbox=self.outbox,
            archive=self.archive,
            desk=desk,
            stop=threading.Event(),
            alarm=self._alarm,
            lease=60.0,
            now=self.clock,
        )

    def _built_intake(self, inbox: Inbox) -> Intake:
        return Intake(
            inbox=inbox,
            ledger=self.ledger,
            archive=self.archive,
            outbox=self.outbox,
            rules=self.rules,
            carrier=self,
            clock=lambda: NOON,
        )

    def _built_books(self) -> Books:
        store = self.bench.store
        outbox = MemoryOutbox(store, self.clock)
        return replace(memory_books(store, "one", self.clock), outbox=outbox)

    def _built_bench(self) -> Bench:
        return Bench()

    def _built_lookup(self, inbox: Inbox) -> Lookup:
        return Lookup(inbox, self.intake, evidence().instance, now=self.clock)

    def _built_carrier(self, parallel: int) -> InProcess:
        tools = replace(
            self.bench.tools(),
            ledger=self.ledger,
            locks=self.books.locks,
            chain=self.books.chain,
            authority=self.authority,
            rules=self.rules,
            slots=Slots(parallel),
            destinations={
                name: replace(each, connections=parallel) for name, each in DESTINATIONS.items()
            },
        )
        return InProcess(
            ledger=self.ledger,
            tools=tools,
            parallel=parallel,
            attempt=retrying(3, 2.0, self.sleepers.sleep, now=self.clock),
            halting=threading.Event(),
            # A lease that outlasts the test: the claims are proven elsewhere.
            heart=Heartbeat(self.ledger, 1e9, self._alarm, self.clock),
            alarm=self._alarm,
        )

    def carry(self, heads: Sequence[Transfer]) -> None:
        self.carrier.carry(heads)

    def runs(self, seconds: int, meanwhile: Callable[[], object] = lambda: None) -> None:
        """What the daemon's rounds do in so many seconds."""
        for _ in range(seconds):
            second = int(self.clock.now)
            if second % POLL == 0:
                self.poll()
                self._watched()
            if second % RESUME == 0:
                self.intake.resume()
            self.sender.round()
            self.comes_to_rest()
            meanwhile()
            self.sleepers.passes(1.0)

    def comes_to_rest(self) -> None:
        """Every thread sleeps, or has nothing to do."""
        until = time.monotonic() + PATIENCE
        while self._busy() and time.monotonic() < until:
            time.sleep(0.0005)
        assert not self._busy()

    def _busy(self) -> bool:
        with self.carrier._lock:
            return len(self.carrier._under_way) > self.sleepers.count

    def _watched(self) -> None:
        with suppress(FerryError):
            self._watch.round()

    def transfers(self) -> list[Transfer]:
        return [row.transfer for row in self.bench.store.rows.values()]

    def appeared(self) -> dict[str, int]:
        """How often each name came to be at the partner's."""
        return self.bench.remotes.appeared

    def unsent(self) -> int:
        return sum(not item.sent for item in self.bench.store.posts.values())


class Town(Works):
    """An instance in memory, a partner and the daemon between them."""

    def __init__(self, parallel: int = 5) -> None:
        self.inbox = CountingInbox()
        self.desk = Instance(self.inbox)
        super().__init__(self.inbox, self.desk, Clock(99_990.0), parallel=parallel)

    def order(self, number: int, **changes: object) -> Evidence:
        """An approved order of one file of its own, with its task; `changes` spoil it."""
        source = f"s3://exports/payroll/{number}.csv"
        self.bench.objects.put(source, CONTENT)
        plain: dict[str, object] = {
            "task_id": f"{number:032x}",
            "task_number": f"SCTASK{number:07}",
            "item_id": f"{number + 10**9:032x}",
            "item_number": f"RITM{number:07}",
            "requester": ("anna.berg", "otto.lind", "ida.holm")[number % 3],
            "variables": variables(source=source, path=f"{number}.csv"),
        }
        ordered = evidence(**{**plain, **changes})
        self.desk.ordered(ordered)
        return ordered
