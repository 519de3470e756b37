"""How words for tickets are written: one Writer for a transfer, one form for sizes and times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from transfer.model import Delivery, Outcome, Transfer
from transfer.tickets import Post, PostAction, TicketRole
from transfer.visible import visible

Item = TypeVar("Item")
Block = TypeVar("Block")
SHOWN = 50
"""Files that a ticket lists one by one; receipt.json has them all."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Fills in what all posts of a transfer have in common.

    The one door to a ticket's words: a text is one line, several texts are one line each, whatever
    a requester or a server put into them.
    """

    transfer: Transfer

    def post(  # noqa: PLR0913 each is a field of Post
        self,
        ticket: TicketRole,
        action: PostAction,
        text: str | Iterable[str],
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
            text=lined(text),
            title=visible(title),
            comment=visible(comment),
            outcome=outcome,
            number=request.number,
            requester_id=request.requester_id,
            task_id=request.task_id,
            droppable=droppable,
        )


def lined(text: str | Iterable[str]) -> str:
    """The text of a ticket: each of its lines is `visible`, and stays the one line that it is."""
    return visible(text) if isinstance(text, str) else "\n".join(map(visible, text))


def paragraphs(*blocks: str | Iterable[str]) -> Iterator[str]:
    """Lines, with an empty one between two blocks."""
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from [block] if isinstance(block, str) else block


def count_of(deliveries: Sequence[Delivery]) -> str:
    return "1 file" if len(deliveries) == 1 else f"{len(deliveries)} files"


def in_bytes(size: int) -> str:
    return "1 byte" if size == 1 else f"{size:,} bytes"


def shortened(items: Sequence[Item], told: Callable[[Item], Block]) -> list[Block | str]:
    """The first of them as they are `told`, and how many there are more."""
    more = [f"… and {len(items) - SHOWN:,} more"] if len(items) > SHOWN else []
    return [*map(told, items[:SHOWN]), *more]
