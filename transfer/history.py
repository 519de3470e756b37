"""The history of a transfer: events, each written with the save that it tells of.

The ledger itself writes what it alone knows (admitted, taken up, taken back); the rest is what
differs between two saves of an owner, and what an operator decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from transfer.model import Delivery, DeliveryState, Failure, Session, Stage, Transfer
from transfer.tickets import Post, Ticket

MOST = 200
"""Events that are kept of a transfer."""
FIRST, LAST = 60, 120
"""Of more than MOST so many stay, from the beginning and from the end."""
FILES = 10
"""Files whose every state is told; of the others only how they failed."""
LONGEST = 300
"""Characters of an event's words."""


SHORTEST = 6
"""Characters of a part of an id that is looked for."""


class EventKind(StrEnum):
    """What happened. REACHED is a stage, OUTCOME how it ended, DECIDED an operator's word."""

    ADMITTED = "admitted"
    TAKEN_UP = "taken up"
    TAKEN_BACK = "taken back"
    ROUTED = "given to"
    REACHED = "reached"
    SESSION = "session"
    FILE = "file"
    TRY_FAILED = "try failed"
    WAITS = "waits"
    FAILED = "failed"
    LOOSE_END = "loose end"
    RESUMED = "resumed"
    OUTCOME = "outcome"
    QUARANTINED = "quarantined"
    DECIDED = "decided"
    TICKET = "ticket"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `epoch` 0: it is no owner's, or not known yet."""

    at: datetime
    kind: EventKind
    words: str = ""
    code: str = ""
    epoch: int = 0
    owner: str = ""

    def __post_init__(self) -> None:
        if len(self.words) > LONGEST:
            object.__setattr__(self, "words", f"{self.words[: LONGEST - 1]}…")


def bounded(events: Sequence[Event]) -> list[Event]:
    """Of too many the middle is left out, and an event in its place says how many those were."""
    if len(events) <= MOST:
        return list(events)
    middle = events[FIRST:-LAST]
    before = sum(int(each.words) - 1 for each in middle if each.kind is EventKind.LEFT_OUT)
    gap = Event(at=middle[-1].at, kind=EventKind.LEFT_OUT, words=str(len(middle) + before))
    return [*events[:FIRST], gap, *events[-LAST:]]


def without_claim(events: Sequence[Event], epoch: int) -> list[Event]:
    """An owner that gives back what it did nothing with leaves nothing: many look every minute."""
    last = events[-1] if events else None
    idle = last is not None and last.kind is EventKind.TAKEN_UP and last.epoch in (0, epoch)
    return list(events[:-1] if idle else events)


def taken_up(transfer: Transfer, owner: str, now: datetime) -> Event:
    """Of a claim."""
    return Event(at=now, kind=EventKind.TAKEN_UP, epoch=transfer.epoch, owner=owner)


def taken_back(transfer: Transfer, now: datetime) -> Event:
    """Of an eviction; `transfer` is the head after it."""
    return Event(at=now, kind=EventKind.TAKEN_BACK, epoch=transfer.epoch)


def admitted(transfer: Transfer, now: datetime) -> list[Event]:
    """Of the first head, which may have been refused already."""
    first = Event(at=now, kind=EventKind.ADMITTED, words=transfer.request.requester)
    blank = replace(transfer, failure=None, outcome=None, session=None)
    return [first, *between(blank, transfer, now)]


def between(old: Transfer, new: Transfer, now: datetime) -> list[Event]:
    """What differs between two heads that one owner has saved."""
    told = [*_sessions(old.session, new.session, now), *_endings(old, new, now)]
    if new.execution and new.execution != old.execution:
        told.append(Event(at=now, kind=EventKind.ROUTED, words=f"execution {new.execution}"))
    if new.stage is not old.stage and new.stage is not Stage.RECEIVED:
        told.append(Event(at=now, kind=EventKind.REACHED, words=new.stage.value))
    return [replace(each, epoch=new.epoch) for each in told]


def of_files(
    known: Mapping[int, DeliveryState], changed: Sequence[Delivery], epoch: int, now: datetime
) -> list[Event]:
    """What became of files; `known` are the states that were told before, by number."""
    told = [each for each in changed if known.get(each.number) is not each.state]
    return [
        Event(
            at=now,
            kind=EventKind.FILE,
            epoch=epoch,
            code=item.failure.code if item.failure else "",
            words=_file(item),
        )
        for item in told
        if _is_told(item)
    ]


