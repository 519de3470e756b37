"""What S3 events may send: the standing approvals are read, judged, and put into the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from daemon.intake import Carrier
from transfer.approval import standing
from transfer.approval.standing import Judged
from transfer.books import Ledger
from transfer.destination import Destination
from transfer.errors import Permanent
from transfer.evidence import Evidence
from transfer.model import Source, Transfer
from transfer.ports import Inbox, Tracer
from transfer.request import planning
from transfer.request.hints import ObjectHint
from transfer.rules import Rules
from transfer.tools import NoTracer

FRESH = 1.0
"""Seconds for which one reading serves: a message names up to a hundred objects, and what is read
here is read again before the publish.
"""

TOLD = 20
"""Records of whose refusal one event makes tickets."""

log = structlog.get_logger()


class StandingDoor:
    """Takes up what a standing approval covers; `now` counts seconds."""

    def __init__(  # noqa: PLR0913 the ports that meet here
        self,
        *,
        inbox: Inbox,
        ledger: Ledger,
        carrier: Carrier,
        rules: Rules,
        destinations: Mapping[str, Destination],
        clock: Callable[[], datetime],
        now: Callable[[], float] = time.monotonic,
        tracer: Tracer | None = None,
    ) -> None:
        self._tracer = tracer or NoTracer()
        self._inbox = inbox
        self._ledger = ledger
        self._carrier = carrier
        self._rules = rules
        self._destinations = destinations
        self._clock = clock
        self._now = now
        self._last: tuple[float, Sequence[Evidence]] | None = None

    def __call__(self, hint: ObjectHint) -> None:
        """Returns when the ledger has it: once for each record that approves it.

        Raises Permanent `standing.*`, `approval.*` and what planning.plan raises, when nothing
        approves it; Transient `approval.*` when something may yet; `servicenow.*`, `ledger.*`.
        """
        source = Source(bucket=hint.bucket, key=hint.key, version_id=hint.version_id)
        records, now = self._records(), self._clock()
        found = standing.judge(source, records, self._rules, now, hint.sequencer)
        judged = [self._planned(each) for each in found]
        held = [each.request for each in judged if each.request]
        for request in held:
            self._take(Transfer(request=request, received_at=now))
        if not held:
            self._report(judged, source, now)
            raise standing.refusal(judged)

    def _records(self) -> Sequence[Evidence]:
        asked_at = self._now()
        if self._last is None or asked_at - self._last[0] >= FRESH:
            self._last = (asked_at, self._inbox.standing())
        return self._last[1]

    def _planned(self, judged: Judged) -> Judged:
        """A grant or a destination that lacks is a refusal of the record, not of each object."""
        if judged.request is None:
            return judged
        try:
            planning.plan(judged.request, self._rules, self._destinations)
        except Permanent as error:
            return replace(judged, request=None, why=error)
        return judged

    def _report(self, judged: Sequence[Judged], source: Source, now: datetime) -> None:
        """Tickets of its own for each refusal, as an order that is refused has them.

        Drafts have none, nor has what exceeds TOLD: anybody may make as many as they like.
        """
        for each in [each for each in judged if standing.is_decided(each.record)][:TOLD]:
            if each.why is not None and each.why.permanent:
                log.warning(
                    "standing approval does not hold",
                    record=each.record.item_number,
                    code=each.why.code,
                    reason=each.why.message,
                )
                request = standing.refused(each.record, source, self._rules, each.why, now)
                self._take(Transfer(request=request, received_at=now).failed(each.why))

    def _take(self, received: Transfer) -> None:
        admitted = self._ledger.admit(received.evolve(trace=self._tracer.begun()))
        self._tracer.admitted(admitted)
        log.info("event followed", transfer=admitted.id, request=admitted.request.number)
        if not admitted.at_rest:
            self._carrier.carry([admitted])
