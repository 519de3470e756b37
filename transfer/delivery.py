"""One file's crossing: upload, verify, publish, recover.

The numbers are those of the delivery protocol:

     8 upload → 9 verify → VERIFIED → 10 check again → INTENT → 11 rename → 12 PUBLISHED

A crash before INTENT leaves a temp that nobody can publish any more; after INTENT, `recover` finds
out by renaming whether the file was published.
"""

from __future__ import annotations

from transfer.crossing import Crossing
from transfer.errors import Code, Permanent
from transfer.model import Delivery, DeliveryState, Pin
from transfer.publish import publish, recover
from transfer.upload import upload
from transfer.verify import verify


def deliver(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Carry one pinned file across, from wherever an earlier try left it; returns it PUBLISHED.

    Safe to run twice. Raises FerryError; the ledger then says how far it came.
    """
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    if delivery.state is DeliveryState.INTENT:
        return publish(recover(delivery, crossing), crossing, asked_before=True)
    if not _waits_for_publish(delivery, crossing):
        _refuse_existing(delivery, crossing)
        delivery = verify(upload(delivery, crossing), crossing)
    return publish(delivery, crossing, asked_before=False)


def pinned(delivery: Delivery, pin: Pin) -> Delivery:
    """The delivery with its pin; one that has gone further keeps the pin it has."""
    if delivery.state is not DeliveryState.WAITING:
        return delivery
    return delivery.evolve(pin=pin, state=DeliveryState.PINNED)


def _waits_for_publish(delivery: Delivery, crossing: Crossing) -> bool:
    """An earlier try of this epoch got as far as VERIFIED; only the publish is missing."""
    return (
        delivery.state is DeliveryState.VERIFIED
        and delivery.temp == crossing.temp_name(delivery)
        and crossing.remote.size(delivery.temp) == delivery.size
    )


def _refuse_existing(delivery: Delivery, crossing: Crossing) -> None:
    begun = crossing.in_place and delivery.temp == delivery.final
    if crossing.destination.replace or begun or crossing.remote.size(delivery.final) is None:
        return
    raise Permanent(
        Code.REMOTE_EXISTS,
        f"{delivery.final} exists already on {crossing.destination.name}, "
        "which does not allow to replace files.",
        file=delivery.final,
    )
