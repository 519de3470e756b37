"""One approved item is delivered once, however many tasks it has.

The first task of an item that is taken up holds the item. No other task of it is carried as long as
it does; to send again is an operator's word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from transfer.errors import Code, Permanent
from transfer.model import Delivery, DeliveryState, Outcome, Request, Transfer

FREED = (Outcome.REFUSED, Outcome.CANCELLED, Outcome.REHEARSED)
"""Ends that use no approval up, if nothing was sent before."""
UNTOUCHED = (DeliveryState.WAITING, DeliveryState.PINNED)

Files = Callable[[str], Sequence[Delivery]]
"""The files of the transfer with that id."""


def key_of(request: Request) -> str:
    """`instance:sc_req_item:sys_id` of the approved item.

    Empty where no item was ordered: a standing approval speaks of each object by itself.
    """
    if request.standing or not request.item_id:
        return ""
    instance = request.id.rsplit(":", 2)[0]
    return f"{instance}:sc_req_item:{request.item_id}"


def takes(transfer: Transfer) -> bool:
    """It is to hold its item: what is refused as it comes in never does."""
    return bool(key_of(transfer.request)) and transfer.failure is None


def holds(transfer: Transfer, files: Files) -> bool:
    """No other task of its item may be carried: it may yet send, or has sent a part at least.

    One that failed holds it too, and one that an operator has sent again, whatever came of it.
    """
    if not transfer.finished or transfer.generation > 1 or transfer.outcome not in FREED:
        return True
    return any(item.started_at or item.state not in UNTOUCHED for item in files(transfer.id))


def repeated(request: Request, first: Transfer) -> Permanent:
    """Why the request is not carried, and which task of its item is or was."""
    return Permanent(
        Code.REQUEST_REPEATED,
        f"{request.number} was taken up for its task {name_of(first)} before "
        f"({how_it_stands(first)}); an approved item is sent once, however many tasks it has.",
    )


def wait_for(transfer: Transfer, others: Iterable[Transfer]) -> None:
    """Two tasks of one item are never on their way at once, whoever wants it.

    What is released goes on beside one in quarantine, what is retried does not: the other could be
    released later. Raises Permanent `decision.refused`.
    """
    for other in others:
        if not (other.finished or (other.at_rest and transfer.generation == 1)):
            raise Permanent(
                Code.DECISION_REFUSED,
                f"Task {name_of(other)} of the same item {transfer.request.number} has not ended "
                f"yet ({how_it_stands(other)}).",
                action="Wait until it has ended; one in quarantine must be released for that.",
            )


def name_of(transfer: Transfer) -> str:
    """What people call it where several have one number: its task, else its id."""
    return transfer.request.task_number or transfer.id


def how_it_stands(transfer: Transfer) -> str:
    """In a few words: its outcome, or how far it has come."""
    if transfer.quarantined_at and not transfer.finished:
        return "in quarantine"
    return transfer.outcome.value if transfer.outcome else f"under way, {transfer.stage}"
