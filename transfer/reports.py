"""The words on the tickets: what each Post says, and when.

Every post has a key of its own, so that a step that is run twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from transfer.errors import FerryError
from transfer.evidence import Evidence
from transfer.model import Delivery, DeliveryState, Failure, Outcome, Receipt, Request, Transfer
from transfer.tickets import Post, PostAction, TicketRole

NOT_COMPUTED = "not computed for this destination"
TIERS = {
    "T0": "the size on the partner's server after close",
    "T1": "the hash that the partner's server computed itself",
    "T2": "the file read back from the partner's server and hashed",
}


def opening(transfer: Transfer, deliveries: Sequence[Delivery]) -> list[Post]:
    """Both tickets, and the task shown as being worked on."""
    write = _Writer(transfer)
    request = transfer.request
    title = f"File transfer {request.number} to {request.destination or 'an unnamed destination'}"
    return [
        write.post(TicketRole.USER, PostAction.OPEN, _order(request, deliveries), title=title),
        write.post(
            TicketRole.AUDIT,
            PostAction.OPEN,
            f"{_order(request, deliveries)}\n\n{_chain(transfer)}",
            title=f"Audit of file transfer {request.number}",
        ),
        write.post(
            TicketRole.TASK,
            PostAction.START,
            f"FileFerry has taken up {request.number}; progress is on its ticket.",
        ),
    ]


def started(transfer: Transfer, deliveries: Sequence[Delivery]) -> list[Post]:
    """The note at the start of the transfer: what is sent, and how much."""
    total = sum(item.size for item in deliveries)
    lines = [f"  {item.source.uri} ({_bytes(item.size)})" for item in deliveries]
    text = "\n".join([f"Transfer started: {_files(deliveries)}, {_bytes(total)}.", *lines])
    return [_Writer(transfer).post(TicketRole.USER, PostAction.NOTE, text, what="started")]


def progress(transfer: Transfer, delivery: Delivery, quarter: int) -> Post:
    """The note at 25, 50 or 75 % of one file."""
    text = (
        f"{quarter * 25} % of {delivery.source.uri}: the partner's server has acknowledged "
        f"{delivery.moved:,} of {_bytes(delivery.size)}."
    )
    what = f"progress-{delivery.number}-{quarter}"
    return _Writer(transfer).post(TicketRole.USER, PostAction.NOTE, text, what=what)


def ending(transfer: Transfer, deliveries: Sequence[Delivery], now: datetime) -> list[Post]:
    """How it ended. The opening posts are repeated: a refusal may come before any was added."""
    write = _Writer(transfer)
    outcome = transfer.outcome or Outcome.FAILED
    summary = _summary(transfer, deliveries)
    files = "\n\n".join(_file(item) for item in deliveries)
    result = f"{summary}\n\n{files}" if files else summary
    evidence = f"{result}\n\n{_chain(transfer)}\nReported at {_time(now)}."
    return [
        *opening(transfer, deliveries),
        write.post(TicketRole.USER, PostAction.CLOSE, result, comment=summary, outcome=outcome),
        write.post(TicketRole.AUDIT, PostAction.CLOSE, evidence, outcome=outcome),
        write.post(TicketRole.TASK, PostAction.CLOSE, summary, outcome=outcome),
    ]


def waiting(evidence: Evidence, error: FerryError) -> Post:
    """The note on a task that cannot be taken up yet: once for each reason."""
    return Post(
        key=f"{evidence.request_id}#0:{TicketRole.TASK}:{error.code}",
        transfer_id=evidence.request_id,
        generation=0,
        ticket=TicketRole.TASK,
        action=PostAction.NOTE,
        text=f"FileFerry does not start this transfer. {error.message} {error.action} "
        f"({error.code})",
        number=evidence.item_number,
        requester_id=evidence.requester_id,
        task_id=evidence.task_id,
    )


def reopened(transfer: Transfer, altered: bool) -> Post:
    """The note on a task that is open again although its request was dealt with: once."""
    outcome = transfer.outcome or "taken up"
    reason = "with other content than was taken up" if altered else "again"
    return _Writer(transfer).post(
        TicketRole.TASK,
        PostAction.NOTE,
        f"This task is open {reason}, but {transfer.request.number} was {outcome} already. "
        "FileFerry never sends a request twice: order the transfer anew.",
        what="altered" if altered else "reopened",
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Fills in what all posts of a transfer have in common."""

    transfer: Transfer

    def post(  # noqa: PLR0913 each is a field of Post
        self,
        ticket: TicketRole,
        action: PostAction,
        text: str,
        *,
        what: str = "",
        title: str = "",
        comment: str = "",
        outcome: Outcome | None = None,
    ) -> Post:
        transfer, request = self.transfer, self.transfer.request
        return Post(
            key=f"{transfer.id}#{transfer.generation}:{ticket}:{what or action}",
            transfer_id=transfer.id,
            generation=transfer.generation,
            ticket=ticket,
            action=action,
            text=text,
            title=title,
            comment=comment,
            outcome=outcome,
            number=request.number,
            requester_id=request.requester_id,
            task_id=request.task_id,
        )


