"""(10) check again, INTENT; (11) rename; (12) PUBLISHED; and what a new owner finds after INTENT.

The rename is the commit point. The server arbitrates it, because a rename consumes its source, and
the ledger's epoch decides who may still ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from transfer.beside import before_intent
from transfer.conflict import with_free_name
from transfer.crossing import Crossing, temp_of
from transfer.destination import Conflict, Mode
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Delivery, DeliveryState, Digests, Receipt
from transfer.planning import check_grants
from transfer.timing import may_publish

PUBLISH_LEASE = 60.0
"""Seconds that the claim must still hold when the rename is asked for."""


def publish(delivery: Delivery, crossing: Crossing, *, asked_before: bool) -> Delivery:
    """Give a VERIFIED temp its final name, unless the approval no longer holds.

    `asked_before`: an earlier rename was never answered, so an absent temp may mean success.
    """
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    [delivery] = intend([delivery], crossing)
    crossing.tools.fence()
    try:
        renamed = crossing.in_place or _rename(delivery, crossing)
    except Permanent as error:
        return _refused(error, delivery, crossing)
    if not renamed:
        if asked_before:
            return _found(delivery, crossing)
        raise _unknown(delivery, crossing)
    if crossing.destination.replace and _swaps(crossing):
        crossing.drop(crossing.backup_name(delivery))
    return crossing.save(published(delivery, crossing))


def intend(deliveries: Sequence[Delivery], crossing: Crossing) -> list[Delivery]:
    """(10) The approval read again, and INTENT for all of them in one durable write."""
    tools, transfer = crossing.tools, crossing.transfer
    tools.halt()
    may_publish(transfer.request, tools.clock())
    try:
        rechecked = tools.authority.confirm(transfer.request)
        # A manifest or a pattern names what the request does not.
        check_grants(transfer.request, tools.rules, [item.source.uri for item in deliveries])
    except Transient:
        # ServiceNow may be away for an hour: the verified temps wait, they are not sent again.
        waiting = [item.evolve(state=DeliveryState.VERIFIED) for item in deliveries]
        tools.ledger.save(transfer, *waiting)
        raise
    tools.ledger.renew(transfer, PUBLISH_LEASE)
    for item in deliveries:
        before_intent(item, crossing)
    intended = [
        item.evolve(
            state=DeliveryState.INTENT, candidates=_candidates(item), rechecked_at=rechecked
        )
        for item in deliveries
    ]
    tools.ledger.save(transfer, *intended)
    return intended


def _candidates(delivery: Delivery) -> tuple[str, ...]:
    """Only temps of epochs that had an INTENT: another one that is there proves nothing."""
    if delivery.state is DeliveryState.INTENT:
        return delivery.candidates
    return (temp_of(delivery),)


def recover(delivery: Delivery, crossing: Crossing) -> Delivery:
    """After INTENT: whoever renames a candidate away proves that it was not published.

    The candidates are tried in ascending epoch order, and the new temp's name is durable among
    them before the first rename: a crash in between leads the next owner to the same end.
    """
    temp = crossing.temp_name(delivery)
    older = tuple(name for name in delivery.candidates if name != temp)
    delivery = crossing.save(delivery, temp=temp, candidates=(*older, temp))
    remote = crossing.remote
    renamed = any(remote.rename(name, temp, replace=False) for name in older)
    # Looked at last: an earlier rename to it, whose answer was lost, may have come to pass late.
    if renamed or remote.size(temp) is not None:
        return delivery
    return _found(delivery, crossing)


def _rename(delivery: Delivery, crossing: Crossing) -> bool:
    destination, remote = crossing.destination, crossing.remote
    if destination.replace and _swaps(crossing):
        return _swap(delivery, crossing)
    replace = destination.replace and destination.mode is not Mode.RENAME
    return remote.rename(temp_of(delivery), delivery.final, replace=replace)


def _swaps(crossing: Crossing) -> bool:
    mode = crossing.destination.mode
    return mode is Mode.SWAP or (mode is Mode.AUTO and not crossing.remote.powers.replaces)


def _swap(delivery: Delivery, crossing: Crossing) -> bool:
    """The old file steps aside; it comes back when the new one cannot take its place."""
    remote, final = crossing.remote, delivery.final
    backup = crossing.backup_name(delivery)
    if remote.size(temp_of(delivery)) is None:
        # Nothing may step aside for a file that an heir has published already.
        return False
    if remote.size(final) is not None:
        remote.remove(backup)
        remote.rename(final, backup, replace=False)
    try:
        swapped = remote.rename(temp_of(delivery), final, replace=False)
    except Permanent:
        _put_back(backup, final, crossing)
        raise
    if not swapped:
        _put_back(backup, final, crossing)
    return swapped


def _put_back(backup: str, final: str, crossing: Crossing) -> None:
    with suppress(FerryError):
        crossing.remote.rename(backup, final, replace=False)


def _refused(error: Permanent, delivery: Delivery, crossing: Crossing) -> Delivery:
    """The server said no: nothing was published."""
    if error.code is Code.REMOTE_EXISTS and crossing.destination.on_conflict is Conflict.VERSION:
        verified = delivery.evolve(state=DeliveryState.VERIFIED)
        return publish(with_free_name(verified, crossing), crossing, asked_before=False)
    crossing.save(delivery, state=DeliveryState.FAILED)
    raise error


def _found(delivery: Delivery, crossing: Crossing) -> Delivery:
    """No candidate is left, so one of them was published: does the final name still show it?"""
    size = crossing.remote.size(delivery.final)
    collected = size is None and crossing.destination.collected
    if size != delivery.size and not collected:
        raise _unknown(delivery, crossing)
    return crossing.save(published(delivery, crossing, collected=collected))


def published(delivery: Delivery, crossing: Crossing, *, collected: bool = False) -> Delivery:
    """(12) The delivery with its receipt, still to be saved."""
    digests = delivery.digests or Digests(md5="", sha256="", source_check="")
    now = crossing.tools.clock()
    receipt = Receipt(
        path=delivery.final,
        size=delivery.size,
        md5=digests.md5,
        sha256=digests.sha256,
        tier=delivery.tier,
        source_check=digests.source_check,
        server=delivery.server,
        in_place=crossing.in_place,
        collected=collected,
        started_at=delivery.started_at or now,
        rechecked_at=delivery.rechecked_at or now,
        published_at=now,
    )
    return delivery.evolve(
        state=DeliveryState.PUBLISHED, receipt=receipt, moved=delivery.size, failure=None
    )


def _unknown(delivery: Delivery, crossing: Crossing) -> Permanent:
    crossing.save(delivery, state=DeliveryState.UNKNOWN)
    return Permanent(
        Code.PUBLISH_UNKNOWN,
        f"{delivery.final} was being published when its temporary file vanished from "
        f"{crossing.destination.name}; nobody can tell whether it arrived.",
        file=delivery.final,
    )
