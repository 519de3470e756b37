"""What becomes of one message: each record that it names is read in ServiceNow and judged there."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

import structlog

from daemon.intake import Intake, Judgement
from transfer.errors import Code, FerryError, Permanent
from transfer.evidence import Evidence
from transfer.ports import Inbox
from transfer.remembered import Remembered
from transfer.request import hints
from transfer.request.hints import (
    ExecutionHint,
    Hint,
    ObjectHint,
    Reading,
    RequestHint,
    TaskHint,
)

UNKNOWN, UNKNOWN_FOR = 10_000, 60.0
"""How many names are remembered of which nothing stands there, and for how many seconds: a flood of
them must not use up the calls, and the order that comes after its hint is found all the same.
"""

Standing = Callable[[ObjectHint], None]
"""Takes up what a standing approval lets an S3 event alone send, or raises FerryError."""
Ended = Callable[[str], None]
"""Looks at the transfer of an execution that has ended, by its name."""
Read = Callable[[str], Reading]
"""What a message says; raises Permanent `hint.malformed`."""

log = structlog.get_logger()


def no_execution(name: str) -> None:
    """Where there is no second door: others' executions end as well."""


def no_standing(hint: ObjectHint) -> NoReturn:
    """Where there are no standing approvals. Raises Permanent `standing.missing`."""
    uri = f"s3://{hint.bucket}/{hint.key}"
    raise Permanent(
        Code.STANDING_MISSING,
        f"No standing approval covers {uri}; its event sends nothing.",
        file=uri,
    )


class Lookup:
    """Follows hints through the same judgement as the poll; `counts` says what became of them.

    `instance` is the host of ServiceNow, as it stands in the ids of requests.
    """

    def __init__(  # noqa: PLR0913 the doors that meet here
        self,
        inbox: Inbox,
        intake: Intake,
        instance: str,
        standing: Standing = no_standing,
        *,
        ended: Ended = no_execution,
        read: Read = hints.read,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unknown: Remembered[str] = Remembered(UNKNOWN, UNKNOWN_FOR, now)
        self._read = read
        self._inbox = inbox
        self._intake = intake
        self._instance = instance
        self._standing = standing
        self._ended = ended
        self.counts: Counter[str] = Counter()
        self.answers = 0
        """Hints that ServiceNow and the ledger have answered, whatever they said."""

    def follow(self, body: str) -> None:
        """Returns when the ledger has what the message asks for, or a later poll will find it.

        Raises Permanent `hint.malformed`, `hint.unknown`, `standing.*` and those of
        policy.authorise; Transient `approval.*` of a standing approval; `servicenow.*` and
        `ledger.*` when nobody can tell yet.
        """
        reading = self._read(body)
        if reading.ignored:
            log.warning("hint has fields that do not count", fields=reading.ignored)
        if reading.remark:
            self.counts["nothing asked"] += 1
            log.info("hint asks for nothing", remark=reading.remark)
        refusals = [error for hint in reading.hints if (error := self._refusal(hint))]
        refusals += reading.refused
        if refusals:
            # What may yet be approved keeps the message; the others are refused again then.
            raise min(refusals, key=lambda error: error.permanent)

    def _refusal(self, hint: Hint) -> FerryError | None:
        """An S3 message may name several objects: one that is refused keeps none of them back."""
        try:
            self._look_up(hint)
        except FerryError as error:
            if is_of_outside(error):
                raise
            return error
        return None

    def _look_up(self, hint: Hint) -> None:
        if isinstance(hint, ObjectHint):
            self._event(hint)
        elif isinstance(hint, ExecutionHint):
            self._ended(hint.name)
            self.answers += 1
            self._note("ended", hint)
        elif self._intake.known(self._in_the_ledger(hint)):
            self._note("known", hint)
        elif why := self._unknown.get(_name(hint)):
            raise Permanent(Code.HINT_UNKNOWN, why)
        else:
            self._ask(hint, _name(hint))

    def _event(self, hint: ObjectHint) -> None:
        try:
            self._standing(hint)
        except FerryError as error:
            self.answers += not is_of_outside(error)
            raise
        self.answers += 1
        self._note("taken", hint)

    def _in_the_ledger(self, hint: RequestHint | TaskHint) -> str:
        if isinstance(hint, TaskHint):
            return f"{self._instance}:sc_task:{hint.task_id}"
        return hint.number

    def _ask(self, hint: Hint, name: str) -> None:
        ids = self._inbox.find(name)
        found = [task for task_id in ids if (task := self._inbox.read(task_id)) is not None]
        refusals = [self._taken(task, hint) for task in found]
        self.answers += 1
        if not found:
            refusals = [_unknown(name)]
        # One task that goes on is what the message asked for; the others have their tickets.
        if refusals[0] is not None and None not in refusals:
            if refusals[0].code is Code.HINT_UNKNOWN:
                self._unknown.keep(name, refusals[0].message)
            raise refusals[0]

    def _taken(self, task: Evidence, hint: Hint) -> FerryError | None:
        try:
            judged = self._intake.hinted(task)
        except Permanent as error:
            if error.code is not Code.HINT_UNKNOWN:
                raise
            return error
        self._note(_verdict(judged), hint, transfer=task.request_id)
        return judged.why if judged.why and judged.why.permanent else None

    def _note(self, verdict: str, hint: Hint, **context: str) -> None:
        self.counts[verdict] += 1
        log.info("hint followed", hint=_name(hint), verdict=verdict, **context)


def is_of_outside(error: FerryError) -> bool:
    """It speaks of ServiceNow or the ledger, not of what the message says."""
    return error.code.partition(".")[0] in ("servicenow", "ledger")


def _unknown(name: str) -> Permanent:
    return Permanent(
        Code.HINT_UNKNOWN,
        f"No task of FileFerry's stands under {name}: it does not exist, belongs to others, or "
        "nobody has approved its order yet.",
    )


def _verdict(judged: Judgement) -> str:
    if judged.why is not None:
        return "not allowed" if judged.why.permanent else "waits for approval"
    return "taken" if judged.received else "known"


def _name(hint: Hint) -> str:
    if isinstance(hint, ObjectHint):
        return f"s3://{hint.bucket}/{hint.key}"
    if isinstance(hint, ExecutionHint):
        return hint.name
    return hint.number if isinstance(hint, RequestHint) else hint.task_id
