"""One file over one or several connections, each writing the chunks that it is handed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Self

from transfer.ports import Upload

Chunk = bytes | memoryview


class _Lane:
    """One upload, and which chunks it has not acknowledged yet."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self.busy = False
        self.task: Future[None] | None = None
        self._lock = threading.Lock()
        self._open: deque[tuple[int, int]] = deque()
        self._sent = 0

    def settle(self) -> None:
        """Raises what the last write raised."""
        if self.task:
            self.task.result()

    def write(self, data: Chunk, offset: int) -> None:
        with self._lock:
            self._sent += len(data)
            self._open.append((self._sent, offset))
        self.upload.write(data, offset)

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

    def __init__(self, uploads: Sequence[Upload], start: int) -> None:
        self._lanes = [_Lane(upload) for upload in uploads]
        self._end = start
        self._free = threading.Semaphore(len(uploads))
        self._pool: ThreadPoolExecutor | None = None
        if len(uploads) > 1:
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
            # A write that hangs ends when its connection is given up, and never before.
            if kind is not None:
                for lane in self._lanes:
                    lane.upload.abandon()
            self._pool.shutdown(wait=True)

    @property
    def proven(self) -> int:
        """Every byte before this place has been acknowledged."""
        gaps = [place for lane in self._lanes if (place := lane.first_gap()) is not None]
        return min(gaps, default=self._end)

    def write(self, data: Chunk, offset: int) -> None:
        """Returns when a lane has taken it. Raises what an earlier write of any lane raised."""
        self._end = offset + len(data)
        if self._pool is None:
            self._lanes[0].write(data, offset)
            return
        self._free.acquire()
        lane = next(lane for lane in self._lanes if not lane.busy)
        lane.settle()
        lane.busy = True
        lane.task = self._pool.submit(self._write, lane, data, offset)

    def finish(self, modified: datetime | None) -> None:
        """Returns only if every byte of every lane is acknowledged and every handle closed."""
        for lane in self._lanes:
            lane.settle()
        for lane in self._lanes:
            lane.upload.finish(modified)

    def _write(self, lane: _Lane, data: Chunk, offset: int) -> None:
        try:
            lane.write(data, offset)
        finally:
            lane.busy = False
            self._free.release()
