"""One file over one or several connections, each writing the chunks that it is handed.

A chunk stands with its lane before any thread is asked to write it: what has been handed out and
not begun is as little acknowledged as what is under way.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Self

from transfer.ports import Upload

Chunk = bytes | memoryview
LOOK_UP = 0.5
"""Seconds after which one that waits for a free lane asks whether the work is to end."""
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

    def settle(self) -> None:
        """Raises what the last write raised."""
        if self.task:
            self.task.result()

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
    """Writes chunks in the order in which they are given; a single lane in the caller's thread.

    Leaving the block abandons what was not finished.
    """

    def __init__(
        self,
        uploads: Sequence[Upload],
        start: int,
        halt: Callable[[], None] = lambda: None,
        pool: Executor | None = None,
    ) -> None:
        """`halt` is asked while all lanes are busy; `pool` has a thread for each of several."""
        self._lanes = [_Lane(upload) for upload in uploads]
        self._end = start
        self._halt = halt
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
        if self._pool:
            # A write that hangs ends when its connection is given up.
            if kind is not None:
                for lane in self._lanes:
                    lane.upload.abandon()
            self._pool.shutdown(wait=True)

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
            self._lanes[0].upload.write(data, offset)
            return
        while not self._free.acquire(timeout=LOOK_UP):
            self._halt()
        lane = next(lane for lane in self._lanes if not lane.busy)
        lane.settle()
        lane.busy = True
        self._hand(lane, data, offset)
        lane.task = self._pool.submit(self._write, lane, data, offset)

    def finish(self, modified: datetime | None) -> None:
        """Returns only if every byte of every lane is acknowledged and every handle closed."""
        for lane in self._lanes:
            lane.settle()
        for lane in self._lanes:
            lane.upload.finish(modified)

    def _hand(self, lane: _Lane, data: Chunk, offset: int) -> None:
        """The lane first: the end must never lie behind a chunk that nobody has."""
        lane.take(data, offset)
        self._end = offset + len(data)

    def _write(self, lane: _Lane, data: Chunk, offset: int) -> None:
        try:
            lane.upload.write(data, offset)
        finally:
            lane.busy = False
            self._free.release()
