"""(8) The bytes: S3 → ring → one or several connections → a temp of this epoch.

What was proven of a temp is proven again once it is open, and once it is closed: opening an
existing file for writing empties it on some servers, and others put one together from several
handles in a way of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial

from transfer.crossing import late
from transfer.crossing.crossing import Crossing, temp_of
from transfer.crossing.in_place import close
from transfer.crossing.knowing import known
from transfer.crossing.lanes import Lanes
from transfer.crossing.progress import Progress
from transfer.crossing.reading import Reader
from transfer.crossing.resume import CANNOT_CONTINUE, Proven, begin, proven, same_tail, with_older
from transfer.digests import STATELESS
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
from transfer.model import CHUNK, Delivery, DeliveryState
from transfer.ports import Remote, Upload
from transfer.refusals import Power

LINE = frozenset(
    {Code.REMOTE_DROPPED, Code.REMOTE_TIMEOUT, Code.REMOTE_SLOW, Code.REMOTE_UNREACHABLE}
)
"""What a server did not say; everything else of a Remote's is an answer."""


NEAR = 2
"""Most lanes that are there to fill each other's gaps, and not for the round trip."""
BLOCKED = frozenset({Code.REMOTE_EXISTS, Code.REMOTE_DENIED, Code.REMOTE_FAILED})
"""What a server says when a name is not to be had, or nothing at all there."""


class _BlockedError(Exception):
    """Nothing new can have that name; its cause says why."""

    def __init__(self, delivery: Delivery, error: FerryError) -> None:
        super().__init__(error.message)
        self.delivery, self.error = delivery, error


@dataclass(frozen=True, slots=True)
class _Writer:
    """One of those that write the file: a lane, and the connection that it has."""

    remote: Remote
    upload: Upload


@dataclass(frozen=True, slots=True)
class _Opening:
    """`there` says whether the temp could be created, `doubts` are those of ranges until now."""

    there: Future[bool]
    doubts: int


class _WithoutError(Exception):
    """The server will not do it that way; it may do it without this power."""

    def __init__(self, power: Power) -> None:
        super().__init__(power)
        self.power = power


