"""The frame of the tickets: how each is opened, and how it ends.

Every post has a key of its own, so that a step that is run twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from transfer.audit.chain import Link
from transfer.model import (
    Delivery,
    DeliveryState,
    Failure,
    Manifest,
    Outcome,
    Pin,
    Receipt,
    Request,
    Session,
    SessionKind,
    Transfer,
)
from transfer.request.binding import basis
from transfer.telling import document
from transfer.telling.writing import Writer, count_of, in_bytes, paragraphs, shortened
from transfer.tickets import Post, PostAction, TicketRole
from transfer.visible import in_utc

MANIFESTS = 10
"""Manifests that the audit ticket names; receipt.json has them all."""
NOT_COMPUTED = "not computed for this destination"
ENDED = {
    Outcome.REFUSED: "was refused",
    Outcome.CANCELLED: "was cancelled",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "ended with an unknown outcome",
}
TIERS = {
    "T0": "the size on the partner's server after close",
    "T1": "the hash that the partner's server computed itself",
    "T2": "the file read back from the partner's server and hashed",
    "T3": "the partner's own acknowledgement",
}


def opening(transfer: Transfer, deliveries: Sequence[Delivery]) -> list[Post]:
    """Both tickets, and the task shown as being worked on."""
    write = Writer(transfer)
    request = transfer.request
    title = f"File transfer {request.number} to {request.destination or 'an unnamed destination'}"
    posts = [
        write.post(TicketRole.USER, PostAction.OPEN, _order(request, deliveries), title=title),
        write.post(
            TicketRole.AUDIT,
            PostAction.OPEN,
            paragraphs(_order(request, deliveries), _chain(transfer)),
            title=f"Audit of file transfer {request.number}",
        ),
        write.post(
            TicketRole.TASK,
            PostAction.START,
            f"FileFerry has taken up {request.number}; progress is on its ticket.",
        ),
    ]
    return _without_task(posts, request)


def noted(transfer: Transfer, deliveries: Sequence[Delivery], note: Post) -> list[Post]:
    """A note that may be the first word on its ticket, behind the ticket's opening.

    The posts of a ticket are sent in order: before its opening a note would keep it from being
    opened for ever.
    """
    return [*opening(transfer, deliveries), note]


def _without_task(posts: list[Post], request: Request) -> list[Post]:
    """A standing approval has no task to work on."""
    return [post for post in posts if request.task_id or post.ticket is not TicketRole.TASK]


def ending(
    transfer: Transfer,
    deliveries: Sequence[Delivery],
    now: datetime,
    too_late: str = "",
    link: Link | None = None,
) -> list[Post]:
    """How it ended. The opening posts are repeated: a refusal may come before any was added.

    `too_late` is what was withdrawn when the files had their final names already; `link` is that
    of the receipt.
    """
    write = Writer(transfer)
    outcome = transfer.outcome or Outcome.FAILED
    summary = summarised(transfer, deliveries)
    if too_late:
        summary += f" {too_late} That came too late: nothing is taken back."
    files = shortened(deliveries, _file)
    result = list(paragraphs(summary, *files))
    head, proof = _receipt(transfer, deliveries, now, link)
    # A ticket's field is short: the chain must stand before what may be cut off.
    chain = [*_chain(transfer), f"Reported at {in_utc(now)}."]
    evidence = paragraphs([summary, *proof], chain, *files)
    posts = [
        *opening(transfer, deliveries),
        write.post(TicketRole.USER, PostAction.CLOSE, result, comment=summary, outcome=outcome),
        write.post(TicketRole.AUDIT, PostAction.ATTACH, head),
        write.post(TicketRole.AUDIT, PostAction.CLOSE, evidence, outcome=outcome),
        write.post(TicketRole.TASK, PostAction.CLOSE, summary, outcome=outcome),
    ]
    return _without_task(posts, transfer.request)


def _receipt(
    transfer: Transfer, deliveries: Sequence[Delivery], now: datetime, link: Link | None
) -> tuple[str, list[str]]:
    """What the document is built from, and the words that tie the closed ticket to its bytes."""
    head = document.ending_of(transfer, now, link)
    content = document.document(head, transfer, deliveries)
    return head, [
        f"All of it: {document.NAME}, SHA-256 {document.digest(content)}",
        *_of_link(link),
    ]


def _of_link(link: Link | None) -> Iterator[str]:
    """The head of the chain, where nobody who has the ledger can alter it unseen."""
    if link is None:
        return
    yield f"Chain of receipts: {link.name}, number {link.number}, hash {link.hash}"
    yield f"After: {link.previous}" if link.number > 1 else "After: nothing, it is the first"
    if link.signature:
        yield f"Signed: {link.signature.algorithm}, public key SHA-256 {link.signature.key}"


def _order(request: Request, deliveries: Sequence[Delivery]) -> list[str]:
    wanted = (
        shortened(deliveries, lambda item: f"  {item.source.uri} → {item.final}")
        if deliveries
        else shortened(request.sources, lambda uri: f"  {uri} → {request.target or '(the root)'}")
    )
    head = f"{people_of(request)} asked for a transfer to {request.destination}:"
    return [head, *wanted]


def _chain(transfer: Transfer) -> list[str]:
    """Who asked, who approved, under which authority: what an auditor asks first."""
    request = transfer.request
    rows = [
        f"Standing approval: {request.number}"
        if request.standing
        else f"Request: {request.number} ({request.request_number}), task {request.task_number}",
        f"Requester: {people_of(request)}",
        *_approval(request),
        *_content(request),
        f"Fingerprint of the approved fields (SHA-256): {request.fingerprint}",
        f"Transfer id: {transfer.id}, generation {transfer.generation}",
    ]
    if transfer.session:
        rows.append(f"Read as: {transfer.session.identity} (session {transfer.session.id})")
        rows += _openings(transfer.session)
    # The lists that the files were read from; a request may have many.
    rows += [_manifest(each) for each in transfer.manifests[:MANIFESTS]]
    if len(transfer.manifests) > MANIFESTS:
        rows.append(f"… and {len(transfer.manifests) - MANIFESTS} more manifests")
    # Apart from those that count, and last: they may be many.
    rows += [f"Does not count: {each}" for each in request.discounted]
    return rows


def _openings(session: Session) -> list[str]:
    """How narrow the authority was; nothing to say where it was the process's own."""
    if session.kind is SessionKind.PROCESS:
        return []
    way = (
        "credentials that end themselves (sts:GetScopedCredentials)"
        if session.kind is SessionKind.SCOPED
        else "the role with a session policy that ends; the credentials' nominal life is longer"
    )
    # Who died while he read may have opened more than he had told.
    many = f"{'at least ' if session.least else ''}{session.opened:,} opened"
    return [f"Sessions of 10 seconds, each for one object: {many}, by {way}"]


