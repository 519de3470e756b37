"""Reading a pinned object front to back, ahead of who sends it, digesting what passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from threading import Thread
from typing import Self

from transfer import digests as digesting
from transfer.buffers import Buffers
from transfer.computed import Digests, Kept
from transfer.crossing.keeping import Keeping
from transfer.crossing.ring import EndedError, Read, Ring
from transfer.digests import NOTHING, STATELESS, Hash, Known, Makers
from transfer.model import CHUNK, MIB, Delivery
from transfer.ports import ObjectStore

READERS = 2
"""Ranges that are read at once. One S3 connection gives 50 to 100 MB/s."""
ROOM = 3
"""Chunks in memory: one being sent, two read ahead. A fourth brought nothing on loopback. Of
several files that move at once each has fewer: see Buffers.
"""
SMALL = MIB
"""Up to this size threads cost more than they bring."""


class Reader:
    """The chunks of a delivery from `start`, a multiple of CHUNK, and the digests of the whole.

    `digests` are names of Digests, `makers` begin them; those that are `known` need no computing
    where something else of S3's proves the bytes. `room` are the most chunks in memory, of the
    process's `buffers`. Its threads end with the `with` block, at the latest when the ranges that
    are being read have come or timed out.
    """

    def __init__(  # noqa: PLR0913 all but two are named at the call
        self,
        objects: ObjectStore,
        delivery: Delivery,
        *,
        digests: tuple[str, ...] = ("md5", "sha256"),
        known: Mapping[str, Known] = NOTHING,
        start: int = 0,
        room: int = ROOM,
        buffers: Buffers | None = None,
        makers: Makers = STATELESS,
    ) -> None:
        if delivery.pin is None or start % CHUNK:
            raise ValueError("a delivery is pinned before it is read, from the start of a chunk")
        self._pin = delivery.pin
        # Not a method of our own: buffers in a reference cycle would outlive the file for long.
        self._read: Read = partial(objects.read_into, delivery.source, delivery.pin)
        self._position = start
        plan = digesting.plan(digests, known, self._pin, makers, objects.checksums)
        self._known = plan.known
        # Where there is nothing to compute nobody asks for what was sent before `start`.
        begun = digesting.resume(plan.makers, delivery, start) if plan.makers else (start, {})
        at, self._hashes = begun
        self._digested = at
        self._keeping = _keeping(delivery, self._hashes, at)
        self._small = bytearray(self._pin.size if self._pin.size <= SMALL else 0)
        self._digesters: list[Thread] = []
        self._readers: list[Thread] = []
        self._share = (buffers or Buffers()).share(room)
        self._ring = Ring(
            self._read,
            begin=at,
            size=self._pin.size,
            share=self._share,
            followers=[start] + [at] * len(self._hashes),
        )

    def __enter__(self) -> Self:
        try:
            if self._pin.size > SMALL:
                self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ring.stop()
        for thread in (*self._readers, *self._digesters):
            thread.join()

    def chunks(self, heed: Callable[[], None] = lambda: None) -> Iterator[tuple[int, memoryview]]:
        """In order, each with its offset. A chunk stays as it is for as long as a view of it is
        held; who holds on to one may wait for the next in vain, and only `heed`, which is asked
        meanwhile, could end that.

        With `start` above 0 and digests of which no state was kept, the first one comes when all
        before it has been read.
        Raises what `ObjectStore.read_into` raises, after the chunks before it.
        """
        while self._position < self._pin.size:
            start, self._position = self._position, self._position + CHUNK
            # No name here for the chunk: that would hold it while the next one is waited for.
            yield start, self._chunk(start, heed)

    def enlarge(self, count: int) -> None:
        """Room for so many chunks more; for who sends several at once, at any time."""
        self._share.enlarge(count)

    def kept(self, proven: int) -> tuple[Kept, ...]:
        """The states of the digests that are worth keeping when so many bytes are acknowledged: of
        chunks that were handed out. May wait for the digests to come there.
        """
        return self._keeping.before(proven) if self._keeping else ()

    def digests(self) -> Digests:
        """Of the whole object, after the last chunk. Empty for what was neither asked for nor is a
        proof.
        """
        if self._position < self._pin.size:
            raise ValueError("the digests are known after the last chunk")
        for thread in self._digesters:
            thread.join()
        self._ring.check()
        # The few bytes of a small one are digested while the partner's server stores them.
        small, self._small = self._small, bytearray()
        for value in self._hashes.values():
            value.update(memoryview(small))
        return digesting.end(self._hashes, self._pin, self._known)

    def _start(self) -> None:
        for number in range(min(READERS, -(-self._pin.size // CHUNK))):
            self._readers.append(_started(self._ring.fill, f"read-{number}"))
        for name, value in self._hashes.items():
            self._digesters.append(_started(partial(self._digest, name, value), name))

    def _chunk(self, start: int, heed: Callable[[], None]) -> memoryview:
        if self._small:
            self._read(0, memoryview(self._small))
            return memoryview(self._small).toreadonly()
        return self._ring.take(start, heed)

    def _digest(self, name: str, value: Hash) -> None:
        start = self._digested
        try:
            for start in range(self._digested, self._pin.size, CHUNK):
                value.update(self._ring.take(start))
                if self._keeping:
                    self._keeping.passed(name, min(start + CHUNK, self._pin.size), value)
        except EndedError:
            pass
        except BaseException as error:  # noqa: BLE001  it is raised where the digests are asked for
            self._ring.fail(start, error)
        finally:
            if self._keeping:
                self._keeping.ended(name)


def _keeping(delivery: Delivery, hashes: dict[str, Hash], at: int) -> Keeping | None:
    """None where there is nothing to keep: no digest, or one whose state cannot be had."""
    states = [value.state() for value in hashes.values()]
    if not states or not all(states):
        return None
    return Keeping(delivery, hashes, at)


def _started(task: Callable[[], None], name: str) -> Thread:
    thread = Thread(target=task, name=name, daemon=True)
    thread.start()
    return thread
