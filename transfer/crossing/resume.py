"""Where a broken upload goes on: what an earlier try or a dead owner left, taken over and proven.

An older temp is renamed to this epoch's, and the rename consumes it: before INTENT nobody can
publish it any more, because the ledger refuses an INTENT with its epoch. Its owner may still wake
and write to the open file; it writes the bytes of the same pinned version to the same places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from transfer.crossing import late
from transfer.crossing.crossing import Crossing, temp_of
from transfer.crossing.swap import aside, swaps
from transfer.errors import FerryError, Permanent
from transfer.model import CHUNK, Delivery, DeliveryState
from transfer.telling import notes

CANNOT_CONTINUE = "the server cannot continue a file"
TAKEN_OVER = (DeliveryState.UPLOADING, DeliveryState.VERIFIED)


def inherit(delivery: Delivery, crossing: Crossing) -> Delivery:
    """The delivery with this epoch's temp, which holds what an earlier epoch had sent, if it can be
    had; else as it was.

    The new name is durable before the rename, so that the next owner finds it in either place, and
    a rename that was refused or never answered is asked for again.
    """
    temp = crossing.temp_name(delivery)
    left = delivery.state in TAKEN_OVER and delivery.temp and delivery.moved
    if not left or not crossing.powers.resumes:
        return delivery
    if delivery.temp != temp:
        delivery = crossing.save(delivery, temp=temp, older=with_older(delivery), candidates=())
    elif not delivery.older or crossing.remote.size(temp) is not None:
        return delivery
    for name in reversed(delivery.older):
        if crossing.move(name, temp):
            older = tuple(other for other in delivery.older if other != name)
            return delivery.evolve(older=older)
    return delivery


def with_older(delivery: Delivery) -> tuple[str, ...]:
    """The names under which earlier epochs may have left something, the present temp's included."""
    names = (*delivery.older, delivery.temp) if delivery.temp else delivery.older
    return tuple(dict.fromkeys(names))


@contextmanager
def overtaken(deliveries: Sequence[Delivery], crossing: Crossing) -> Iterator[None]:
    """An owner that has lost its claim, and ends here, takes away those of its temps that no row
    names: it may have been stopped by something else before it could notice.

    What a row names is the heir's, to go on with or to remove. The names of this epoch can come
    into a row by its owner's own writes only, which the ledger refuses from now on.
    """
    try:
        yield
    except FerryError:
        with suppress(FerryError):
            _take_away(deliveries, crossing)
        raise


def _take_away(deliveries: Sequence[Delivery], crossing: Crossing) -> None:
    rows = {row.number: row for row in crossing.tools.ledger.deliveries(crossing.transfer.id)}
    for row in (rows[delivery.number] for delivery in deliveries):
        temp = crossing.temp_name(row)
        # A whole one that the heir is about to rename: were it gone, nobody could tell why.
        whole = row.older if row.state is DeliveryState.VERIFIED else ()
        if temp not in (row.final, row.temp, *row.candidates, *whole):
            crossing.drop(temp)
            if swaps(crossing):
                crossing.remote.rename(aside(temp), row.final, replace=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """Bytes of the temp that can be trusted; `why` it is none of those that had been sent."""

    bytes: int
    why: str = ""


def proven(delivery: Delivery, crossing: Crossing) -> Proven:
    """Acknowledged, still there, and the last chunk compared with the object."""
    powers, temp = crossing.remote.powers, delivery.temp
    own = temp == crossing.temp_name(delivery) and delivery.state in TAKEN_OVER
    if not (own and temp and delivery.moved):
        return Proven(0, CANNOT_CONTINUE if delivery.moved else "")
    if not crossing.powers.resumes:
        return Proven(0, CANNOT_CONTINUE)
    stored = crossing.remote.size(temp)
    if stored == 0:
        stored = late.begun(crossing.remote, temp, crossing.tools.pause)
    stored = stored or 0
    at = min(delivery.moved, stored)
    at = at - at % CHUNK if powers.ranges else stored
    if not 0 < at <= delivery.size:
        return Proven(0, f"the server holds {stored:,} bytes of it")
    if not same_tail(delivery, crossing, at):
        return Proven(0, "what the server holds is not what was sent, or may not be read back")
    return Proven(at)


def begin(delivery: Delivery, crossing: Crossing, why: str) -> Delivery:
    """From the first byte: the temp's name is durable before it exists, what was left is removed.

    `why` stands on the ticket where something that had been sent is not used. The save comes before
    the removals: an owner that was overtaken must not remove what its heir is writing.
    """
    temp, left = crossing.temp_name(delivery), with_older(delivery)
    if crossing.in_place and crossing.destination.replace:
        left = (*left, temp)
    begun = delivery.evolve(
        state=DeliveryState.UPLOADING,
        temp=temp,
        older=tuple(name for name in left if name != temp),
        candidates=(),
        moved=0,
        kept=(),
        started_at=delivery.started_at or crossing.tools.clock(),
        server=crossing.remote.identity,
    )
    posts = [notes.restarted(crossing.transfer, delivery, why)] if why else []
    crossing.tools.ledger.save(crossing.transfer, begun, *posts)
    if left:
        crossing.tools.fence()
    for name in left:
        _remove(name, crossing)
    return begun


def _remove(name: str, crossing: Crossing) -> None:
    """It stays in the ledger, for Cleanup to do it once more: the server may not do it now, and the
    last that came over a line before it broke may bring it back.
    """
    try:
        crossing.remote.remove(name)
    except Permanent:
        if crossing.in_place:
            raise


def same_tail(delivery: Delivery, crossing: Crossing, at: int) -> bool:
    """The last chunk before `at` holds the source's bytes: some servers fill gaps with zeros."""
    if delivery.pin is None:
        return False
    start = max(0, at - CHUNK)
    wanted = crossing.tools.objects.read(delivery.source, delivery.pin, start, at - start)
    try:
        pieces = crossing.remote.proof.read(temp_of(delivery), start, at - start)
        return b"".join(pieces) == wanted
    except Permanent:
        # Who may write but not read has to start over: nothing is taken on trust.
        return False
