"""The second door, as the service sees it: what goes by it, and what becomes of it there.

    chosen: head saved with the name of its execution ─ claim given back ─ started
    each round: absent? start it (a crash, or a lost answer) ─ running? leave it
                no longer wanted? stop it, evict ─ ended, and not at rest? evict
    what is evicted, this host carries on from where it stands

The ledger alone says how far it came; AWS is asked only whether the execution lives.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from adapters.running.trouble import Trouble
from daemon.carriers import HandedOver, Verdict
from transfer.books import Books
from transfer.destination import Destination, Mode
from transfer.errors import Code, FerryError, Permanent, Waiting
from transfer.journey import is_homeward
from transfer.model import DeliveryState, Stage, Transfer
from transfer.ports import Executions
from transfer.request.options import Options
from transfer.request.timing import start_of
from transfer.routing import AUTO, ExecutionState, Route, choose, execution_name
from transfer.telling import notes, reports
from transfer.tools import Tools

REFUSED_FOR = 600.0
"""Seconds for which nothing is given to a door that AWS does not open."""
LOOK_AGAIN = 30.0
"""Seconds before a destination that has all its executions is looked at again."""

log = structlog.get_logger()


@dataclass(slots=True)
class SecondDoor:
    """`door` is the digest of what this host carries by: functions of another one refuse.

    A destination has at most as many executions at once as it has `connections`, less those that
    `crossings` of this host want.
    """

    executions: Executions
    books: Books
    destinations: Mapping[str, Destination]
    door: str
    verdict: Verdict = lambda _: None
    now: Callable[[], float] = time.monotonic
    crossings: Callable[[str], int] = lambda _: 0
    trouble: Trouble = field(default_factory=lambda: Trouble("second door"))
    _heads: dict[str, Transfer] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)
    _shut_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hand_over(self, transfer: Transfer, tools: Tools) -> None:
        """Raises HandedOver once the head says that an execution has it, Waiting where it has to
        wait for that; returns where this host carries it.
        """
        destination = self.destinations.get(transfer.request.destination)
        if destination is None or destination.route == Route.IN_PROCESS or self._is_kept(transfer):
            return
        if destination.route == AUTO and transfer.stage is not Stage.PINNED:
            return
        found = tools.ledger.deliveries(transfer.id)
        if found and all(item.state is DeliveryState.PUBLISHED for item in found):
            # Only the partner's word is waited for, whatever the hours.
            return
        now = tools.clock()
        if start_of(transfer.request, destination, now) > now:
            # The steps open the tickets meanwhile, and wait where the hours are told.
            return
        dry_run = Options.of(transfer.request.options).dry_run
        in_place = destination.mode is Mode.DIRECT
        choice = choose(destination.route, found, dry_run=dry_run, in_place=in_place)
        log.info("door chosen", route=choice.route, reason=choice.reason)
        if choice.route is Route.IN_PROCESS:
            self._keep(transfer)
            return
        head = transfer.evolve(
            route=choice.route, execution=execution_name(transfer), door=self.door
        )
        self._take_a_place(head, destination)
        tools.ledger.save(head, *reports.noted(head, found, notes.routed(head, choice.reason)))
        raise HandedOver(head)

    def start(self, head: Transfer) -> None:
        """After the claim was given back. What cannot be started now, a round starts."""
        try:
            self._start(head)
        except FerryError as error:
            self.trouble.say(error)

    def elsewhere(self, transfer: Transfer) -> bool:
        """An execution has it, until it is evicted."""
        return transfer.route is not Route.IN_PROCESS

    def watched(self) -> list[Transfer]:
        """What is under way there and can still be stopped."""
        with self._lock:
            return [head for head in self._heads.values() if not is_homeward(head)]

    def round(self) -> None:
        """Raises FerryError when the ledger cannot be read."""
        unfinished = self.books.archive.unfinished()
        heads = [head for head in unfinished if self.elsewhere(head)]
        with self._lock:
            self._heads = {head.id: head for head in heads}
            self._kept &= {head.id for head in unfinished}
        for head in heads:
            self._followed(head)

    def ended(self, name: str) -> None:
        """AWS says so of an execution: sooner than the next round would."""
        for head in self._heads_now():
            if head.execution == name:
                self._followed(head)

    def _followed(self, head: Transfer) -> None:
        with structlog.contextvars.bound_contextvars(
            **head.log_context(), execution=head.execution
        ):
            try:
                self._follow(head)
            except FerryError as error:
                self.trouble.say(error)
            else:
                self.trouble.over()

    def _follow(self, head: Transfer) -> None:
        name = head.execution or ""
        state = self.executions.state(name)
        verdict = None if is_homeward(head) else self.verdict(head)
        if verdict is not None:
            if state is ExecutionState.RUNNING:
                self.executions.stop(name, verdict.message)
            self._evict(head, verdict.message.rstrip("."))
        elif state is ExecutionState.ABSENT:
            self._start(head)
        elif state is ExecutionState.ENDED:
            self._evict(head, "it has ended, and the transfer has not")

    def _start(self, head: Transfer) -> None:
        told = {"transfer": head.id, "generation": head.generation, "door": head.door}
        try:
            self.executions.start(head.execution or "", told, head.trace or "")
        except Permanent as error:
            self._shut_until = self.now() + REFUSED_FOR
            self._evict(head, error.message.rstrip("."))
            raise
        log.info("execution started", execution=head.execution)

    def _evict(self, head: Transfer, why: str) -> None:
        """Nothing that has come to rest meanwhile, or that another host or thread has taken over:
        the ledger knows better than a look at AWS.
        """
        evicted = self.books.keeper.evict(head.id, head.execution)
        with self._lock:
            self._heads.pop(head.id, None)
        if evicted is None:
            return
        self._keep(evicted)
        found = self.books.ledger.deliveries(head.id)
        note = notes.taken_over(evicted, head.execution or "", why)
        self.books.outbox.add(*reports.noted(evicted, found, note))
        log.warning("transfer taken over", execution=head.execution, reason=why)

    def _take_a_place(self, head: Transfer, destination: Destination) -> None:
        here = self.crossings(destination.name)
        with self._lock:
            others = [each.id for each in self._heads.values() if _same(each, head)]
            if len(set(others) - {head.id}) + here >= destination.connections:
                raise Waiting(
                    Code.DESTINATION_BUSY,
                    f"{destination.name} has all the executions that it may have at once.",
                    retry_after=LOOK_AGAIN,
                )
            self._heads[head.id] = head

    def _is_kept(self, transfer: Transfer) -> bool:
        with self._lock:
            return transfer.id in self._kept or self.now() < self._shut_until

    def _keep(self, transfer: Transfer) -> None:
        """It is carried here from now on, whatever else is said of its destination."""
        with self._lock:
            self._kept.add(transfer.id)

    def _heads_now(self) -> Sequence[Transfer]:
        with self._lock:
            return list(self._heads.values())


def _same(one: Transfer, other: Transfer) -> bool:
    return one.request.destination == other.request.destination