def _content(request: Request) -> list[str]:
    """What ties the bytes to the approval."""
    approved = basis(request)
    return [f"Content: {approved}"] if approved else []


def _manifest(manifest: Manifest) -> str:
    pin = manifest.pin
    return (
        f"Manifest: {manifest.source.uri}{_of_pin(pin)}, {manifest.files:,} files, "
        f"SHA-256 {manifest.sha256}"
    )


def _of_pin(pin: Pin) -> str:
    version = f", version {pin.version_id}" if pin.version_id else ""
    return f"{version}, written at {in_utc(pin.modified)}" if pin.modified else version


def people_of(request: Request) -> str:
    """Who asked, and for whom."""
    opener, requester = request.opener, request.requester
    return f"{opener} (for {requester})" if opener not in ("", requester) else requester


def _approval(request: Request) -> Iterator[str]:
    """Who approved, and who wrote that down."""
    if not request.approvers:
        yield "Approved by: nobody"
        return
    approved = f" at {in_utc(request.approved_at)}" if request.approved_at else ""
    yield f"Approved by: {_names(request.approvers)}{approved}"
    if request.actors:
        yield f"Decision written by: {_names(request.actors)}"


def _names(users: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(users))


def summarised(transfer: Transfer, deliveries: Sequence[Delivery]) -> str:
    """How it ended, in a sentence or three: with the action and the code of a failure."""
    request, failure = transfer.request, transfer.failure
    if transfer.outcome is Outcome.REHEARSED:
        return f"Dry run of {count_of(deliveries)} to {request.destination}: nothing was sent."
    if transfer.outcome is Outcome.DELIVERED or failure is None:
        total = sum(item.size for item in deliveries)
        return f"Delivered {count_of(deliveries)}, {in_bytes(total)}, to {request.destination}."
    word = ENDED[transfer.outcome or Outcome.FAILED]
    arrived = [item for item in deliveries if item.state is DeliveryState.PUBLISHED]
    rest = f" {count_of(arrived)} of {len(deliveries)} had arrived before." if arrived else ""
    return f"The transfer {word}. {_reason(failure)}{rest}"


