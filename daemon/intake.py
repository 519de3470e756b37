"""Every door leads here: fetch → authorise → admit → hand over, by a poll or for one hint."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from adapters.running.alarm import LedgerAlarm, is_of_ledger
from adapters.running.gate import Gate
from adapters.running.trouble import Board
from transfer.approval import items, policy
from transfer.books import Archive, Ledger, Outbox
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Request, Transfer
from transfer.ports import Inbox, Tracer
from transfer.rules import Rules
from transfer.telling import notes
from transfer.tools import NoTracer

log = structlog.get_logger()


class Carrier(Protocol):
    """Takes transfers across: all that are unfinished are handed to it, again and again."""

    def carry(self, heads: Sequence[Transfer]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`standing` is what the ledger has of it since; None where the task waits for its approval.

    `why` is the reason of a wait (Transient) or of a refusal (Permanent).
    """

    received: Transfer | None = None
    standing: Transfer | None = None
    why: FerryError | None = None


class Intake:
    """Judges every open task and hands over what may be carried, or what must be refused."""

    def __init__(  # noqa: PLR0913 the ports that meet here
        self,
        *,
        inbox: Inbox,
        ledger: Ledger,
        archive: Archive,
        outbox: Outbox,
        rules: Rules,
        carrier: Carrier,
        clock: Callable[[], datetime],
        tracer: Tracer | None = None,
        page: int | None = None,
    ) -> None:
        """`page`: tasks that one round judges at most."""
        self._tracer = tracer or NoTracer()
        self._page = page
        self.more = False
        """The latest round was full and had new work in it: the next need not wait."""
        self._inbox = inbox
        self._ledger = ledger
        self._archive = archive
        self._outbox = outbox
        self._rules = rules
        self._carrier = carrier
        self._clock = clock
        self._before: set[str] = set()
        self._open_again: set[str] = set()

    def round(self) -> int:
        """Returns the number of open tasks.

        Raises FerryError when ServiceNow cannot be read or the ledger does not take what is new.
        """
        more, self.more = self.more, False
        tasks = self._inbox.fetch(more=more)
        if not more:
            self._before, self._open_again = self._open_again, set()
        new: list[Transfer] = []
        for evidence in tasks:
            judged = self._guarded(evidence)
            if judged.received and judged.standing and judged.standing.finished:
                self._finished(judged.standing, judged.received)
            elif judged.standing and judged.standing is judged.received:
                new.append(judged.standing)
        self.more = bool(new) and len(tasks) == self._page
        if self.more:
            # What else is unfinished comes with the last of these rounds.
            self._carrier.carry(new)
        else:
            self.resume()
        return len(tasks)

    def resume(self) -> None:
        """Hand over what the ledger has unfinished, whoever put it there: a task that is being
        worked on is not polled any more, and an operator's retry never was.
        """
        self._carrier.carry(self._archive.unfinished())

    def hinted(self, evidence: Evidence) -> Judgement:
        """Take up this one task, or leave it, exactly as a poll that finds it would.

        Raises Permanent `hint.unknown` when a poll would not find it and the ledger does not know
        it: of a task in Work in Progress only a lost ledger could say how far it came.
        """
        record = next(iter(self._archive.search(evidence.request_id, limit=1)), None)
        if record is not None:
            judged = Judgement(standing=record.transfer)
        elif evidence.task_open:
            judged = self._judge(evidence)
        else:
            raise Permanent(
                Code.HINT_UNKNOWN,
                f"Task {evidence.task_number} is not open, and FileFerry has not begun it.",
            )
        if judged.standing and not judged.standing.at_rest:
            self._carrier.carry([judged.standing])
        return judged

    def known(self, name: str) -> bool:
        """The ledger has it under that number or id; what is not at rest goes on."""
        records = self._archive.search(name)
        self._carrier.carry([each.transfer for each in records if not each.transfer.at_rest])
        return bool(records)

    def _guarded(self, evidence: Evidence) -> Judgement:
        """A fault over one task, of ours or of what it holds, leaves out that one alone."""
        try:
            return self._judge(evidence)
        except Exception as error:
            if isinstance(error, FerryError) and error.code is not Code.INTERNAL:
                raise
            log.exception("task not judged by a fault of ours", transfer=evidence.request_id)
            return Judgement()

    def _judge(self, evidence: Evidence) -> Judgement:
        with structlog.contextvars.bound_contextvars(
            transfer=evidence.request_id, request=evidence.item_number
        ):
            return self._judged(evidence)

    def _judged(self, evidence: Evidence) -> Judgement:
        refused: FerryError | None = None
        try:
            request = policy.authorise(evidence, self._rules)
        except Transient as error:
            log.debug("request waits", code=error.code, reason=error.message)
            self._outbox.add(notes.waiting(evidence, error))
            return Judgement(why=error)
        except Permanent as error:
            request, refused = policy.request_of(evidence, self._rules), error
        received, standing = self._admitted(request, refused)
        if standing.id != received.id:
            refused = items.repeated(request, standing)
            received, standing = self._admitted(request, refused)
        if not standing.finished and standing.request.fingerprint != request.fingerprint:
            self._outbox.add(notes.reopened(standing, altered=True))
        return Judgement(received=received, standing=standing, why=refused)

    def _admitted(self, request: Request, refused: FerryError | None) -> tuple[Transfer, Transfer]:
        """What was received, and what the ledger has of it since: perhaps another, of its item."""
        received = Transfer(request=request, received_at=self._clock(), trace=self._tracer.begun())
        if refused:
            log.warning("request refused", code=refused.code, reason=refused.message)
            received = received.failed(refused)
        standing = self._ledger.admit(received)
        self._tracer.admitted(standing)
        return received, standing

    def _finished(self, standing: Transfer, received: Transfer) -> None:
        """Open again, or not closed yet? Only a second look at a settled outbox tells."""
        record = next(iter(self._archive.search(standing.id, limit=1)), None)
        if record is None or record.unsent:
            return
        self._open_again.add(standing.id)
        if standing.id in self._before:
            altered = standing.request.fingerprint != received.request.fingerprint
            self._outbox.add(notes.reopened(standing, altered=altered))