def upload(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Into the temp, from where an earlier try or owner left off.

    Who refuses to continue it, or a second handle, gets it from its first byte, over one. Raises
    FerryError. After a Transient, and when the service is being stopped, the temp stays where it
    can be continued.
    """
    start, first = proven(delivery, crossing), True
    while True:
        try:
            return _uploaded(delivery, crossing, start)
        except _BlockedError as blocked:
            # A dead session of theirs may hold it, or it may not be removed: once, another one.
            if not first:
                raise blocked.error from None
            older = with_older(blocked.delivery)
            temp = crossing.other_name(blocked.delivery)
            delivery, first = blocked.delivery.evolve(temp=temp, older=older), False
        except _WithoutError as odd:
            crossing.tools.refusals.note(crossing.destination, odd.power)
            start = Proven(0, CANNOT_CONTINUE if start.bytes else "")


def _uploaded(delivery: Delivery, crossing: Crossing, start: Proven) -> Delivery:
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
        # It reads its first chunks while the temp is opened.
        reader = stack.enter_context(_reader(delivery, crossing, start))
        writers = _open(delivery, crossing, start, stack)
        # Over a long way the next chunk is shared out while the slowest still has the one before.
        reader.enlarge(int(len(writers) > NEAR))
        uploads = [writer.upload for writer in writers]
        pace = partial(crossing.tools.pace, crossing.destination)
        lanes = stack.enter_context(Lanes(uploads, start, crossing.tools.halt, pace=pace))
        with (
            Progress(delivery, reader, lanes, crossing, _worth_keeping) as progress,
            _answered(lanes, len(writers), start, crossing),
        ):
            for offset, data in _from(start, reader.chunks(lanes.heed)):
                crossing.tools.halt()
                lanes.write(data, offset)
                # Its buffer may be the only one that the next chunk can have.
                del data
                progress.tell()
            done = delivery.evolve(moved=delivery.size, kept=(), digests=reader.digests())
            # In place the close is the publish: once it is asked for it is waited for.
            finish = partial(
                lanes.finish,
                delivery.pin.modified if delivery.pin else None,
                heeds=not crossing.in_place,
            )
            if not crossing.in_place:
                finish()
        if crossing.in_place:
            done = close(done, crossing, finish)
        if start or len(writers) > 1:
            _prove_seams(done, crossing, start, list(zip(writers, lanes.probes, strict=False)))
    return done


def _reader(delivery: Delivery, crossing: Crossing, start: int) -> Reader:
    large = delivery.size > crossing.tools.keep_above
    return Reader(
        crossing.tools.objects,
        delivery,
        digests=crossing.destination.digests,
        known=known(delivery, crossing),
        start=start - start % CHUNK,
        buffers=crossing.tools.buffers,
        makers=crossing.tools.digests if large else STATELESS,
    )


@contextmanager
def _answered(lanes: Lanes, width: int, start: int, crossing: Crossing) -> Iterator[None]:
    """A refusal of the first bytes of a lane, or of a continued file, is one of the way.

    Silence of a lane from its first bytes on may be that too: the next try has one.
    """
    try:
        yield
    except FerryError as error:
        plain = width == 1 and not start
        if width > 1 and error.code is Code.REMOTE_TIMEOUT and not lanes.begun:
            crossing.tools.refusals.note(crossing.destination, "ranges")
        if plain or lanes.begun or not _is_refusal(error):
            raise
        raise _WithoutError("resumes" if width == 1 else "ranges") from error


def _is_refusal(error: FerryError) -> bool:
    """The server said no, and not because its disk is full, which it will be for any way."""
    if isinstance(error, Corrupted) or not error.code.startswith("remote."):
        return False
    return error.code not in LINE and error.code is not Code.REMOTE_FULL


def _prove_seams(
    delivery: Delivery,
    crossing: Crossing,
    start: int,
    probes: list[tuple[_Writer, tuple[int, bytes]]],
) -> None:
    """The closed file holds what an earlier try had left, and what each lane has written."""
    temp = temp_of(delivery)
    collected = crossing.destination.collected
    if crossing.in_place and (collected or crossing.remote.size(temp) is None):
        # It may have been taken away already, and must not be sent again for that.
        return
    late.stored(crossing.remote, temp, delivery.size, crossing.tools.pause)
    ends = {min(start, CHUNK), start} - {0}
    if not all(same_tail(delivery, crossing, end) for end in ends):
        raise _WithoutError("resumes")
    if len(probes) > 1:
        # Three round trips each.
        with ThreadPoolExecutor(len(probes), thread_name_prefix="probe") as pool:
            holds = partial(_holds, temp, crossing.remote)
            found = pool.map(holds, *zip(*probes, strict=True))
            if not all(list(found)):
                raise _WithoutError("ranges")


def _holds(temp: str, first: Remote, writer: _Writer, probe: tuple[int, bytes]) -> bool:
    try:
        return _shown(temp, writer.remote, *probe)
    except Transient:
        if writer.remote is first:
            raise
    # Some servers end a further session with the file that was written over it.
    return _shown(temp, first, *probe)


def _shown(temp: str, remote: Remote, place: int, wanted: bytes) -> bool:
    try:
        return b"".join(remote.proof.read(temp, place, len(wanted))) == wanted
    except Permanent:
        # Who may not read back has acknowledged every byte all the same.
        return True


def _from(
    start: int, chunks: Iterator[tuple[int, bytes | memoryview]]
) -> Iterator[tuple[int, bytes | memoryview]]:
    """The chunks without what stands on the remote already: FTP continues in mid-chunk."""
    for offset, data in chunks:
        skip = max(0, start - offset)
        if skip < len(data):
            yield offset + skip, memoryview(data)[skip:] if skip else data
        # As the one that it is handed to, before the next one is asked for.
        del data


def _open(delivery: Delivery, crossing: Crossing, start: int, stack: ExitStack) -> list[_Writer]:
    """The first one creates the temp, the others join it on connections of their own.

    Nobody writes before all have opened it, for some servers empty a file that is opened again.
    """
    temp, there = temp_of(delivery), Future[bool]()
    opening = _Opening(there, crossing.tools.refusals.doubts(crossing.destination, "ranges"))
    wanted = _wanted_lanes(delivery.size - start, crossing)
    spare = stack.enter_context(crossing.tools.slots.widen(crossing.destination, wanted - 1))
    # Each takes five round trips, all but the last while the temp is created.
    with ThreadPoolExecutor(max(spare, 1), thread_name_prefix="join") as pool:
        join = partial(_join, temp, start, crossing, stack, opening)
        joining = [pool.submit(join) for _ in range(spare)]
        try:
            first = _Writer(crossing.remote, _created(delivery, start, crossing))
        except BaseException:
            there.set_result(False)
            raise
        there.set_result(True)
        stack.callback(first.upload.abandon)
        writers = [first, *filter(None, [task.result() for task in joining])]
    if len(writers) <= spare and crossing.remote.size(temp) is None:
        # copyparty deletes a file before it refuses to open it again.
        raise _WithoutError("ranges")
    # FTP could not answer now; what it makes of a file is looked at when it is closed.
    if start and crossing.remote.powers.ranges and (crossing.remote.size(temp) or 0) < start:
        raise _WithoutError("resumes")
    return writers


def _created(delivery: Delivery, start: int, crossing: Crossing) -> Upload:
    """A temp of our own name that is there already came by a rename whose answer was lost, or the
    server would not remove it.
    """
    try:
        return crossing.remote.create(temp_of(delivery), at=start)
    except FerryError as error:
        if start and _is_refusal(error):
            raise _WithoutError("resumes") from error
        if error.code in BLOCKED and not start and not crossing.in_place:
            raise _BlockedError(delivery, error) from error
        raise


def _wanted_lanes(size: int, crossing: Crossing) -> int:
    width, most = crossing.tools.width, crossing.destination.connections_per_file
    if most == 1 or not crossing.powers.ranges or size < 2 * width.share:
        return 1
    if crossing.in_place and crossing.destination.collected:
        # The partner takes it away when the first of several handles is closed.
        return 1
    return min(most, width.lanes(size, crossing.powers.round_trip))


def _join(
    temp: str, start: int, crossing: Crossing, stack: ExitStack, opening: _Opening
) -> _Writer | None:
    """None when the partner lets no more in: one connection is slower, not wrong."""
    try:
        remote = crossing.tools.remotes.connect(crossing.destination, beside=crossing.remote)
    except FerryError as error:
        if error.code in LINE:
            # Some end the whole line over it, or fall silent, and would do so at each try.
            crossing.tools.refusals.doubt(crossing.destination, "ranges", opening.doubts)
        return None
    crossing.tools.refusals.shown(crossing.destination, "ranges")
    stack.enter_context(closing(remote))
    if not opening.there.result():
        return None
    try:
        # Any place but 0 opens the file that the first one has created.
        upload = remote.create(temp, at=max(start, 1))
    except FerryError as error:
        if not _is_refusal(error):
            raise
        crossing.tools.refusals.note(crossing.destination, "ranges")
        return None
    stack.callback(upload.abandon)
    return _Writer(remote, upload)


def _worth_keeping(error: BaseException, crossing: Crossing) -> bool:
    if isinstance(error, ClaimLost | Unanswered):
        # It is the heir's by now, who may be about to go on with it; or it is whole, perhaps.
        return True
    if crossing.in_place and isinstance(error, Stopping):
        # Nobody knows for how long: half a file must not stand under its final name till then.
        return False
    again = isinstance(error, Transient) and not isinstance(error, Corrupted)
    return again and crossing.powers.resumes
