"""What people are told beside the tickets: one notice for each ending, in the tickets' words.

A chat makes links and mentions of what it is told, a mail program links. So nothing here is one,
whoever wrote it: `plain` writes links apart, and each way of telling shows the rest as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transfer.model import Delivery, DeliveryState, Outcome, Transfer
from transfer.telling.reports import ENDED, people_of, summarised
from transfer.telling.writing import count_of, in_bytes
from transfer.visible import visible

FILES = 10
"""Files that a notice lists one by one; the tickets have more."""
LONGEST = 600
"""Characters of one line."""
SHORTEST = 60
"""Characters of a name within a subject."""
FOOT = "The tickets say more. Nobody reads an answer to this notice."
_ENDED = {**ENDED, Outcome.DELIVERED: "was delivered", Outcome.REHEARSED: "was rehearsed"}
# s3:// is no link to any program, and the tickets are full of it.
_LINK = re.compile(r"(?i)(?<![a-z0-9+.-])(?!s3://)([a-z][a-z0-9+.-]*)://|\b(mailto|www)([:.])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Lines of plain text. `id` is the same whenever this ending is told, and tells nothing.

    `facts` are names and values; `outcome`, `destination` and `code` are for who sorts notices.
    """

    id: str
    subject: str
    summary: str
    facts: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    outcome: str = ""
    destination: str = ""
    code: str = ""

    def text(self) -> str:
        """All of it, for a way that knows nothing but text."""
        facts = [f"{name}: {value}" for name, value in self.facts]
        blocks = [[self.summary], facts, list(self.files), [FOOT]]
        return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def notice_of(transfer: Transfer, deliveries: Sequence[Delivery]) -> Notice:
    request, outcome = transfer.request, transfer.outcome or Outcome.FAILED
    number = plain(request.number or transfer.id, SHORTEST)
    destination = plain(request.destination, SHORTEST)
    place = f" to {destination}" if destination else ""
    return Notice(
        id=hashlib.sha256(f"{transfer.id}#{transfer.generation}".encode()).hexdigest()[:32],
        subject=f"FileFerry: {number}{place} {_ENDED[outcome]}",
        summary=plain(summarised(transfer, deliveries), 2 * LONGEST),
        facts=tuple((name, plain(value)) for name, value in _facts(transfer, deliveries) if value),
        files=tuple(map(plain, _files(deliveries))),
        outcome=outcome.value,
        destination=destination,
        code=transfer.failure.code if transfer.failure else "",
    )


def sample(way: str) -> Notice:
    """What `fileferry notices test` sends."""
    return Notice(
        id=hashlib.sha256(f"sample of {way}".encode()).hexdigest()[:32],
        subject=f"FileFerry: a test of the notice {way}",
        summary="This is a test. No transfer has ended, and nothing is to be done.",
        outcome="test",
    )


def plain(text: str, longest: int = LONGEST) -> str:
    """One visible line, not too long, of which no program makes a link by its form."""
    line = _LINK.sub(_apart, visible(text)).replace("\\\\", "\\ \\")
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _apart(found: re.Match[str]) -> str:
    return f"{found[1]}[:]//" if found[1] else f"{found[2]}[{found[3]}]"


def _facts(transfer: Transfer, deliveries: Sequence[Delivery]) -> Iterator[tuple[str, str]]:
    request = transfer.request
    other = ", ".join(filter(None, (request.request_number, request.task_number)))
    yield "Request", f"{request.number} ({other})" if other else request.number
    yield "Destination", request.destination
    yield "Requester", people_of(request)
    arrived = [item for item in deliveries if item.state is DeliveryState.PUBLISHED]
    size = in_bytes(sum(item.size for item in arrived))
    yield "Delivered", f"{len(arrived)} of {count_of(deliveries)}, {size}"
    yield "Code", transfer.failure.code if transfer.failure else ""
    for end in transfer.loose_ends:
        yield "But", f"{end.message} {end.action} ({end.code})"


def _files(deliveries: Sequence[Delivery]) -> Iterator[str]:
    # Those that did not arrive first: they are what somebody has to look after.
    order = sorted(deliveries, key=lambda item: item.state is DeliveryState.PUBLISHED)
    yield from (f"{item.final}: {_end_of(item)}" for item in order[:FILES])
    if len(order) > FILES:
        yield f"… and {len(order) - FILES:,} more"


def _end_of(delivery: Delivery) -> str:
    if delivery.state is DeliveryState.PUBLISHED:
        return "delivered"
    return "outcome unknown" if delivery.state is DeliveryState.UNKNOWN else "not delivered"
