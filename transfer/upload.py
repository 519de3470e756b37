"""(8) The bytes: S3 → ring → one or several connections → a temp of this epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

from transfer.crossing import Crossing, temp_of
from transfer.errors import Corrupted, FerryError, Permanent, Stopping, Transient
from transfer.lanes import Lanes
from transfer.model import CHUNK, Delivery, DeliveryState
from transfer.ports import Remote, Upload
from transfer.reading import Reader


def upload(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Into the temp, from where a try of this epoch left off; its name is durable before it exists.

    Raises FerryError. After a Transient the temp stays where it can be continued.
    """
    start = _proven(delivery, crossing)
    if start == 0:
        delivery = _begin(delivery, crossing)
    try:
        delivery = _carry(delivery, crossing, start)
    except BaseException as error:
        if not _worth_keeping(error, crossing):
            crossing.drop(temp_of(delivery))
        raise
    crossing.tools.observer.moved(crossing.transfer, delivery)
    return delivery


def _begin(delivery: Delivery, crossing: Crossing) -> Delivery:
    if delivery.temp:
        crossing.remote.remove(delivery.temp)
    if crossing.in_place and crossing.destination.replace:
        crossing.remote.remove(delivery.final)
    return crossing.save(
        delivery,
        state=DeliveryState.UPLOADING,
        temp=crossing.temp_name(delivery),
        candidates=(),
        moved=0,
        started_at=delivery.started_at or crossing.tools.clock(),
        server=crossing.remote.identity,
    )


def _carry(delivery: Delivery, crossing: Crossing, start: int) -> Delivery:
    with ExitStack() as stack:
        uploads = _open(delivery, crossing, start, stack)
        reader = stack.enter_context(
            Reader(
                crossing.tools.objects,
                delivery,
                digests=crossing.destination.digests,
                start=start - start % CHUNK,
                # Each lane holds a chunk, one is in our hand, one is being read.
                room=len(uploads) + 2,
            )
        )
        lanes = stack.enter_context(Lanes(uploads, start))
        for offset, data in _from(start, reader.chunks()):
            crossing.tools.halt()
            lanes.write(data, offset)
            delivery = crossing.note(delivery, moved=lanes.proven)
            crossing.tools.observer.moved(crossing.transfer, delivery)
        lanes.finish(delivery.pin.modified if delivery.pin else None)
        return delivery.evolve(moved=delivery.size, digests=reader.digests())


def _from(
    start: int, chunks: Iterator[tuple[int, bytes | memoryview]]
) -> Iterator[tuple[int, bytes | memoryview]]:
    """The chunks without what stands on the remote already: FTP continues in mid-chunk."""
    for offset, data in chunks:
        skip = max(0, start - offset)
        if skip < len(data):
            yield offset + skip, memoryview(data)[skip:] if skip else data


def _open(delivery: Delivery, crossing: Crossing, start: int, stack: ExitStack) -> list[Upload]:
    """The first upload creates the temp, the others join it on connections of their own."""
    temp = temp_of(delivery)
    uploads = [crossing.remote.create(temp, at=start)]
    stack.callback(uploads[0].abandon)
    wanted = _wanted_lanes(temp, delivery.size - start, crossing)
    spare = stack.enter_context(crossing.tools.slots.widen(crossing.destination, wanted - 1))
    for _ in range(spare):
        remote = _further_connection(crossing)
        if remote is None:
            break
        stack.enter_context(closing(remote))
        # Any place but 0 opens the file that the first one has created.
        uploads.append(remote.create(temp, at=max(start, 1)))
        stack.callback(uploads[-1].abandon)
    return uploads


def _wanted_lanes(temp: str, size: int, crossing: Crossing) -> int:
    width = crossing.tools.width
    if not crossing.remote.powers.ranges or size < 2 * width.share:
        return 1
    return width.lanes(size, _round_trip(temp, crossing.remote))


def _round_trip(temp: str, remote: Remote) -> float:
    """Seconds; the least of three, because a busy processor makes single ones long."""

    def once() -> float:
        begun = time.monotonic()
        remote.size(temp)
        return time.monotonic() - begun

    return min(once() for _ in range(3))


def _further_connection(crossing: Crossing) -> Remote | None:
    """None when the partner lets no more in: one connection is slower, not wrong."""
    try:
        return crossing.tools.remotes.connect(crossing.destination, beside=crossing.remote)
    except FerryError:
        return None


def _worth_keeping(error: BaseException, crossing: Crossing) -> bool:
    again = isinstance(error, Transient) and not isinstance(error, Corrupted | Stopping)
    return again and crossing.remote.powers.resumes


def _proven(delivery: Delivery, crossing: Crossing) -> int:
    """How many bytes of the temp can be trusted: acknowledged, still there, and the last compared.

    0 where a try of another epoch wrote it, or the server cannot continue a file.
    """
    powers, temp = crossing.remote.powers, delivery.temp
    own = temp == crossing.temp_name(delivery) and delivery.state is DeliveryState.UPLOADING
    if not (own and temp and powers.resumes and delivery.moved):
        return 0
    stored = crossing.remote.size(temp) or 0
    at = min(delivery.moved, stored)
    at = at - at % CHUNK if powers.ranges else stored
    if not 0 < at <= delivery.size or not _same_tail(delivery, crossing, at):
        return 0
    return at


def _same_tail(delivery: Delivery, crossing: Crossing, at: int) -> bool:
    """The last chunk before `at` holds the source's bytes: some servers fill gaps with zeros."""
    if delivery.pin is None:
        return False
    begin = max(0, at - CHUNK)
    wanted = crossing.tools.objects.read(delivery.source, delivery.pin, begin, at - begin)
    try:
        pieces = crossing.remote.proof.read(temp_of(delivery), begin, at - begin)
        return b"".join(pieces) == wanted
    except Permanent:
        # Who may write but not read has to start over: nothing is taken on trust.
        return False
