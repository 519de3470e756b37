"""One polling round: fetch → authorise → admit → hand over."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from daemon.trouble import Trouble
from transfer import policy, reports
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Rules, Transfer
from transfer.ports import Archive, Inbox, Ledger, Outbox

log = structlog.get_logger()


class Carrier(Protocol):
    """Takes a transfer across."""

    def carry(self, transfer_id: str) -> None: ...


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
    ) -> None:
        self._inbox = inbox
        self._ledger = ledger
        self._archive = archive
        self._outbox = outbox
        self._rules = rules
        self._carrier = carrier
        self._clock = clock
        self._open_again: set[str] = set()

    def round(self) -> int:
        """Returns the number of open tasks. Raises FerryError when ServiceNow cannot be read."""
        tasks = self._inbox.fetch()
        before, self._open_again = self._open_again, set()
        for evidence in tasks:
            with structlog.contextvars.bound_contextvars(
                transfer=evidence.request_id, request=evidence.item_number
            ):
                self._take(evidence, before)
        # Not only what is new: a task that is being worked on is not polled any more, and what
        # was set aside by a fault of ours goes on here.
        for transfer_id in self._archive.unfinished():
            self._carrier.carry(transfer_id)
        return len(tasks)

    def _take(self, evidence: Evidence, before: set[str]) -> None:
        try:
            request = policy.authorise(evidence, self._rules)
        except Transient as error:
            log.debug("request waits", code=error.code, reason=error.message)
            self._outbox.add(reports.waiting(evidence, error))
            return
        except Permanent as error:
            log.warning("request refused", code=error.code, reason=error.message)
            request = policy.request_of(evidence, self._rules)
            received = Transfer(request=request, received_at=self._clock()).failed(error)
        else:
            received = Transfer(request=request, received_at=self._clock())
        standing = self._ledger.admit(received)
        if standing.finished:
            self._finished(standing, received, before)
        elif standing.request.fingerprint != request.fingerprint:
            self._outbox.add(reports.reopened(standing, altered=True))

    def _finished(self, standing: Transfer, received: Transfer, before: set[str]) -> None:
        """Open again, or not closed yet? Only a second look at a settled outbox tells."""
        record = next(iter(self._archive.search(standing.id, limit=1)), None)
        if record is None or record.unsent:
            return
        self._open_again.add(standing.id)
        if standing.id in before:
            altered = standing.request.fingerprint != received.request.fingerprint
            self._outbox.add(reports.reopened(standing, altered=altered))


class Poll:
    """Runs the intake when it is due; says once when ServiceNow does not answer, and backs off."""

    def __init__(
        self,
        intake: Intake,
        every: float,
        max_backoff: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._intake = intake
        self._every = every
        self._max_backoff = max_backoff
        self._now = now
        self._not_before = 0.0
        self._trouble = Trouble("poll")

    def __call__(self) -> None:
        if self._now() < self._not_before:
            return
        try:
            tasks = self._intake.round()
        except FerryError as error:
            self._back_off(error)
        except Exception as error:
            log.exception("poll failed by a fault of ours")
            self._back_off(Permanent(Code.INTERNAL, f"The poll met a {type(error).__name__}."))
        else:
            self._trouble.over()
            log.debug("polled", tasks=tasks)

    def _back_off(self, error: FerryError) -> None:
        self._trouble.say(error)
        grown = self._every * 2 ** min(self._trouble.times, 10)
        wait = max(min(grown, self._max_backoff), error.retry_after or 0.0)
        self._not_before = self._now() + wait
