"""The notes on the way: what a ticket says between its opening and its end.

Every post has a key of its own, so that a step that is run twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from transfer.books import Record
from transfer.errors import FerryError
from transfer.evidence import Evidence
from transfer.model import Delivery, DeliveryState, Session, Transfer
from transfer.telling.writing import Writer, count_of, in_bytes, lined, shortened
from transfer.tickets import Post, PostAction, TicketRole
from transfer.visible import in_utc

QUARTERS = 4
WHOLE = (DeliveryState.VERIFIED, DeliveryState.INTENT, DeliveryState.PUBLISHED)


def started(transfer: Transfer, deliveries: Sequence[Delivery]) -> list[Post]:
    """The note at the start of the transfer: what is sent, and how much."""
    total = sum(item.size for item in deliveries)
    lines = shortened(deliveries, lambda item: f"  {item.source.uri} ({in_bytes(item.size)})")
    head = f"Transfer started: {count_of(deliveries)}, {in_bytes(total)}."
    text = [head, *lines]
    return [Writer(transfer).post(TicketRole.USER, PostAction.NOTE, text, what="started")]


def progress(transfer: Transfer, deliveries: Sequence[Delivery], quarter: int) -> Post:
    """The note at 25, 50 or 75 % of all files together, once for each of them."""
    sent = in_bytes(sum(item.size for item in deliveries))
    text = (
        f"{quarter * 25} % of {_what(deliveries)}: the partner's server has acknowledged "
        f"{_moved(deliveries):,} of {sent}."
    )
    what = f"progress-{quarter}"
    return Writer(transfer).post(TicketRole.USER, PostAction.NOTE, text, what=what, droppable=True)


def quarter_of(deliveries: Sequence[Delivery]) -> int:
    """How many quarters of the bytes have moved, 0 to QUARTERS."""
    total = sum(item.size for item in deliveries)
    return _moved(deliveries) * QUARTERS // total if total else 0


def is_outdated(note: Post, record: Record) -> bool:
    """The request has passed the next quarter, or has ended: other words say more."""
    head = record.transfer
    if head.generation != note.generation or head.outcome is not None:
        return True
    told = note.key.rpartition("-")[2]
    return not told.isdigit() or quarter_of(record.deliveries) > int(told)


def _what(deliveries: Sequence[Delivery]) -> str:
    if len(deliveries) == 1:
        return deliveries[0].source.uri
    arrived = sum(item.state is DeliveryState.PUBLISHED for item in deliveries)
    return f"{count_of(deliveries)}, of which {arrived:,} have arrived"


def _moved(deliveries: Sequence[Delivery]) -> int:
    """Bytes; what has left the uploading behind is whole, whatever was counted last."""
    return sum(
        item.size if item.state in WHOLE else min(item.moved, item.size) for item in deliveries
    )


def resumed(transfer: Transfer) -> Post:
    """The note of an owner that goes on after another one died: once an epoch."""
    return Writer(transfer).post(
        TicketRole.AUDIT,
        PostAction.NOTE,
        f"Resumed after an interruption at stage “{transfer.stage}”, epoch {transfer.epoch}.",
        what=f"resumed-{transfer.epoch}",
    )


def ended(transfer: Transfer, session: Session) -> list[Post]:
    """The note on how the end of the session was proven, behind the end of the audit ticket."""
    if not session.ended:
        return []
    text = f"End of session {session.id}: {session.ended}."
    return [Writer(transfer).post(TicketRole.AUDIT, PostAction.NOTE, text, what="session-ended")]


def restarted(transfer: Transfer, delivery: Delivery, why: str) -> Post:
    """The note that a file is sent again from its first byte."""
    return Writer(transfer).post(
        TicketRole.USER,
        PostAction.NOTE,
        f"{delivery.source.uri} starts over: {delivery.moved:,} of {in_bytes(delivery.size)} had "
        f"been sent, but {why}.",
        what=f"restarted-{delivery.number}-{transfer.epoch}",
    )


def queued(transfer: Transfer, holder: Transfer) -> Post:
    """The note that another request has the final name first: once for each of them."""
    return Writer(transfer).post(
        TicketRole.USER,
        PostAction.NOTE,
        f"This transfer waits: another request ({holder.request.number or holder.id}) is "
        "delivering to the same name on "
        f"{transfer.request.destination}. It goes on by itself.",
        what=f"queued-{holder.id}",
    )


def awaiting(transfer: Transfer, until: datetime) -> Post:
    """The note that everything is there, and only the partner's word is missing: once."""
    return Writer(transfer).post(
        TicketRole.USER,
        PostAction.NOTE,
        "Published; waiting for the partner's acknowledgement, at the latest until "
        f"{in_utc(until)}.",
        what="awaiting",
    )


