"""What `send` shows while it works: on a terminal bars, elsewhere a line every few seconds.

All sizes are in MiB. What is shown comes from the books, and so from acknowledged bytes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from posixpath import basename
from time import monotonic
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from adapters.running.retries import Nobody
from adapters.terminal import Terminal
from transfer.errors import FerryError
from transfer.model import MIB, Delivery, DeliveryState, Pin, Session, Source, Transfer
from transfer.ports import ObjectStore, Sessions
from transfer.visible import visible

EVERY = 5.0
"""Seconds between two lines where nobody draws bars."""
WINDOW = 10.0
"""Seconds of which the rate is the mean."""
MOST = 8
"""Bars beside the one for all."""
BAR, NAME = 20, 24
"""Columns."""
ON_ITS_WAY = (DeliveryState.UPLOADING, DeliveryState.VERIFIED, DeliveryState.INTENT)


def mib(size: float) -> str:
    return f"{size / MIB:,.{2 if size < 10 * MIB else 1}f} MiB"


@dataclass(frozen=True, slots=True)
class Sum:
    """All files at one moment; `rate` in bytes a second."""

    files: int
    done: int
    size: int
    moved: int
    rate: float

    def __str__(self) -> str:
        count = f"{self.done:,} of {self.files:,} files, " if self.files > 1 else ""
        return f"{count}{mib(self.moved)} of {mib(self.size)}{self._pace()}"

    def _pace(self) -> str:
        if self.rate <= 0:
            return ""
        left = timedelta(seconds=round((self.size - self.moved) / self.rate))
        return f", {mib(self.rate)}/s, about {left} left"


class Board(Nobody):
    """Port `Observer`, and who hears of each try. `deliveries` are the books' own, asked from a
    thread of its own.
    """

    def __init__(
        self,
        deliveries: Callable[[], Sequence[Delivery]],
        terminal: Terminal | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._deliveries = deliveries
        self._terminal = terminal or Terminal(stderr=True)
        self._now = now
        self._latest: dict[int, Delivery] = {}
        self._read: dict[str, int] = {}
        self._paces: deque[tuple[float, int]] = deque()
        self._said = self._told = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)
        self._live = Live(
            get_renderable=self.frame,
            console=self._terminal.rich,
            transient=True,
            refresh_per_second=4,
        )

    def __enter__(self) -> Self:
        if self._terminal.is_terminal:
            self._live.start()
        else:
            self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._live.stop()

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        del transfer
        self._latest[delivery.number] = delivery

    def read(self, source: Source, end: int) -> None:
        """The object was read up to there."""
        self._read[source.uri] = end

    def say(self, words: str) -> None:
        """A line above the bars; the same words once."""
        if words != self._said:
            self._said = words
            self._terminal.say(words)

    def again(self, transfer: Transfer, error: FerryError, seconds: float) -> None:
        """A step has failed, and will be tried again after so many seconds."""
        del transfer  # it is the only one
        self.say(f"[{error.code}] {error.message} It is tried again in {seconds:.0f} s.")

    def line(self) -> str:
        """What is said where there are no bars; empty while there is nothing new."""
        items = self._items()
        words = "; ".join([str(self._sum(items)), *_several(map(self._phase, items))])
        if not items or words == self._told:
            return ""
        self._told = words
        return words

    def frame(self) -> RenderableType:
        """The bars of this moment."""
        items = self._items()
        if not items:
            return Text("Looking up what is to be sent …")
        total, table = self._sum(items), Table.grid(padding=(0, 1))
        moving = [
            item for item in items if item.state in ON_ITS_WAY and item.number in self._latest
        ]
        if total.files > 1 or not moving:
            table.add_row(Text("all"), _bar(total.moved, total.size), Text(str(total)))
        for item in moving[:MOST]:
            words = self._phase(item) or f"{mib(item.moved)} of {mib(item.size)}"
            if total.files == 1:
                words = self._phase(item) or str(total)
            table.add_row(_name(item), _bar(item.moved, item.size), Text(words))
        more = len(moving) - MOST
        return Group(table, Text(f"and {more} more under way")) if more > 0 else table

    def _items(self) -> list[Delivery]:
        """With the bytes of the latest word, which the books may be told later."""
        return [self._with_latest(item) for item in self._deliveries() if item.pin]

    def _with_latest(self, item: Delivery) -> Delivery:
        latest = self._latest.get(item.number)
        if item.state is DeliveryState.PUBLISHED:
            return item.evolve(moved=item.size)
        return item.evolve(moved=latest.moved) if latest else item

    def _sum(self, items: Sequence[Delivery]) -> Sum:
        moved, now = sum(item.moved for item in items), self._now()
        self._paces.append((now, moved))
        while len(self._paces) > 2 and now - self._paces[0][0] > WINDOW:  # noqa: PLR2004  a pair
            self._paces.popleft()
        since, before = self._paces[0]
        rate = (moved - before) / (now - since) if now > since else 0.0
        done = sum(item.state is DeliveryState.PUBLISHED for item in items)
        return Sum(len(items), done, sum(item.size for item in items), moved, rate)

    def _phase(self, item: Delivery) -> str:
        """What is done to it, where that is not sending it."""
        if item.state in (DeliveryState.VERIFIED, DeliveryState.INTENT):
            return f"{basename(item.final)} gets its name"
        if item.state is not DeliveryState.UPLOADING or not item.moved:
            return ""
        at = self._read.get(item.source.uri, item.moved)
        if at < item.moved:
            done = f"{mib(at)} of {mib(item.moved)}"
            return f"{basename(item.final)} is read again for its digests, {done}"
        return f"{basename(item.final)} is proven" if item.moved >= item.size else ""

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            if words := self.line():
                self._terminal.say(words)


def _several(words: Iterator[str]) -> Iterator[str]:
    """As many as a line can hold."""
    return (each for each, _ in zip(filter(None, words), range(3), strict=False))


def _name(item: Delivery) -> Text:
    name = visible(basename(item.final))
    return Text(name if len(name) <= NAME else f"{name[: NAME - 1]}…")


def _bar(moved: int, size: int) -> ProgressBar:
    return ProgressBar(total=max(size, 1), completed=moved if size else 1, width=BAR)


class Heard:
    """Port `Sessions` over another: `read` is told of each piece that was read of an object."""

    def __init__(self, sessions: Sessions, read: Callable[[Source, int], object]) -> None:
        self._sessions = sessions
        self._tell = read

    def open(self, transfer: Transfer) -> Session:
        return self._sessions.open(transfer)

    def reading(
        self, transfer: Transfer, objects: ObjectStore, may: Callable[[], None]
    ) -> ObjectStore:
        return _HeardObjects(self._sessions.reading(transfer, objects, may), self._tell)

    def told(self, session: Session) -> Session:
        return self._sessions.told(session)

    def close(self, session: Session) -> Session:
        return self._sessions.close(session)


class _HeardObjects:
    def __init__(self, objects: ObjectStore, tell: Callable[[Source, int], object]) -> None:
        self._objects = objects
        self._tell = tell
        self.checksums = objects.checksums

    def describe(self, source: Source) -> Pin:
        return self._objects.describe(source)

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        return self._objects.list(bucket, prefix)

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        return self._objects.read(source, pin, start, length)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        self._objects.read_into(source, pin, start, buffer)
        self._tell(source, start + len(buffer))
