"""A file's buffers, filled ahead by several threads and emptied in order by several followers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition

from transfer.buffers import Buffer, Share
from transfer.model import CHUNK

Read = Callable[[int, memoryview], None]
"""Fills the buffer with the bytes from that offset, or raises."""
LOOK_UP = 0.5
"""Seconds after which one that waits for a chunk asks whether it is still to come."""


class EndedError(Exception):
    """The ring has been stopped; for the threads that wait at it, never for the outside."""


class Ring:
    """Chunks of a file of `size` bytes by their offsets, multiples of CHUNK.

    `followers` are the offsets at which those begin who will take every chunk from there. A buffer
    is filled anew when no view of it is left, slices included: however long a slow writer holds
    on to its chunk, the bytes stay as they are. Where all of its `share` are held, reading waits.
    """

    def __init__(
        self, read: Read, *, begin: int, size: int, share: Share, followers: Sequence[int]
    ) -> None:
        self._read = read
        self._next = begin
        self._size = size
        self._share = share
        self._followers = followers
        self._change = Condition()
        self._ready: dict[int, memoryview] = {}
        self._taken: dict[int, int] = {}
        self._failure: tuple[int, BaseException] | None = None
        self._stopped = False

    def fill(self) -> None:
        """What a reading thread does: chunk after chunk until the end, a failure or `stop`."""
        while (buffer := self._share.take()) is not None:
            if (start := self._claim()) is None:
                self._share.give_back(buffer)
                break
            self._fill(buffer, start)
            # Not while the next one is waited for: the pool may want to be rid of it.
            del buffer
        # Whoever else waits for a buffer has nothing left to read either.
        self._share.end()

    def take(self, start: int, heed: Callable[[], None] = lambda: None) -> memoryview:
        """The chunk, read-only. Raises what reading it, or one before it, raised; and what `heed`
        raises, which is asked now and then while it is waited for.
        """
        while not self._came(start):
            heed()
        with self._change:
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
            if not self._stopped and (self._failure is None or start < self._failure[0]):
                self._failure = (start, error)
            self._change.notify_all()

    def stop(self) -> None:
        """Everybody who waits is sent away; a read that is under way comes to its end."""
        with self._change:
            self._stopped = True
            self._ready.clear()
            # It holds the buffer that was to be filled, and its frames hold this ring.
            self._failure = None
            self._change.notify_all()
        self._share.end()

    def _came(self, start: int) -> bool:
        """Or never will."""
        with self._change:
            return self._change.wait_for(lambda: start in self._ready or self._over(start), LOOK_UP)

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

    def _fill(self, buffer: Buffer, start: int) -> None:
        try:
            view = self._share.lend(buffer, min(CHUNK, self._size - start))
            self._read(start, view)
        except BaseException as error:  # noqa: BLE001  it is the follower's to raise
            self.fail(start, error)
            return
        with self._change:
            if not self._stopped:
                self._ready[start] = view.toreadonly()
            self._change.notify_all()
