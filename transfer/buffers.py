"""The buffers of a process: few and large, shared by all the files that move at one time."""

from __future__ import annotations

import ctypes
import mmap
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Lock

from transfer.model import CHUNK

PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
"""Shared pages, which Python's mmap gives unless told otherwise, are never huge."""
MOST = 7
"""For all files together, until each has no more than one. One alone has all that it can use."""


class Buffer:
    """Takes memory once it is filled."""

    def __init__(self) -> None:
        self._pages: mmap.mmap | None = None

    def pages(self) -> mmap.mmap:
        """Of its own: what malloc takes back it seldom gives to another thread."""
        if self._pages is None:
            self._pages = mmap.mmap(-1, CHUNK, PRIVATE)
            with suppress(OSError):
                # 512 at a time: to be given one after the other costs more than to fill them.
                self._pages.madvise(mmap.MADV_HUGEPAGE)
        return self._pages


class Buffers:
    """Each file may have one whatever the others hold, so none ever waits for another. It may have
    a further one as long as it holds fewer than are free: so several come to hold about the same,
    and some are left for those that are yet to begin.

    Whatever happens to them is posted, and worked off by whoever finds nobody at it: a view may be
    dropped anywhere, also while a lock is held, and this one too.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._posts: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = Lock()
        self._open: list[Share] = []
        self._spare: list[Buffer] = []
        self._used = 0

    def share(self, room: int) -> Share:
        """For one file, which holds `room` of them at most."""
        return Share(self, room)

    def post(self, act: Callable[[], None]) -> None:
        """Done by now, or before whoever is at it goes away."""
        self._posts.put(act)
        while not self._posts.empty() and self._lock.acquire(timeout=0):
            try:
                while not self._posts.empty():
                    self._posts.get()()
                self._hand_out()
            finally:
                self._lock.release()

    def wanted(self, share: Share) -> None:
        """The verbs from here on are posts."""
        if share.over:
            share.given.put(None)
            return
        share.wants += 1
        if share not in self._open:
            self._open.append(share)

    def returned(self, share: Share, buffer: Buffer) -> None:
        share.held -= 1
        self._used -= 1
        self._spare.append(buffer)

    def ended(self, share: Share) -> None:
        share.over = True
        for _ in range(share.wants):
            share.given.put(None)
        share.wants = 0
        if share in self._open:
            self._open.remove(share)

    def _hand_out(self) -> None:
        for share in sorted(self._open, key=lambda each: each.held):
            while share.wants and self._may_have(share):
                share.wants -= 1
                share.held += 1
                self._used += 1
                share.given.put(self._spare.pop() if self._spare else Buffer())
        # What nobody is going to ask for takes no memory.
        del self._spare[max(self._most - self._used, 0) if self._open else 0 :]

    def _may_have(self, share: Share) -> bool:
        free = self._most - self._used
        return not share.held or share.held < min(share.room, free)


class Share:
    """The buffers of one file. `room` may grow at any time; the other fields are the pool's."""

    def __init__(self, buffers: Buffers, room: int) -> None:
        self.room = room
        self.held = self.wants = 0
        self.over = False
        self.given: SimpleQueue[Buffer | None] = SimpleQueue()
        self._buffers = buffers

    def take(self) -> Buffer | None:
        """Waits until the file may have one; None once it is over."""
        self._buffers.post(partial(self._buffers.wanted, self))
        return self.given.get()

    def lend(self, buffer: Buffer, length: int) -> memoryview:
        """A view whose owner dies with the last view or slice of it, and gives the buffer back."""
        try:
            owner = (ctypes.c_ubyte * length).from_buffer(buffer.pages())
        except BaseException:
            self.give_back(buffer)
            raise
        weakref.finalize(owner, self.give_back, buffer).atexit = False
        return memoryview(owner).cast("B")

    def give_back(self, buffer: Buffer) -> None:
        self._buffers.post(partial(self._buffers.returned, self, buffer))

    def enlarge(self, count: int) -> None:
        """So many more, where the others leave them."""
        self._buffers.post(partial(self._grow, count))

    def end(self) -> None:
        """Nothing more is read: those who wait are sent away."""
        self._buffers.post(partial(self._buffers.ended, self))

    def _grow(self, count: int) -> None:
        self.room += count