class Poll:
    """Runs the intake when it is due; says once when ServiceNow does not answer, and backs off.

    A ledger in trouble is tried again at the next poll: nothing is taken in until it writes.
    """

    def __init__(  # noqa: PLR0913 its pace, and who is told
        self,
        intake: Intake,
        every: float,
        max_backoff: float,
        alarm: LedgerAlarm,
        now: Callable[[], float] = time.monotonic,
        *,
        board: Board | None = None,
        gate: Gate | None = None,
        over: Callable[[], bool] = lambda: False,
    ) -> None:
        """`over`: nothing more is to be taken in."""
        self._over = over
        self._alarm = alarm
        self._intake = intake
        self._every = every
        self._max_backoff = max_backoff
        self._now = now
        self._not_before = 0.0
        self._trouble = (board or Board()).trouble("poll")
        self._gate = gate or Gate()
        self.tried = False
        """It has been to ServiceNow and back, whatever came of it."""

    def __call__(self) -> None:
        again = True
        while again and self._now() >= self._not_before and not self._gate.closed():
            again = self._poll() and not self._over()
            self.tried = True

    def _poll(self) -> bool:
        """Whether there is more to be had at once."""
        try:
            tasks = self._intake.round()
        except FerryError as error:
            if is_of_ledger(error):
                self._alarm.met(error)
            else:
                self._back_off(error)
        except Exception as error:
            log.exception("poll failed by a fault of ours")
            self._back_off(Permanent(Code.INTERNAL, f"The poll met a {type(error).__name__}."))
        else:
            self._trouble.over()
            log.debug("polled", tasks=tasks)
            return self._intake.more
        return False

    def _back_off(self, error: FerryError) -> None:
        self._trouble.say(error)
        grown = self._every * 2 ** min(self._trouble.times, 10)
        wait = max(min(grown, self._max_backoff), error.retry_after or 0.0)
        self._not_before = self._now() + wait
