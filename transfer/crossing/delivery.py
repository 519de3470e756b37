"""One file's crossing: upload, verify, publish, recover.

The numbers are those of the delivery protocol:

     8 upload → 9 verify → VERIFIED → 10 check again → INTENT → 11 rename → 12 PUBLISHED

A crash before INTENT leaves a temp that nobody can publish any more; the next owner renames it to
a name of its own and goes on. After INTENT, `recover` finds out by renaming whether the file was
published.
"""

from __future__ import annotations

from transfer.crossing.beside import before_upload
from transfer.crossing.conflict import settle_name
from transfer.crossing.crossing import Crossing, temp_of
from transfer.crossing.in_place import checked, resumed
from transfer.crossing.knowing import remember
from transfer.crossing.publish import asked, publish, recover, unknown, vanished, withdrawn
from transfer.crossing.resume import inherit, with_older
from transfer.crossing.sidecar import write_sidecar
from transfer.crossing.upload import upload
from transfer.crossing.verify import verify
from transfer.errors import ClaimLost, Corrupted, FerryError, Transient
from transfer.model import Delivery, DeliveryState, Pin

ASKED = (DeliveryState.INTENT, DeliveryState.PUBLISHED, DeliveryState.UNKNOWN)
"""States of a file whose publish has been asked for."""
CLOSED = (DeliveryState.INTENT, DeliveryState.VERIFIED)
"""States of a file written in place whose close has been asked for."""


def deliver(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Carry one pinned file across, from wherever an earlier try left it; returns it PUBLISHED.

    Safe to run twice. Raises FerryError; the ledger then says how far it came.
    """
    return write_sidecar(_published(delivery, crossing), crossing)


def prepare(delivery: Delivery, crossing: Crossing) -> Delivery:
    """As `deliver`, but no further than VERIFIED: other files must get there before one is
    published.
    """
    if delivery.state in ASKED:
        return delivery
    verified = _verified(delivery, crossing)
    # What the ledger says already was looked at once more, and is as it says.
    return verified if verified is delivery else crossing.save(verified)


def _published(delivery: Delivery, crossing: Crossing) -> Delivery:
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    if delivery.state is DeliveryState.UNKNOWN:
        # Its owner died before it could say so: it is no more known for that.
        raise unknown(delivery, crossing)
    if delivery.state is DeliveryState.INTENT and not crossing.in_place:
        return publish(recover(delivery, crossing), crossing, asked_before=True)
    return publish(_verified(delivery, crossing), crossing, asked_before=False)


def settle(delivery: Delivery, crossing: Crossing) -> None:
    """A file at INTENT when its transfer has failed: saved as what it is found to be.

    Raises Permanent `publish.unknown`, and FerryError.
    """
    if not crossing.in_place:
        withdrawn(delivery, crossing)
    elif (found := resumed(delivery, crossing)).state is DeliveryState.VERIFIED:
        publish(found, crossing, asked_before=True)


def _verified(delivery: Delivery, crossing: Crossing) -> Delivery:
    if crossing.in_place and delivery.state in CLOSED:
        delivery = resumed(delivery, crossing)
        if delivery.state is not DeliveryState.UPLOADING:
            return delivery
    delivery = inherit(delivery, crossing)
    if _waits_for_publish(delivery, crossing):
        return delivery
    if _is_gone(delivery, crossing):
        raise vanished(delivery, crossing)
    delivery = settle_name(delivery, crossing)
    if crossing.in_place:
        asked(crossing)
    before_upload(delivery, crossing)
    look = checked if crossing.in_place else _looked_at
    verified = look(upload(delivery, crossing), crossing)
    remember(verified, crossing)
    return verified


def _looked_at(delivery: Delivery, crossing: Crossing) -> Delivery:
    """VERIFIED, unless the temp has gone since its close: it is not sent again for that."""
    try:
        return verify(delivery, crossing)
    except ClaimLost:
        raise
    except FerryError as error:
        if isinstance(error, Transient) and not isinstance(error, Corrupted):
            raise
        if crossing.remote.size(temp_of(delivery)) is None:
            raise vanished(delivery, crossing) from error
        if isinstance(error, Corrupted):
            crossing.drop(temp_of(delivery))
        raise


def pinned(delivery: Delivery, pin: Pin) -> Delivery:
    """The delivery with its pin; one that has gone further keeps the pin it has."""
    if delivery.state is not DeliveryState.WAITING:
        return delivery
    return delivery.evolve(pin=pin, state=DeliveryState.PINNED)


def _is_gone(delivery: Delivery, crossing: Crossing) -> bool:
    """It was verified, and stands under none of its names. All are asked once more: a rename whose
    answer was lost may have come while they were tried.
    """
    if delivery.state is not DeliveryState.VERIFIED or crossing.in_place:
        return False
    return all(crossing.remote.size(name) is None for name in with_older(delivery))


def _waits_for_publish(delivery: Delivery, crossing: Crossing) -> bool:
    """An earlier try got as far as VERIFIED; only the publish is missing."""
    return (
        delivery.state is DeliveryState.VERIFIED
        and delivery.temp == crossing.temp_name(delivery)
        and crossing.remote.size(delivery.temp) == delivery.size
    )
