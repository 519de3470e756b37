"""(10) check again, INTENT; (11) rename; (12) PUBLISHED; and what a new owner finds after INTENT.

The rename is the commit point. The server arbitrates it, because a rename consumes its source, and
the ledger's epoch decides who may still ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from transfer.computed import Digests
from transfer.crossing import late
from transfer.crossing.beside import before_intent
from transfer.crossing.conflict import demand_own_names, with_free_name
from transfer.crossing.crossing import PUBLISH_LEASE, Crossing, beside_temp, temp_of
from transfer.crossing.swap import fence, give_back, put_back, reclaimed, swap, swaps, tidied
from transfer.destination import Conflict, Mode
from transfer.errors import (
    MOMENT,
    PASSING,
    ClaimLost,
    Code,
    FerryError,
    Permanent,
    Stopping,
    Transient,
    Unanswered,
    passing,
)
from transfer.model import Delivery, DeliveryState, Receipt
from transfer.request.planning import check_grants
from transfer.request.timing import may_publish

TAKEN_EARLY = (
    "Ask the partner what takes files such as {} away, and whether it was used; order again once"
    " such names are left alone, or once temp.prefix or temp.folder of the destination is another."
)


def publish(delivery: Delivery, crossing: Crossing, *, asked_before: bool) -> Delivery:
    """Give a VERIFIED temp its final name, unless the approval no longer holds.

    `asked_before`: an earlier rename was never answered, so an absent temp may mean success.
    """
    with crossing.tools.tracer.span("publish", crossing.transfer, delivery):
        return _published(delivery, crossing, asked_before=asked_before)


def _published(delivery: Delivery, crossing: Crossing, *, asked_before: bool) -> Delivery:
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    if crossing.in_place:
        # Its close was the publish, and the approval was read again before that.
        return crossing.save(published(delivery, crossing))
    try:
        [delivery] = intend([delivery], crossing)
    except Permanent as error:
        return _kept_back(error, delivery, crossing)
    crossing.tools.fence()
    try:
        renamed = _rename(delivery, crossing)
    except FerryError as error:
        if not (error.permanent or error.code in PASSING):
            raise
        return _refused(error, delivery, crossing, asked_before=asked_before)
    if not renamed:
        if asked_before:
            return _found(delivery, crossing)
        raise unknown(delivery, crossing)
    demand_renamed(temp_of(delivery), delivery.final, crossing)
    return _done(delivery, crossing)


def demand_renamed(temp: str, final: str, crossing: Crossing) -> None:
    """Some gateways acknowledge a rename that they have not done, or not yet: the file stays at
    INTENT, and who comes next finds out. Raises Unanswered.
    """
    remote = crossing.remote
    if remote.size(temp) is None or remote.size(final) is not None:
        return
    where = crossing.destination.name
    message = f"{where} says that {temp} was renamed to {final}, and shows it by its old name only."
    raise Unanswered(Code.REMOTE_FAILED, message, file=final, retry_after=MOMENT)


def intend(deliveries: Sequence[Delivery], crossing: Crossing) -> list[Delivery]:
    """(10) The approval read again, and INTENT for all of them in one durable write."""
    tools, transfer = crossing.tools, crossing.transfer
    try:
        rechecked = asked(crossing)
        # A manifest or a pattern names what the request does not.
        check_grants(transfer.request, tools.rules, [item.source.uri for item in deliveries])
        demand_own_names(deliveries, crossing)
    except Stopping:
        raise
    except Transient:
        # ServiceNow may be away for an hour: the verified temps wait, they are not sent again.
        waiting = [item.evolve(state=DeliveryState.VERIFIED) for item in deliveries if _new(item)]
        if waiting and not crossing.in_place:
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


def asked(crossing: Crossing) -> datetime:
    """When the approval was read again, now. Raises what it no longer allows."""
    tools, request = crossing.tools, crossing.transfer.request
    tools.halt()
    may_publish(request, tools.clock())
    return tools.authority.confirm(request)


def _new(delivery: Delivery) -> bool:
    """Nothing was asked of the server yet that may still come late."""
    return delivery.state is not DeliveryState.INTENT


def _candidates(delivery: Delivery) -> tuple[str, ...]:
    """Only temps of epochs that had an INTENT: another one that is there proves nothing."""
    return (temp_of(delivery),) if _new(delivery) else delivery.candidates


def recover(delivery: Delivery, crossing: Crossing, temp: str = "") -> Delivery:
    """After INTENT: whoever renames a candidate away proves that it was not published.

    The candidates are tried in ascending epoch order, and the new temp's name, `temp` or that of
    this epoch, is durable as the last of them before the first rename: a crash in between leads
    the next owner to the same end.
    """
    temp = temp or _own_temp(delivery, crossing)
    older = tuple(name for name in delivery.candidates if name != temp)
    delivery = crossing.save(delivery, temp=temp, candidates=(*older, temp))
    renamed = any(crossing.move(name, temp) for name in older)
    # Looked at last: an earlier rename to it, whose answer was lost, may have come to pass late.
    if renamed or crossing.remote.size(temp) is not None:
        return delivery
    return _found(delivery, crossing)


def _own_temp(delivery: Delivery, crossing: Crossing) -> str:
    """Of this epoch: the present one where it is, which may be one of those that were kept back."""
    own, temp = crossing.temp_name(delivery), temp_of(delivery)
    return temp if temp.replace(".void", "") == own else own


def withdrawn(delivery: Delivery, crossing: Crossing) -> Delivery:
    """A file at INTENT that is not to be published any more.

    FAILED when it is proven that it is not, and never will be, else PUBLISHED; raises Permanent
    `publish.unknown`. Its own temp is renamed too, to a name that none had before: a rename of this
    owner's whose answer was lost may still come.
    """
    delivery = recover(delivery, crossing, beside_temp(_own_temp(delivery, crossing), "void"))
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    if swaps(crossing):
        give_back(delivery, crossing)
    return crossing.save(delivery, state=DeliveryState.FAILED)


def _kept_back(error: FerryError, delivery: Delivery, crossing: Crossing) -> Delivery:
    """It may not be published; PUBLISHED when that came too late. Raises the error otherwise."""
    if isinstance(error, ClaimLost) or _new(delivery):
        raise error
    found = withdrawn(delivery, crossing)
    if found.state is DeliveryState.PUBLISHED:
        return found
    raise error


def _rename(delivery: Delivery, crossing: Crossing) -> bool:
    if swaps(crossing):
        return swap(delivery, crossing)
    destination = crossing.destination
    replace = destination.replace and destination.mode is not Mode.RENAME
    return crossing.remote.rename(temp_of(delivery), delivery.final, replace=replace)


def _refused(
    error: FerryError, delivery: Delivery, crossing: Crossing, *, asked_before: bool
) -> Delivery:
    """The server said no, and the verified temp is there. Nothing is published, unless an earlier
    rename comes late: a file for which one was asked stays at INTENT.
    """
    if isinstance(error, ClaimLost):
        raise error
    passes = _may_pass(error, delivery, crossing)
    taken = error.code is Code.REMOTE_EXISTS and not passes
    if taken and crossing.destination.on_conflict is Conflict.VERSION:
        verified = delivery.evolve(state=DeliveryState.VERIFIED)
        return publish(with_free_name(verified, crossing), crossing, asked_before=False)
    if swaps(crossing):
        put_back(delivery, crossing)
    if asked_before and not passes:
        return _kept_back(error, delivery, crossing)
    if not asked_before:
        after = DeliveryState.VERIFIED if passes else DeliveryState.FAILED
        crossing.save(delivery, state=after)
    raise (passing(error) if passes else error) from error


def _may_pass(error: FerryError, delivery: Delivery, crossing: Crossing) -> bool:
    """Whether the same may be allowed in a moment: somebody looks into the file, and holds it.

    What the server says is no proof. Its directory is there, for the temp stands in it; and of a
    name that is taken the server must show a file, which steps aside at the next try of a swap.
    """
    if error.code in PASSING or error.code is Code.REMOTE_NO_DIRECTORY:
        return True
    if error.code not in (Code.REMOTE_EXISTS, Code.REMOTE_NO_REPLACE):
        return False
    final, remote = delivery.final, crossing.remote
    return remote.size(final) is None or (swaps(crossing) and remote.proof.regular(final))


def _done(delivery: Delivery, crossing: Crossing) -> Delivery:
    return crossing.save(published(_tidied(delivery, crossing), crossing))


def _tidied(delivery: Delivery, crossing: Crossing) -> Delivery:
    found = tidied(delivery, crossing) if swaps(crossing) else delivery
    if found is None:
        raise unknown(delivery, crossing)
    return found


def _found(delivery: Delivery, crossing: Crossing) -> Delivery:
    """No candidate is left, so one of them was published: does the final name still show it?"""
    if swaps(crossing):
        # The candidates may be gone because they are an heir's, and what stands aside is as well.
        fence(crossing)
    pause, final = crossing.tools.pause, delivery.final
    size = late.standing(crossing.remote, final, delivery.size, pause)
    if size is None and swaps(crossing) and reclaimed(delivery, crossing):
        size = delivery.size
    collected = size is None and crossing.destination.collected
    if size != delivery.size and not collected:
        raise unknown(delivery, crossing)
    delivery = _tidied(delivery, crossing)
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
        origins=digests.origins,
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


def vanished(delivery: Delivery, crossing: Crossing) -> Permanent:
    """A temp that was whole and closed has gone before its final name was asked for. Saved as
    UNKNOWN: whoever takes temps would get one with each further upload.
    """
    crossing.save(delivery, state=DeliveryState.UNKNOWN)
    temp, where = temp_of(delivery), crossing.destination.name
    return Permanent(
        Code.PUBLISH_UNKNOWN,
        f"{delivery.final} was stored on {where} as {temp}, whole, and that has gone before it got "
        "its final name; nobody can tell who took it.",
        action=TAKEN_EARLY.format(temp),
        file=delivery.final,
    )


def unknown(delivery: Delivery, crossing: Crossing, why: str = "") -> Permanent:
    """Saved as UNKNOWN, and the error that says so."""
    crossing.save(delivery, state=DeliveryState.UNKNOWN)
    what = "file" if crossing.in_place else "temporary file"
    return Permanent(
        Code.PUBLISH_UNKNOWN,
        f"{delivery.final} was being published when its {what} vanished from "
        f"{crossing.destination.name}; nobody can tell whether it arrived.{why and f' {why}'}",
        file=delivery.final,
    )
