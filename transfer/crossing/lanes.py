"""One file over one or several connections, each writing the chunks that it is handed.

A chunk stands with its lane before any thread is asked to write it: what has been handed out and
not begun is as little acknowledged as what is under way.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self

from transfer.errors import Stopping
from transfer.ports import Upload

Chunk = bytes | memoryview
Pace = Callable[[int, Callable[[], None]], int]
LOOK_UP = 0.5
"""Seconds after which one that waits for a lane asks whether the work is to end."""
QUICK = 32 * 1024
"""Bytes that are gone in no time, or in two minutes at the least rate: not worth a thread."""
LEAST = 1024 * 1024
"""Bytes of the smallest piece of a chunk that several lanes share."""
PROBE = 32 * 1024
"""Bytes that are kept of the first chunk of each lane, to be looked for once all is closed."""


class _Lane:
    """One upload, and which chunks it has not acknowledged yet."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self.busy = False
        self.task: Future[None] | None = None
        self.first = 0
        self.probe: tuple[int, bytes] | None = None
        self._lock = threading.Lock()
        self._open: deque[tuple[int, int]] = deque()
        self._sent = 0

    def began(self) -> bool:
        """Whether it was ever handed a chunk."""
        return bool(self.first)

    def take(self, data: Chunk, offset: int) -> None:
        """From here on the chunk is this lane's to write."""
        self.first = self.first or len(data)
        self.probe = self.probe or (offset, bytes(data[:PROBE]))
        with self._lock:
            self._sent += len(data)
            self._open.append((self._sent, offset))

    def first_gap(self) -> int | None:
        """The place of the first chunk that is not wholly acknowledged; None when there is none."""
        acknowledged = self.upload.acknowledged
        with self._lock:
            while self._open and self._open[0][0] <= acknowledged:
                self._open.popleft()
            return self._open[0][1] if self._open else None


class Lanes:
    """Writes chunks in the order in which they are given; a single lane one after the other.
    Several share each of them, so that few are held at a time.

    Leaving the block abandons what was not finished. Each lane has a thread of its own, so that who
    waits for a slow one hears that the work is to end.
    """

    def __init__(
        self,
        uploads: Sequence[Upload],
        start: int,
        halt: Callable[[], None] = lambda: None,
        pool: Executor | None = None,
        pace: Pace = lambda wanted, _: wanted,
    ) -> None:
        """`halt` is asked while all lanes are busy; `pool` has a thread for each of several. `pace`
        gives the bytes that may be sent now of those that are wanted, and asks what it is handed
        while it waits.
        """
        self._lanes = [_Lane(upload) for upload in uploads]
        self._start = self._end = start
        self._halt = halt
        self._pace = pace
        self._given_up = False
        self._side: Executor | None = None
        self._free = threading.Semaphore(len(uploads))
        self._pool = pool
        if len(uploads) > 1 and pool is None:
            self._pool = ThreadPoolExecutor(len(uploads), thread_name_prefix="lane")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A write that hangs ends when its connection is given up, one that waits when it is told.
        self._given_up = kind is not None
        if (self._pool or self._side) and kind is not None:
            for lane in self._lanes:
                lane.upload.abandon()
        for threads in filter(None, (self._pool, self._side)):
            threads.shutdown(wait=True)
        for lane in self._lanes:
            # What failed holds its chunk, and from here itself: nobody else could have the buffer.
            lane.task = None

    @property
    def proven(self) -> int:
        """Every byte before this place has been acknowledged."""
        gaps = [place for lane in self._lanes if (place := lane.first_gap()) is not None]
        return min(gaps, default=self._end)

    @property
    def begun(self) -> bool:
        """The first chunk of every lane has been acknowledged."""
        return all(lane.upload.acknowledged >= lane.first for lane in self._lanes)

    @property
    def probes(self) -> list[tuple[int, bytes]]:
        """What each lane was handed first: its place, and its first bytes."""
        return [lane.probe for lane in self._lanes if lane.probe]

    def write(self, data: Chunk, offset: int) -> None:
        """Returns when a lane has taken it. Raises what an earlier write of any lane raised."""
        if self._pool is None:
            self._hand(self._lanes[0], data, offset)
            self._heard(self._sent, self._lanes[0], data, offset)
            return
        size = max(-(-len(data) // len(self._lanes)), LEAST)
        for begin in range(0, len(data), size):
            self._share(self._pool, memoryview(data)[begin : begin + size], offset + begin)

    def heed(self) -> None:
        """For who waits for the next chunk, which may never come while those that have failed hold
        theirs: raises what a write has raised by now, and what `halt` raises.
        """
        for lane in self._lanes:
            if lane.task and lane.task.done():
                lane.task.result(0)
        self._halt()

    def _share(self, pool: Executor, data: Chunk, offset: int) -> None:
        while not self._free.acquire(timeout=LOOK_UP):
            self._halt()
        # Each has its first chunk before any has a second: a handle that is refused shows early.
        lane = min((lane for lane in self._lanes if not lane.busy), key=_Lane.began)
        self._settle(lane.task)
        lane.busy = True
        self._hand(lane, data, offset)
        lane.task = pool.submit(self._write, lane, data, offset)

    def finish(self, modified: datetime | None, *, heeds: bool = True) -> None:
        """Returns only if every byte of every lane is acknowledged and every handle closed.

        `heeds`: what `halt` raises meanwhile ends it too, as it ends a write.
        """
        if not heeds:
            self._halt = lambda: None
        for lane in self._lanes:
            self._settle(lane.task)
        if self._pool is None:
            self._heard(self._lanes[0].upload.finish, modified)
            return
        for lane in self._lanes:
            act = partial(copy_context().run, lane.upload.finish)
            lane.task = self._pool.submit(act, modified)
        for lane in self._lanes:
            self._settle(lane.task)

    def _heard(self, act: Callable[..., None], *given: Any) -> None:
        """It may take hours on a slow line. Raises what it raises, and what `halt` raises."""
        if self._end - self._start <= QUICK:
            act(*given)
            return
        if self._side is None:
            self._side = ThreadPoolExecutor(1, thread_name_prefix="lane")
        self._settle(self._side.submit(copy_context().run, act, *given))

    def _sent(self, lane: _Lane, data: Chunk, offset: int) -> None:
        """In pieces, where only so many bytes a second may be sent."""
        done = 0
        while True:
            room = self._pace(len(data) - done, self._may_wait)
            piece = data if room == len(data) else memoryview(data)[done : done + room]
            lane.upload.write(piece, offset + done)
            done += room
            if done >= len(data):
                return

    def _may_wait(self) -> None:
        if self._given_up:
            raise Stopping
        self._halt()

    def _settle(self, task: Future[None] | None) -> None:
        """Raises what the write raised."""
        if task is None:
            return
        while not wait((task,), LOOK_UP).done:
            self._halt()
        try:
            task.result()
        finally:
            # Or the error holds itself, by this frame: as in __exit__.
            del task

    def _hand(self, lane: _Lane, data: Chunk, offset: int) -> None:
        """The lane first: the end must never lie behind a chunk that nobody has."""
        lane.take(data, offset)
        self._end = offset + len(data)

    def _write(self, lane: _Lane, data: Chunk, offset: int) -> None:
        try:
            self._sent(lane, data, offset)
        finally:
            lane.busy = False
            self._free.release()
