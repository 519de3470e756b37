"""One file's crossing: temp name, upload, verify, publish, recover.

The rename is the commit point. The server arbitrates it (a rename consumes its source), and the
ledger's epoch decides who may still ask for it. The numbers are those of the delivery protocol:

     8 upload → 9 verify → VERIFIED → 10 check again → INTENT → 11 rename → 12 PUBLISHED

A crash before INTENT leaves a temp that nobody can publish any more; after INTENT, `recover` finds
out by renaming whether the file was published.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from posixpath import dirname, join
from typing import Any

from transfer.errors import Code, Corrupted, FerryError, Permanent
from transfer.model import (
    Delivery,
    DeliveryState,
    Destination,
    Digests,
    Pin,
    Receipt,
    Transfer,
)
from transfer.names import TEMP_PREFIX
from transfer.ports import Remote, Tools, Upload
from transfer.reading import Reader
from transfer.tickets import Post

PUBLISH_LEASE = 60.0
"""Seconds that the claim must still hold when the rename is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What one delivery needs: who carries it, where to, over which connection."""

    transfer: Transfer
    destination: Destination
    remote: Remote
    tools: Tools

    def save(self, delivery: Delivery, *posts: Post, **changes: Any) -> Delivery:
        """One conditional durable write: it fails when another epoch has taken over."""
        changed = delivery.evolve(**changes)
        self.tools.ledger.save(self.transfer, changed, *posts)
        return changed

    def temp_name(self, delivery: Delivery) -> str:
        """In the final name's directory, so that the rename stays on one file system."""
        who = f"{self.transfer.request.token}-{delivery.number}-e{self.transfer.epoch}"
        return join(dirname(delivery.final), f"{TEMP_PREFIX}{who}.part")