def _order(request: Request, deliveries: Sequence[Delivery]) -> str:
    wanted = (
        [f"  {item.source.uri} → {item.final}" for item in deliveries]
        if deliveries
        else [f"  {uri} → {request.target or '(the root)'}" for uri in request.sources]
    )
    head = f"{request.requester} asked for a transfer to {request.destination}:"
    return "\n".join([head, *wanted])


def _chain(transfer: Transfer) -> str:
    """Who asked, who approved, under which authority: what an auditor asks first."""
    request = transfer.request
    approved = f" at {_time(request.approved_at)}" if request.approved_at else ""
    rows = [
        f"Request: {request.number} ({request.request_number}), task {request.task_number}",
        f"Requester: {request.requester}",
        f"Approved by: {', '.join(request.approvers) or 'nobody'}{approved}",
        f"Fingerprint of the approved fields (SHA-256): {request.fingerprint}",
        f"Transfer id: {transfer.id}, generation {transfer.generation}",
    ]
    if transfer.session:
        rows.append(f"Read as: {transfer.session.identity} (session {transfer.session.id})")
    return "\n".join(rows)


def _summary(transfer: Transfer, deliveries: Sequence[Delivery]) -> str:
    request, failure = transfer.request, transfer.failure
    if transfer.outcome is Outcome.DELIVERED or failure is None:
        total = sum(item.size for item in deliveries)
        return f"Delivered {_files(deliveries)}, {_bytes(total)}, to {request.destination}."
    word = "was refused" if transfer.outcome is Outcome.REFUSED else "failed"
    arrived = [item for item in deliveries if item.state is DeliveryState.PUBLISHED]
    rest = f" {_files(arrived)} of {len(deliveries)} had arrived before." if arrived else ""
    return f"The transfer {word}. {_reason(failure)}{rest}"


def _reason(failure: Failure) -> str:
    return f"{failure.message} {failure.action} ({failure.code})"


def _file(delivery: Delivery) -> str:
    receipt = delivery.receipt
    if receipt is None:
        why = f": {delivery.failure.message}" if delivery.failure else ""
        unknown = delivery.state is DeliveryState.UNKNOWN
        return f"{delivery.final}: {'outcome unknown' if unknown else 'not delivered'}{why}"
    pin = delivery.pin
    version = f", version {pin.version_id}" if pin and pin.version_id else ""
    return "\n".join(
        [
            f"{receipt.path}: delivered",
            f"  Source: {delivery.source.uri}{version}",
            f"  Size: {_bytes(receipt.size)} in {receipt.seconds:.1f} s",
            f"  MD5: {receipt.md5 or NOT_COMPUTED}",
            f"  SHA-256: {receipt.sha256 or NOT_COMPUTED}",
            f"  Verified: {_proof(receipt)}; source compared by {receipt.source_check or 'size'}",
            f"  Server: {receipt.server}",
            (
                f"  Approval read again at {_time(receipt.rechecked_at)}, "
                f"published at {_time(receipt.published_at)}"
            ),
        ]
    )


def _proof(receipt: Receipt) -> str:
    rest = ", written in place without a rename: at-least-once" if receipt.in_place else ""
    return f"tier {receipt.tier}, {TIERS[receipt.tier]}{rest}"


def _files(deliveries: Sequence[Delivery]) -> str:
    return "1 file" if len(deliveries) == 1 else f"{len(deliveries)} files"


def _bytes(size: int) -> str:
    return "1 byte" if size == 1 else f"{size:,} bytes"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
