"""Who says that a request may still be carried out: ServiceNow, read again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from transfer.approval import policy, standing
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Request
from transfer.ports import Inbox
from transfer.request import planning
from transfer.rules import Rules


class InstanceAuthority:
    """The Authority of an approved request: ServiceNow itself, asked again.

    An answer counts for FRESH seconds, so that a request of a thousand files does not ask a
    thousand times a second; the ticket tells when it was read.
    """

    FRESH = 1.0

    def __init__(
        self, inbox: Inbox, rules: Rules, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._inbox = inbox
        self._rules = rules
        self._now = now
        self._fresh: dict[tuple[str, str], tuple[float, datetime]] = {}
        """When each was asked for, and when it was read. Many transfers ask in turn."""

    def confirm(self, request: Request) -> datetime:
        key, now = (request.id, request.fingerprint), self._now()
        known = self._fresh.get(key)
        if known and now - known[0] < self.FRESH:
            return known[1]
        read_at = self._ask(request)
        # Of two threads one may leave out the other's answer, which is then asked for once more.
        kept = {each: it for each, it in self._fresh.items() if now - it[0] < self.FRESH}
        self._fresh = {**kept, key: (now, read_at)}
        return read_at

    def _ask(self, request: Request) -> datetime:
        evidence = self._read(request)
        if evidence is None:
            name = f"Task {request.task_number}" if request.task_id else request.number
            raise Permanent(Code.REQUEST_VANISHED, f"{name} is no longer there to be read.")
        try:
            current = self._judged(evidence, request)
        except Transient as error:
            if error.code is not Code.APPROVAL_PENDING:
                raise
            raise Permanent(
                Code.APPROVAL_WITHDRAWN,
                f"The approval of {request.number} was withdrawn before the file was published: "
                f"{error.message}",
            ) from error
        if current.fingerprint != request.fingerprint:
            raise Permanent(
                Code.REQUEST_ALTERED, f"{request.number} was altered after FileFerry took it up."
            )
        planning.check_grants(current, self._rules)
        return evidence.read_at

    def _judged(self, evidence: Evidence, request: Request) -> Request:
        if not request.standing:
            return policy.authorise(evidence, self._rules, taken=request)
        return standing.authorise(
            evidence, standing.object_of(request), self._rules, evidence.read_at
        )

    def _read(self, request: Request) -> Evidence | None:
        try:
            if not request.standing:
                return self._inbox.read(request.task_id)
            return next(iter(self._inbox.standing(request.standing)), None)
        except Permanent as error:
            # A login or a right that is lost is mended by a person; a verified file waits for it.
            raise Transient(error.code, error.message, action=error.action) from error
