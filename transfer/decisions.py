"""What ends or begins by decision instead of by a step: quarantine, release, retry.

Pure functions: they return the head as it is to stand in the ledger, and what changes beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from transfer import history
from transfer.approval import items
from transfer.books import Record
from transfer.errors import Code, Permanent
from transfer.history import Event, EventKind
from transfer.model import Delivery, DeliveryState, Failure, Outcome, Stage, Transfer
from transfer.routing import in_process
from transfer.telling import reports
from transfer.telling.writing import Writer, lined, shortened
from transfer.tickets import Post, PostAction, TicketRole

MOST_CLAIMS = 5
"""Owners that may die over a transfer, one after the other, before it is set aside."""
LONGEST_REASON = 1000
"""Characters of an operator's reason."""

Change = Delivery | Post | Event

_UNSURE = (DeliveryState.INTENT, DeliveryState.UNKNOWN)
"""States in which the file may stand under its final name."""

SHOWN = "`fileferry show` says how it stands."

_RETRIED = (Outcome.REFUSED, Outcome.CANCELLED, Outcome.FAILED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An operator's word: who, when, and why. Raises Permanent `decision.refused` without a why."""

    by: str
    at: datetime
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON:
            raise _refused(
                f"A decision needs a reason of at most {LONGEST_REASON} characters.",
                "Say why with --reason; it stands on the audit ticket.",
            )

    def __str__(self) -> str:
        return f"by {self.by} at {self.at:%Y-%m-%d %H:%M:%S} UTC. Reason: {self.reason.strip()}"


def quarantine(
    transfer: Transfer, deliveries: Sequence[Delivery], now: datetime
) -> tuple[Transfer, list[Change]]:
    """Set aside the transfer of a claim that came after MOST_CLAIMS deaths; its tickets say so.

    An earlier failure stays the failure: it decides what is left to do after a release.
    """
    number = transfer.request.number
    error = Permanent(
        Code.TRANSFER_QUARANTINED,
        f"FileFerry ended {transfer.claims - 1} times in a row while it worked on {number}.",
    )
    cause = Failure.of(error)
    head, changes = _aside(transfer, deliveries, cause, now)
    return head, [*changes, history.failure_event(EventKind.QUARANTINED, cause, now)]


def _aside(
    transfer: Transfer, deliveries: Sequence[Delivery], cause: Failure, now: datetime
) -> tuple[Transfer, list[Change]]:
    head = transfer.evolve(quarantined_at=now)
    if transfer.failure:
        head = head.evolve(loose_ends=(*transfer.loose_ends, cause))
    else:
        head = head.evolve(failure=cause)
    text = (
        f"The transfer is in quarantine. {cause.message} It is not tried again until an operator "
        f"releases it. {_arrived(deliveries)} {cause.action} ({cause.code})"
    )
    write = Writer(transfer)
    what = f"quarantined-{transfer.epoch}"
    task = (TicketRole.TASK,) if transfer.request.task_id else ()
    posts = [
        write.post(role, PostAction.NOTE, text, what=what, comment=text)
        for role in (TicketRole.USER, TicketRole.AUDIT, *task)
    ]
    return head, [*reports.opening(transfer, deliveries), *posts]


def release(record: Record, word: Word) -> tuple[Transfer, list[Change]]:
    """Let a transfer go on from where it was left, in process.

    Raises Permanent `decision.refused`.
    """
    transfer = record.transfer
    if transfer.quarantined_at is None or transfer.finished:
        raise _refused(
            f"{transfer.request.number} is not in quarantine.",
            "`fileferry quarantine list` shows what is.",
        )
    released = in_process(transfer).evolve(
        quarantined_at=None,
        failure=None if _is_quarantine(transfer.failure) else transfer.failure,
        loose_ends=tuple(end for end in transfer.loose_ends if not _is_quarantine(end)),
    )
    write, what = Writer(transfer), f"released-{transfer.epoch}"
    told = "The transfer was released from quarantine and goes on."
    return released, [
        write.post(TicketRole.USER, PostAction.NOTE, told, what=what, comment=told),
        write.post(
            TicketRole.AUDIT, PostAction.NOTE, f"Released from quarantine {word}", what=what
        ),
        history.decided(f"released from quarantine {word}", transfer.epoch + 1, word.at),
    ]


def insist_on_work(transfer: Transfer, deliveries: Sequence[Delivery], what: str) -> None:
    """Refuse what comes too late for an operator to `what` it. Raises `decision.refused`."""
    number = transfer.request.number
    if transfer.finished:
        raise _refused(f"{number} has ended already: {transfer.outcome}.", SHOWN)
    arrived = [item.state is DeliveryState.PUBLISHED for item in deliveries]
    if transfer.outcome is Outcome.DELIVERED or (arrived and all(arrived)):
        raise _refused(f"It is too late to {what} {number}: all files have their names.", SHOWN)
    if transfer.failure and not _is_quarantine(transfer.failure):
        raise _refused(
            f"{number} has ended already ({transfer.failure.code}); its tickets are left.", SHOWN
        )


def cancel(
    transfer: Transfer, deliveries: Sequence[Delivery], word: Word
) -> tuple[Transfer, list[Change]]:
    """End a transfer that nobody works on, or that is claimed by who says so: its next owner finds
    out what became of a rename that was asked for, tells the tickets, and removes its temps.

    Raises Permanent `decision.refused` once all files have their final names.
    """
    insist_on_work(transfer, deliveries, "cancel")
    error = Permanent(Code.REQUEST_CANCELLED, f"Cancelled {str(word).rstrip('.')}.")
    awake = transfer.evolve(
        quarantined_at=None,
        failure=None,
        loose_ends=tuple(end for end in transfer.loose_ends if not _is_quarantine(end)),
    )
    event = history.decided(f"cancelled {word}", transfer.epoch + transfer.at_rest, word.at)
    ended = in_process(awake).failed(error)
    return ended, [event, *history.between(awake, ended, word.at)]


def set_aside(
    transfer: Transfer, deliveries: Sequence[Delivery], word: Word
) -> tuple[Transfer, list[Change]]:
    """Put a transfer into quarantine by hand. Raises Permanent `decision.refused`."""
    insist_on_work(transfer, deliveries, "set aside")
    if transfer.at_rest:
        raise _refused(f"{transfer.request.number} is in quarantine already.", SHOWN)
    error = Permanent(Code.TRANSFER_QUARANTINED, f"Set aside {str(word).rstrip('.')}.")
    head, changes = _aside(transfer, deliveries, Failure.of(error), word.at)
    return head, [*changes, history.decided(f"set aside {word}", transfer.epoch, word.at)]


def retry(
    record: Record,
    word: Word,
    *,
    resend_unknown: bool,
    pin_anew: bool = False,
    beside: Sequence[Transfer] = (),
) -> tuple[Transfer, list[Change]]:
    """A new generation of a transfer at rest, for the files that are missing.

    It has tickets of its own, opened with the operator's word. What was published stays so. It
    carries no approval: whoever carries it on asks ServiceNow first. `beside` are transfers of
    other tasks of its item: the audit ticket names them.

    `resend_unknown`: files whose outcome nobody knows are sent as well, and may arrive twice.
    `pin_anew`: of each file what is in S3 then is sent, and not what was pinned before.
    Raises Permanent `decision.refused`.
    """
    _insist_on_retry(record, resend_unknown=resend_unknown)
    begun = in_process(record.transfer).evolve(
        generation=record.transfer.generation + 1,
        stage=Stage.RECEIVED,
        session=None,
        outcome=None,
        failure=None,
        loose_ends=(),
        closed_at=None,
        quarantined_at=None,
    )
    deliveries = [_anew(item, pin_anew=pin_anew) for item in record.deliveries]
    changed = [item for item in deliveries if item not in record.deliveries]
    content = _content(deliveries, pin_anew=pin_anew)
    retried = f"Generation {begun.generation}: retried {word}"
    origin = lined([retried, content, *_before(record), *_beside(beside)])
    posts = [
        replace(post, text=f"{post.text}\n\n{origin}")
        for post in reports.opening(begun, deliveries)
        if post.action is PostAction.OPEN
    ]
    return begun, [*changed, *posts, _retried(record.transfer, begun, word)]


def _retried(before: Transfer, begun: Transfer, word: Word) -> Event:
    """Says how the generation before ended, also where that has no events of its own."""
    ended = str(before.outcome or "quarantined")
    code = f" ({before.failure.code})" if before.failure else ""
    words = f"retried as generation {begun.generation}, after {ended}{code}, {word}"
    return history.decided(words, before.epoch + 1, word.at)


def _insist_on_retry(record: Record, *, resend_unknown: bool) -> None:
    transfer, number = record.transfer, record.transfer.request.number
    if not transfer.at_rest:
        raise _refused(f"{number} is still under way.", "Wait until it has ended.")
    if transfer.finished and transfer.outcome not in _RETRIED:
        raise _refused(f"{number} was {transfer.outcome} already.", "Order the transfer anew.")
    unsure = [item.final for item in record.deliveries if item.state in _UNSURE]
    if unsure and not transfer.finished:
        raise _refused(
            f"{unsure[0]} was being published when the last owner of {number} died.",
            "Release it from quarantine: FileFerry then finds out by itself whether it arrived.",
        )
    if unsure and not resend_unknown:
        raise _refused(
            f"Nobody knows whether {', '.join(unsure[:3])} arrived; sent again it may be doubled.",
            "Ask the partner first; then add --resend-unknown.",
        )
    if record.unsent:
        # A late close of the old generation's task would end the new one.
        raise _refused(
            f"{record.unsent} notes of {number} have not reached ServiceNow yet.",
            "Wait until `fileferry show` counts no unsent notes.",
        )


def _anew(delivery: Delivery, *, pin_anew: bool) -> Delivery:
    """From the beginning, unless it arrived; what it left at the partner's is to be removed.

    The pin stays: a retry sends no other content than the run that it follows.
    """
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    final = delivery.ordered or delivery.final
    left = (*delivery.older, *delivery.candidates, *filter(None, [delivery.temp]))
    # In place of a rename the file is written under its final name: that is nobody's to remove.
    older = tuple(name for name in dict.fromkeys(left) if name != delivery.final)
    pin = None if pin_anew else delivery.pin
    return Delivery(
        number=delivery.number, source=delivery.source, final=final, older=older, pin=pin
    )


def _content(deliveries: Sequence[Delivery], *, pin_anew: bool) -> str:
    """What the audit ticket says of the content that a retry sends."""
    if pin_anew:
        return "Content: pinned anew, whatever the earlier run had pinned."
    kept = sum(item.pin is not None for item in deliveries)
    if not kept:
        return "Content: pinned now; the earlier run had pinned nothing."
    rest = "" if kept == len(deliveries) else "; the others are pinned now, for the first time"
    return f"Content: {kept:,} of {len(deliveries):,} files stay pinned as before{rest}."


def _before(record: Record) -> list[str]:
    roles = (TicketRole.USER, TicketRole.AUDIT)
    known = [f"{record.tickets[role].number} ({role})" for role in roles if role in record.tickets]
    return [f"Earlier tickets: {', '.join(known)}."] if known else []


def _beside(others: Sequence[Transfer]) -> list[str]:
    told = shortened(others, lambda other: f"{items.name_of(other)} ({items.how_it_stands(other)})")
    return [f"Other tasks of the same item: {', '.join(told)}."] if told else []


def _arrived(deliveries: Sequence[Delivery]) -> str:
    if not deliveries:
        return "Nothing has been sent."
    states = [item.state for item in deliveries]
    whole = f"{states.count(DeliveryState.PUBLISHED)} of {len(states)} files have arrived."
    unsure = sum(states.count(state) for state in _UNSURE)
    return f"{whole} Of {unsure} nobody knows yet." if unsure else whole


def _is_quarantine(failure: Failure | None) -> bool:
    return failure is not None and failure.code == Code.TRANSFER_QUARANTINED


def _refused(message: str, action: str) -> Permanent:
    return Permanent(Code.DECISION_REFUSED, message, action=action)