def scheduled(transfer: Transfer, start: datetime) -> Post:
    """The note that the transfer has to wait for its hours, with the predicted start."""
    return Writer(transfer).post(
        TicketRole.USER,
        PostAction.NOTE,
        f"This transfer may not move yet. Predicted start: {in_utc(start)}.",
        what=f"scheduled-{start:%Y%m%d%H%M}",
    )


def rehearsal(transfer: Transfer, lines: Sequence[str], start: datetime) -> Post:
    """The plan of a dry run."""
    text = [f"Dry run, nothing was sent. It could start at {in_utc(start)}.", *lines]
    return Writer(transfer).post(TicketRole.USER, PostAction.NOTE, text, what="rehearsal")


def waiting(evidence: Evidence, error: FerryError) -> Post:
    """The note on a task that cannot be taken up yet: once for each reason."""
    return Post(
        key=f"{evidence.request_id}#0:{TicketRole.TASK}:{error.code}",
        transfer_id=evidence.request_id,
        generation=0,
        ticket=TicketRole.TASK,
        action=PostAction.NOTE,
        text=lined(
            f"FileFerry does not start this transfer. {error.message} {error.action} ({error.code})"
        ),
        number=evidence.item_number,
        requester_id=evidence.requester_id,
        task_id=evidence.task_id,
    )


def foreign(transfer: Transfer, execution: str) -> Post:
    """The note that an execution asked for the transfer that is not the one which carries it."""
    return Writer(transfer).post(
        TicketRole.AUDIT,
        PostAction.NOTE,
        f"The execution {execution} asked for this transfer. FileFerry carries it by "
        f"{transfer.execution or 'none'}, so it was refused, and nothing was done for it.",
        what=f"foreign-{execution}",
    )


def routed(transfer: Transfer, reason: str) -> Post:
    """The note that AWS carries the transfer from here on, and why: once an execution."""
    return Writer(transfer).post(
        TicketRole.AUDIT,
        PostAction.NOTE,
        f"Carried by the execution {transfer.execution} of Step Functions. {reason}",
        what=f"routed-{transfer.execution}",
    )


def taken_over(transfer: Transfer, execution: str, why: str) -> Post:
    """The note that this host goes on where the execution left off: once for each."""
    return Writer(transfer).post(
        TicketRole.AUDIT,
        PostAction.NOTE,
        f"Taken over from the execution {execution} at stage “{transfer.stage}”: {why}.",
        what=f"taken-over-{execution}",
    )


def may_wait(note: Post) -> bool:
    """It is about a task that waits itself: drafts must not use up the calls of approved ones."""
    return note.generation == 0


def reopened(transfer: Transfer, altered: bool) -> Post:
    """The note on a task that is open again although its request was dealt with: once."""
    outcome = transfer.outcome or "taken up"
    reason = "with other content than was taken up" if altered else "again"
    return Writer(transfer).post(
        TicketRole.TASK,
        PostAction.NOTE,
        f"This task is open {reason}, but {transfer.request.number} was {outcome} already. "
        "FileFerry never sends a request twice: order the transfer anew.",
        what="altered" if altered else "reopened",
    )