def deliver(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Carry one pinned file across, from wherever an earlier try left it; returns it PUBLISHED.

    Safe to run twice. Raises FerryError; the ledger then says how far it came.
    """
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    if delivery.state is DeliveryState.INTENT:
        recovered = _recover(delivery, crossing)
        return _publish(recovered, crossing, asked_before=True)
    if not _waits_for_publish(delivery, crossing):
        _refuse_existing(delivery, crossing)
        delivery = _verify(_upload(delivery, crossing), crossing)
    return _publish(delivery, crossing, asked_before=False)


def _waits_for_publish(delivery: Delivery, crossing: Crossing) -> bool:
    """An earlier try of this epoch got as far as VERIFIED; only the publish is missing."""
    return (
        delivery.state is DeliveryState.VERIFIED
        and delivery.temp == crossing.temp_name(delivery)
        and crossing.remote.size(delivery.temp) == delivery.size
    )


def _refuse_existing(delivery: Delivery, crossing: Crossing) -> None:
    if crossing.destination.replace or crossing.remote.size(delivery.final) is None:
        return
    raise Permanent(
        Code.REMOTE_EXISTS,
        f"{delivery.final} exists already on {crossing.destination.name}, "
        "which does not allow to replace files.",
        file=delivery.final,
    )


def _upload(delivery: Delivery, crossing: Crossing) -> Delivery:
    """(8) A temp of this epoch. Its name is durable before it exists, so that it can be removed."""
    if delivery.temp:
        crossing.remote.remove(delivery.temp)
    delivery = crossing.save(
        delivery,
        state=DeliveryState.UPLOADING,
        temp=crossing.temp_name(delivery),
        candidates=(),
        moved=0,
        started_at=delivery.started_at or crossing.tools.clock(),
        server=crossing.remote.identity,
    )
    upload = crossing.remote.create(_temp(delivery))
    try:
        delivery = _stream(delivery, crossing, upload)
        upload.finish()
    except BaseException:
        upload.abandon()
        _drop_temp(delivery, crossing)
        raise
    delivery = delivery.evolve(moved=delivery.size)
    crossing.tools.observer.moved(crossing.transfer, delivery)
    return delivery


def _stream(delivery: Delivery, crossing: Crossing, upload: Upload) -> Delivery:
    reader = Reader(crossing.tools.objects, delivery)
    for chunk in reader.chunks():
        crossing.tools.halt()
        delivery = crossing.save(delivery, moved=upload.write(chunk))
        crossing.tools.observer.moved(crossing.transfer, delivery)
    return delivery.evolve(digests=reader.digests())


def _verify(delivery: Delivery, crossing: Crossing) -> Delivery:
    """(9) Tier T0: the size after close; and our digests against whatever S3 holds."""
    try:
        _same_size(delivery, crossing)
        _same_digests(delivery)
    except Corrupted:
        _drop_temp(delivery, crossing)
        raise
    return crossing.save(
        delivery, state=DeliveryState.VERIFIED, candidates=(_temp(delivery),), moved=delivery.size
    )


def _publish(delivery: Delivery, crossing: Crossing, *, asked_before: bool) -> Delivery:
    """(10) check again, INTENT; (11) rename; (12) PUBLISHED."""
    if delivery.state is DeliveryState.PUBLISHED:
        return delivery
    rechecked = crossing.tools.authority.confirm(crossing.transfer.request)
    crossing.tools.ledger.renew(crossing.transfer, PUBLISH_LEASE)
    delivery = crossing.save(delivery, state=DeliveryState.INTENT, rechecked_at=rechecked)
    try:
        renamed = crossing.remote.rename(
            _temp(delivery), delivery.final, replace=crossing.destination.replace
        )
    except Permanent:
        # The server said no: nothing was published, and the temp may be removed.
        crossing.save(delivery, state=DeliveryState.FAILED)
        raise
    if not renamed and not (asked_before and _stands(delivery, crossing)):
        raise _unknown(delivery, crossing)
    return _published(delivery, crossing)


def _recover(delivery: Delivery, crossing: Crossing) -> Delivery:
    """After INTENT: whoever renames a candidate away proves that it was not published.

    The candidates are tried in ascending epoch order, and the new temp's name is durable among
    them before the first rename: a crash in between leads the next owner to the same end.
    """
    temp = crossing.temp_name(delivery)
    older = tuple(name for name in delivery.candidates if name != temp)
    delivery = crossing.save(delivery, temp=temp, candidates=(*older, temp))
    remote = crossing.remote
    if remote.size(temp) is not None:
        return delivery
    if any(remote.rename(name, temp, replace=False) for name in older):
        return delivery
    if _stands(delivery, crossing):
        return _published(delivery, crossing)
    raise _unknown(delivery, crossing)


def _published(delivery: Delivery, crossing: Crossing) -> Delivery:
    digests = delivery.digests or Digests(md5="", sha256="", source_check="")
    now = crossing.tools.clock()
    receipt = Receipt(
        path=delivery.final,
        size=delivery.size,
        md5=digests.md5,
        sha256=digests.sha256,
        tier="T0",
        source_check=digests.source_check,
        server=delivery.server,
        started_at=delivery.started_at or now,
        rechecked_at=delivery.rechecked_at or now,
        published_at=now,
    )
    return crossing.save(
        delivery, state=DeliveryState.PUBLISHED, receipt=receipt, moved=delivery.size, failure=None
    )


def _stands(delivery: Delivery, crossing: Crossing) -> bool:
    """The final name holds a file of the right size."""
    return crossing.remote.size(delivery.final) == delivery.size


def _unknown(delivery: Delivery, crossing: Crossing) -> Permanent:
    crossing.save(delivery, state=DeliveryState.UNKNOWN)
    return Permanent(
        Code.PUBLISH_UNKNOWN,
        f"{delivery.final} was being published when its temporary file vanished from "
        f"{crossing.destination.name}; nobody can tell whether it arrived.",
        file=delivery.final,
    )


def _same_size(delivery: Delivery, crossing: Crossing) -> None:
    stored = crossing.remote.size(_temp(delivery))
    if stored != delivery.size:
        raise Corrupted(
            Code.CHECKSUM_MISMATCH,
            f"{crossing.destination.name} stored {stored} of {delivery.size} bytes of "
            f"{delivery.final}.",
            file=delivery.final,
        )


def _same_digests(delivery: Delivery) -> None:
    pin, sent = delivery.pin, delivery.digests
    if pin is None or sent is None:
        return
    for name in ("md5", "sha256"):
        held = getattr(pin, name)
        if held and held != getattr(sent, name):
            raise Corrupted(
                Code.CHECKSUM_MISMATCH,
                f"The {name.upper()} of the bytes read from {delivery.source.uri} "
                "is not the one that S3 holds.",
                file=delivery.source.uri,
            )


def _temp(delivery: Delivery) -> str:
    if delivery.temp is None:
        raise ValueError(f"delivery {delivery.number} has no temp in state {delivery.state}")
    return delivery.temp


def _drop_temp(delivery: Delivery, crossing: Crossing) -> None:
    # After a dropped line this fails too; the name stands in the ledger, and Cleanup removes it.
    with suppress(FerryError):
        crossing.remote.remove(_temp(delivery))


def pinned(delivery: Delivery, pin: Pin) -> Delivery:
    """The delivery with its pin; one that has gone further keeps the pin it has."""
    if delivery.state is not DeliveryState.WAITING:
        return delivery
    return replace(delivery, pin=pin, state=DeliveryState.PINNED)
