"""(8) The bytes: S3 → ring → one or several connections → a temp of this epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial

from transfer.crossing import Crossing, temp_of
from transfer.errors import (
    ClaimLost,
    Code,
    Corrupted,
    FerryError,
    Permanent,
    Stopping,
    Transient,
    Unanswered,
)
from transfer.in_place import close
from transfer.lanes import Lanes
from transfer.model import CHUNK, Delivery, DeliveryState
from transfer.ports import Remote, Upload
from transfer.reading import Reader
from transfer.resume import begin, proven


def upload(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Into the temp, from where an earlier try or owner left off.

    Raises FerryError. After a Transient, and when the service is being stopped, the temp stays
    where it can be continued.
    """
    start = proven(delivery, crossing)
    if start.bytes == 0:
        delivery = begin(delivery, crossing, start.why)
    elif delivery.state is not DeliveryState.UPLOADING:
        delivery = crossing.save(delivery, state=DeliveryState.UPLOADING)
    try:
        delivery = _carry(delivery, crossing, start.bytes)
    except BaseException as error:
        if not _worth_keeping(error, crossing):
            crossing.drop(temp_of(delivery))
        raise
    crossing.tools.observer.moved(crossing.transfer, delivery)
    return delivery


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
            delivery = crossing.progress(delivery, lanes.proven)
            crossing.tools.observer.moved(crossing.transfer, delivery)
        sent = delivery.evolve(moved=delivery.size, digests=reader.digests())
        finish = partial(lanes.finish, delivery.pin.modified if delivery.pin else None)
        if crossing.in_place:
            return close(sent, crossing, finish)
        finish()
        return sent


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
    uploads = [_created(temp, start, crossing)]
    stack.callback(uploads[0].abandon)
    wanted = _wanted_lanes(temp, delivery.size - start, crossing)
    spare = stack.enter_context(crossing.tools.slots.widen(crossing.destination, wanted - 1))
    if spare:
        # Each takes five round trips: over a long way that is worth waiting for once only.
        with ThreadPoolExecutor(spare, thread_name_prefix="join") as pool:
            joined = pool.map(lambda _: _join(temp, start, crossing, stack), range(spare))
            uploads += [upload for upload in joined if upload is not None]
    return uploads


def _created(temp: str, start: int, crossing: Crossing) -> Upload:
    """A temp of our own name that is there already came by a rename whose answer was lost: the
    next try removes it, and begins anew.
    """
    try:
        return crossing.remote.create(temp, at=start)
    except Permanent as error:
        if error.code is not Code.REMOTE_EXISTS or crossing.in_place:
            raise
        raise Transient(error.code, error.message, file=error.file) from error


def _wanted_lanes(temp: str, size: int, crossing: Crossing) -> int:
    width, most = crossing.tools.width, crossing.destination.connections_per_file
    if most == 1 or not crossing.remote.powers.ranges or size < 2 * width.share:
        return 1
    if crossing.in_place and crossing.destination.collected:
        # The partner takes it away when the first of several handles is closed.
        return 1
    return min(most, width.lanes(size, _round_trip(temp, crossing.remote)))


def _round_trip(temp: str, remote: Remote) -> float:
    """Seconds; the least of three, because a busy processor makes single ones long."""

    def once() -> float:
        begun = time.monotonic()
        remote.size(temp)
        return time.monotonic() - begun

    return min(once() for _ in range(3))


def _join(temp: str, start: int, crossing: Crossing, stack: ExitStack) -> Upload | None:
    """None when the partner lets no more in: one connection is slower, not wrong."""
    try:
        remote = crossing.tools.remotes.connect(crossing.destination, beside=crossing.remote)
    except FerryError:
        return None
    stack.enter_context(closing(remote))
    # Any place but 0 opens the file that the first one has created.
    upload = remote.create(temp, at=max(start, 1))
    stack.callback(upload.abandon)
    return upload


def _worth_keeping(error: BaseException, crossing: Crossing) -> bool:
    if isinstance(error, ClaimLost | Unanswered):
        # It is the heir's by now, who may be about to go on with it; or it is whole, perhaps.
        return True
    if crossing.in_place and isinstance(error, Stopping):
        # Nobody knows for how long: half a file must not stand under its final name till then.
        return False
    again = isinstance(error, Transient) and not isinstance(error, Corrupted)
    return again and crossing.remote.powers.resumes
