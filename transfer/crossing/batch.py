"""Many small files at once: the round trips, the ledger's writes and the re-check are shared.

Nothing here is needed for a right end. Whatever does not go through smoothly is left as the ledger
has it, and `deliver` takes it up one by one, as it does after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from transfer import digests as digesting
from transfer.crossing import late
from transfer.crossing.crossing import Crossing, temp_of
from transfer.crossing.knowing import known
from transfer.crossing.publish import demand_renamed, intend, published, vanished
from transfer.crossing.verify import same_as_source
from transfer.destination import Conflict, Tier
from transfer.errors import FerryError
from transfer.model import MIB, Delivery, DeliveryState, Pin, Source

LARGEST = MIB
"""Bytes of a file that is small: it is held in memory whole."""
MOST = 64
"""Files of one batch; more gain nothing (measured on loopback)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A whole file to be stored under `path`, which nothing has yet."""

    path: str
    data: bytes | memoryview
    modified: datetime | None = None


@runtime_checkable
class Batch(Protocol):
    """What a Remote offers beside its port when it can overlap the round trips of small files."""

    def store(self, files: Sequence[Small]) -> list[int | FerryError | None]:
        """For each the size on the server after the close (None when it is absent or untold), or
        why the server refused it. Raises Transient when the line breaks.
        """

    def rename_all(
        self, pairs: Sequence[tuple[str, str]], *, replace: bool
    ) -> list[bool | FerryError]:
        """For each what `Remote.rename` returns, or the Permanent that it raises; no name occurs
        twice. Raises Transient when the line breaks: then nothing is known of any.
        """


@runtime_checkable
class Many(Protocol):
    """What an ObjectStore offers beside its port when it can overlap the round trips of several
    objects. Each raises for the first that its verb for one would have raised for.
    """

    def describe_all(self, sources: Iterable[Source]) -> Iterator[Pin]:
        """`describe` of each in their order; who takes one has had the next ones asked for."""

    def read_all(self, wanted: Iterable[tuple[Source, Pin, memoryview]]) -> None:
        """`read_into` of each, from the start."""


def fits(delivery: Delivery) -> bool:
    """Whether this file may go with others: new and small."""
    return delivery.state is DeliveryState.PINNED and delivery.size <= LARGEST


def batches(crossing: Crossing) -> bool:
    """Whether files may go together there, and nothing unusual is asked for."""
    destination, remote = crossing.destination, crossing.remote
    return (
        isinstance(remote, Batch)
        and (remote.powers.replaces or not destination.replace)
        and destination.on_conflict is not Conflict.VERSION
        and destination.mode.value in ("auto", "posix-rename" if destination.replace else "rename")
        and destination.tier in (None, Tier.SIZE, Tier.ACKNOWLEDGED)
        and not crossing.powers.digests
    )


def deliver_many(
    deliveries: Sequence[Delivery], crossing: Crossing, *, hold: bool = False
) -> list[Delivery]:
    """As many of them as go through smoothly are PUBLISHED, with `hold` VERIFIED; returns all as
    the ledger has them now.

    To ask it would be to read all files of the request after each batch. Raises FerryError.
    """
    remote = crossing.remote
    if not isinstance(remote, Batch):
        return list(deliveries)
    begun = _stored(deliveries, crossing, remote)
    looked_at = _looked_at(begun, crossing)
    stored, gone = _verified(looked_at), [item for item, size in looked_at if size is None]
    if gone:
        # All of them are saved as what they are.
        raise min([vanished(item, crossing) for item in gone], key=lambda error: error.file or "")
    reached = {item.number: item for item, _ in begun}
    if hold:
        stored = [item.evolve(state=DeliveryState.VERIFIED, failure=None) for item in stored]
        crossing.tools.ledger.save(crossing.transfer, *stored)
        reached |= {item.number: item for item in stored}
    elif stored:
        with crossing.tools.tracer.span("publish of many", crossing.transfer):
            reached |= {item.number: item for item in _publish(stored, crossing, remote)}
    return list(reached.values())


def _publish(stored: Sequence[Delivery], crossing: Crossing, remote: Batch) -> list[Delivery]:
    intended = intend(stored, crossing)
    crossing.tools.fence()
    pairs = [(temp_of(item), item.final) for item in intended]
    renamed = remote.rename_all(pairs, replace=crossing.destination.replace)
    done = [
        published(item, crossing)
        for item, outcome in zip(intended, renamed, strict=True)
        if outcome is True
    ]
    for item in done[:1]:
        # One that lies does so of all.
        demand_renamed(temp_of(item), item.final, crossing)
    crossing.tools.ledger.save(crossing.transfer, *done)
    for item in done:
        crossing.tools.observer.moved(crossing.transfer, item)
    return [*intended, *done]


def _stored(
    deliveries: Sequence[Delivery], crossing: Crossing, remote: Batch
) -> list[tuple[Delivery, object]]:
    """Each with the size on the server, or with what the server refused it for."""
    contents = _contents(deliveries, crossing)
    begun = [
        _begun(item, content, crossing) for item, content in zip(deliveries, contents, strict=True)
    ]
    crossing.tools.ledger.save(crossing.transfer, *begun)
    files = [
        Small(path=temp_of(item), data=content, modified=item.pin.modified if item.pin else None)
        for item, content in zip(begun, contents, strict=True)
    ]
    left = sum(item.size for item in begun)
    while left > 0:
        left -= crossing.tools.pace(crossing.destination, left, crossing.tools.halt)
    return list(zip(begun, remote.store(files), strict=True))


def _contents(deliveries: Sequence[Delivery], crossing: Crossing) -> list[memoryview]:
    objects = crossing.tools.objects
    # Not `read`, which copies: fresh memory costs more than the digests do.
    contents = [memoryview(bytearray(_pin(item).size)) for item in deliveries]

    def wanted() -> Iterator[tuple[Source, Pin, memoryview]]:
        for item, content in zip(deliveries, contents, strict=True):
            crossing.tools.halt()
            yield item.source, _pin(item), content

    if isinstance(objects, Many):
        objects.read_all(wanted())
    else:
        for source, pin, content in wanted():
            if content:
                objects.read_into(source, pin, 0, content)
    return [content.toreadonly() for content in contents]


def _begun(delivery: Delivery, content: memoryview, crossing: Crossing) -> Delivery:
    pin, checksums = _pin(delivery), crossing.tools.objects.checksums
    plan = digesting.plan(
        crossing.destination.digests, known(delivery, crossing), pin, digesting.STATELESS, checksums
    )
    hashes = digesting.begin(plan.makers)
    for value in hashes.values():
        value.update(content)
    return delivery.evolve(
        state=DeliveryState.UPLOADING,
        temp=crossing.temp_name(delivery),
        started_at=crossing.tools.clock(),
        server=crossing.remote.identity,
        digests=digesting.end(hashes, pin, plan.known),
    )


def _looked_at(
    stored: Sequence[tuple[Delivery, object]], crossing: Crossing
) -> list[tuple[Delivery, object]]:
    """With the sizes looked at again where they are not right; None is one that has gone."""
    looks = iter(late.LOOKS)
    return [(item, _size(item, size, crossing, looks)) for item, size in stored]


def _size(delivery: Delivery, size: object, crossing: Crossing, looks: Iterator[float]) -> object:
    if isinstance(size, FerryError) or size == delivery.size:
        return size
    pause, temp = crossing.tools.pause, temp_of(delivery)
    return late.stored(crossing.remote, temp, delivery.size, pause, looks)


def _verified(looked_at: Sequence[tuple[Delivery, object]]) -> list[Delivery]:
    """Those whose size and source are right; the others are sent again, one by one."""
    return [
        item.evolve(tier=Tier.SIZE.value, moved=item.size)
        for item, size in looked_at
        if size == item.size and _is_as_source(item)
    ]


def _is_as_source(delivery: Delivery) -> bool:
    try:
        same_as_source(delivery)
    except FerryError:
        return False
    return True


def _pin(delivery: Delivery) -> Pin:
    if delivery.pin is None:
        raise ValueError(f"delivery {delivery.number} is not pinned")
    return delivery.pin