def _reason(failure: Failure) -> str:
    return f"{failure.message} {failure.action} ({failure.code})"


def _file(delivery: Delivery) -> list[str]:
    receipt = delivery.receipt
    if receipt is None:
        why = f": {delivery.failure.message}" if delivery.failure else ""
        unknown = delivery.state is DeliveryState.UNKNOWN
        return [f"{delivery.final}: {'outcome unknown' if unknown else 'not delivered'}{why}"]
    pin = delivery.pin
    other = f", because {delivery.ordered} was taken" if delivery.ordered else ""
    gone = ", and collected by the partner before FileFerry looked" if receipt.collected else ""
    demanded = ", as was demanded" if delivery.source.sha256 else ""
    return [
        f"{receipt.path}: delivered{other}{gone}",
        f"  Source: {delivery.source.uri}{_of_pin(pin) if pin else ''}",
        f"  Size: {in_bytes(receipt.size)} in {receipt.seconds:.1f} s",
        f"  MD5: {_digest(receipt, 'md5')}",
        f"  SHA-256: {_digest(receipt, 'sha256', demanded)}",
        *([f"  Nothing is attested: {pin.doubt}"] if pin and pin.doubt else []),
        f"  Verified: {_proof(receipt)}; source compared by {receipt.source_check or 'size'}",
        f"  Server: {receipt.server}",
        (
            f"  Approval read again at {in_utc(receipt.rechecked_at)}, "
            f"published at {in_utc(receipt.published_at)}"
        ),
        *_afterwards(delivery, receipt),
    ]


def _digest(receipt: Receipt, name: str, demanded: str = "") -> str:
    value, origin = getattr(receipt, name), receipt.origins.get(name)
    return f"{value or NOT_COMPUTED}{demanded}{f' ({origin})' if origin else ''}"


def _afterwards(delivery: Delivery, receipt: Receipt) -> Iterator[str]:
    """What came after the publish; a failure of a file that is there can only be of that."""
    if receipt.sidecar:
        yield f"  Beside it: {receipt.sidecar}"
    if receipt.acknowledged_at:
        seen = f"{receipt.acknowledgement}, seen at {in_utc(receipt.acknowledged_at)}"
        yield f"  Acknowledged: {seen}; before the publish {TIERS.get(delivery.tier, 'nothing')}"
    if delivery.failure:
        yield f"  But: {delivery.failure.message} {delivery.failure.action}"


def _proof(receipt: Receipt) -> str:
    rest = ", written in place without a rename: at-least-once" if receipt.in_place else ""
    if not receipt.tier:
        return f"its close was acknowledged, and nothing else seen of it{rest}"
    return f"tier {receipt.tier}, {TIERS[receipt.tier]}{rest}"
