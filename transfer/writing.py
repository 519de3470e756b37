"""How words for tickets are written: one Writer for a transfer, one form for sizes and times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from transfer.model import Delivery, Outcome, Transfer
from transfer.tickets import Post, PostAction, TicketRole

SHOWN = 50
"""Files that a ticket lists one by one; receipt.json has them all."""


@dataclass(frozen=True, slots=True)
class Writer:
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
        droppable: bool = False,
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
            droppable=droppable,
        )


def count_of(deliveries: Sequence[Delivery]) -> str:
    return "1 file" if len(deliveries) == 1 else f"{len(deliveries)} files"


def in_bytes(size: int) -> str:
    return "1 byte" if size == 1 else f"{size:,} bytes"


def in_utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def shortened(lines: Sequence[str]) -> Iterable[str]:
    """The first of them, and how many there are more."""
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"… and {len(lines) - SHOWN:,} more"
