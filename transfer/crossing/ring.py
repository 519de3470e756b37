"""Few buffers, filled ahead by several threads and emptied in order by several followers."""

from __future__ import annotations

import ctypes
import mmap
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Condition

from transfer.model import CHUNK

PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
"""Shared pages, which Python's mmap gives unless told otherwise, are never huge."""
Read = Callable[[int, memoryview], None]
"""Fills the buffer with the bytes from that offset, or raises."""


class EndedError(Exception):
    """The ring has been stopped; for the threads that wait at it, never for the outside."""


class Ring:
    """Chunks of a file of `size` bytes by their offsets, multiples of CHUNK.

    `followers` are the offsets at which those begin who will take every chunk from there. A buffer
    is filled anew when no view of it is left, slices included: however long a slow writer holds
    on to its chunk, the bytes stay as they are. With `room` buffers all held, reading waits.
    """

    def __init__(
        self, read: Read, *, begin: int, size: int, room: int, followers: Sequence[int]
    ) -> None:
        self._read = read
        self._next = begin
        self._size = size
        self._followers = followers
        # A view may be dropped anywhere, also while a lock is held; a SimpleQueue bears that.
        self._free: SimpleQueue[mmap.mmap | None] = SimpleQueue()
        self._change = Condition()
        self._ready: dict[int, memoryview] = {}
        self._taken: dict[int, int] = {}
        self._failure: tuple[int, BaseException] | None = None
        self._stopped = False
        self.enlarge(room)

    def enlarge(self, count: int) -> None:
        """So many buffers more. They take memory only when they are filled."""
        for _ in range(count):
            # Pages of their own: what malloc takes back it seldom gives to another thread.
            pages = mmap.mmap(-1, min(CHUNK, self._size), PRIVATE)
            with suppress(OSError):
                # 512 at a time: to be given one after the other costs more than to fill them.
                pages.madvise(mmap.MADV_HUGEPAGE)
            self._free.put(pages)

    def fill(self) -> None:
        """What a reading thread does: chunk after chunk until the end, a failure or `stop`."""
        while (buffer := self._free.get()) is not None and (start := self._claim()) is not None:
            self._fill(buffer, start)
        # Whoever else waits for a buffer has nothing left to read either.
        self._free.put(None)

    def take(self, start: int) -> memoryview:
        """The chunk, read-only; waits for it. Raises what reading it, or one before it, raised."""
        with self._change:
            self._change.wait_for(lambda: start in self._ready or self._over(start))
            if start in self._ready:
                return self._hand_out(start)
            if self._failure and not self._stopped:
                raise self._failure[1]
            raise EndedError

    def check(self) -> None:
        """Raises what made the ring fail, if anything did."""
        if self._failure:
            raise self._failure[1]

    def fail(self, start: int, error: BaseException) -> None:
        """Followers get the chunks before `start`, then the error."""
        with self._change:
            if self._failure is None or start < self._failure[0]:
                self._failure = (start, error)
            self._change.notify_all()

    def stop(self) -> None:
        """Everybody who waits is sent away; a read that is under way comes to its end."""
        with self._change:
            self._stopped = True
            self._ready.clear()
            self._change.notify_all()
        self._free.put(None)

    def _over(self, start: int) -> bool:
        return self._stopped or (self._failure is not None and self._failure[0] <= start)

    def _hand_out(self, start: int) -> memoryview:
        self._taken[start] = self._taken.get(start, 0) + 1
        if self._taken[start] < sum(begin <= start for begin in self._followers):
            return self._ready[start]
        del self._taken[start]
        return self._ready.pop(start)

    def _claim(self) -> int | None:
        """Buffer first, offset second: so the lowest offset always has a buffer."""
        with self._change:
            start = self._next
            if self._stopped or self._failure or start >= self._size:
                return None
            self._next += CHUNK
            return start

    def _fill(self, buffer: mmap.mmap, start: int) -> None:
        view = self._lend(buffer, min(CHUNK, self._size - start))
        try:
            self._read(start, view)
        except BaseException as error:  # noqa: BLE001  it is the follower's to raise
            self.fail(start, error)
            return
        with self._change:
            if not self._stopped:
                self._ready[start] = view.toreadonly()
            self._change.notify_all()

    def _lend(self, buffer: mmap.mmap, length: int) -> memoryview:
        """A view whose owner dies with the last view or slice of it, and gives the buffer back."""
        owner = (ctypes.c_ubyte * length).from_buffer(buffer)
        weakref.finalize(owner, self._free.put, buffer).atexit = False
        return memoryview(owner).cast("B")