def try_failed(code: str, reason: str, number: int, now: datetime) -> Event:
    """Of a step that will be tried again."""
    words = f"try {number}: {reason}"
    return Event(at=now, kind=EventKind.TRY_FAILED, code=code, words=words)


def failure_event(kind: EventKind, failure: Failure, now: datetime) -> Event:
    """A failure in the words that were told of it."""
    return Event(at=now, kind=kind, code=failure.code, words=failure.message)


def waits(code: str, reason: str, now: datetime) -> Event:
    """Of one whose claim is given back until something else has happened."""
    return Event(at=now, kind=EventKind.WAITS, code=code, words=reason)


def resumed(transfer: Transfer, now: datetime) -> Event:
    """Of an owner that goes on where another one died."""
    words = f"at stage {transfer.stage}; the owner before did not give it back"
    return Event(at=now, kind=EventKind.RESUMED, epoch=transfer.epoch, words=words)


def ticket_written(post: Post, ticket: Ticket, now: datetime) -> Event:
    """Of a post that has arrived."""
    name = f"{ticket.number or ticket.sys_id} ({post.ticket})"
    what = post.key.rpartition(":")[2]
    words = name if what == post.action else f"{name}, {what}"
    return Event(at=now, kind=EventKind.TICKET, words=f"{post.action} {words}")


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """By their times; those of one instant as they were written."""
    # One that is there twice was written again when its first answer was lost.
    return tuple(sorted(dict.fromkeys(events), key=lambda each: each.at))


def names(transfer: Transfer, text: str) -> bool:
    """Whether it is asked for by its request's number, or by what its id begins or ends with."""
    part = len(text) >= SHORTEST and (transfer.id.startswith(text) or transfer.id.endswith(text))
    return part or text == transfer.request.request_number != ""


def decided(words: str, epoch: int, now: datetime) -> Event:
    """An operator's word, with who and why; `epoch` is that of the head that it makes."""
    return Event(at=now, kind=EventKind.DECIDED, epoch=epoch, words=words)


def _sessions(old: Session | None, new: Session | None, now: datetime) -> Iterator[Event]:
    if new and (old is None or old.id != new.id):
        words = f"{new.id} as {new.identity}, opened {new.opened_at:%Y-%m-%d %H:%M:%S} UTC"
        yield Event(at=now, kind=EventKind.SESSION, words=words)
    elif new and old and new.ended != old.ended:
        words = f"{new.id} ended after {new.opened:,} openings: {new.ended}"
        yield Event(at=now, kind=EventKind.SESSION, words=words)


def _endings(old: Transfer, new: Transfer, now: datetime) -> Iterator[Event]:
    if new.failure and new.failure != old.failure:
        yield failure_event(EventKind.FAILED, new.failure, now)
    for end in new.loose_ends[len(old.loose_ends) :]:
        yield failure_event(EventKind.LOOSE_END, end, now)
    if new.outcome and new.outcome is not old.outcome:
        yield Event(at=now, kind=EventKind.OUTCOME, words=new.outcome.value)
    if new.quarantined_at and not old.quarantined_at:
        yield Event(at=now, kind=EventKind.QUARANTINED)


def _is_told(item: Delivery) -> bool:
    if item.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        return True
    # Cleanup takes the temp out of a row and leaves its state.
    early = item.state in (DeliveryState.WAITING, DeliveryState.PINNED) or (
        item.state in (DeliveryState.UPLOADING, DeliveryState.VERIFIED) and item.temp is None
    )
    return item.number <= FILES and not early


def _file(item: Delivery) -> str:
    words = f"{item.number} {item.state}: {item.final}"
    if receipt := item.receipt:
        digest = receipt.sha256 or receipt.md5
        return f"{words}, {receipt.size:,} bytes, {receipt.tier}, {digest}"
    if item.failure:
        return f"{words}: {item.failure.message}"
    if item.state is DeliveryState.UPLOADING and item.moved:
        return f"{words}, goes on after {item.moved:,} bytes"
    return words
