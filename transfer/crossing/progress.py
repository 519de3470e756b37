"""What the ledger is told of a file under way: by time where a write is dear, and at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from transfer.crossing.crossing import Crossing
from transfer.crossing.lanes import Lanes
from transfer.crossing.reading import Reader
from transfer.errors import Transient
from transfer.model import Delivery


class Progress:
    """Tells of acknowledged bytes only, so whatever is told late costs time and nothing else.

    Written every `Tools.progress_every` seconds, and once more when the file stumbles: a kill alone
    loses what was sent since, and a line that breaks off again and again gets on, though no further
    chunk was handed out. `keeps` says whether the temp stays after an error. With it goes what the
    digests of the `reader` were at that place.
    """

    def __init__(
        self,
        delivery: Delivery,
        reader: Reader,
        lanes: Lanes,
        crossing: Crossing,
        keeps: Callable[[BaseException, Crossing], bool],
    ) -> None:
        self._delivery = delivery
        self._reader = reader
        self._lanes = lanes
        self._crossing = crossing
        self._keeps = keeps
        self._every = crossing.tools.progress_every
        self._due_at = time.monotonic() + self._every
        self._written = delivery.moved

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        stumbled = isinstance(error, Transient) and not self._crossing.in_place
        if error and stumbled and self._keeps(error, self._crossing):
            self._delivery = self._delivery.evolve(moved=self._lanes.proven)
            if self._delivery.moved > self._written:
                self._write()
            self._crossing.tools.observer.moved(self._crossing.transfer, self._delivery)

    def tell(self) -> None:
        """What is acknowledged by now."""
        self._delivery = self._delivery.evolve(moved=self._lanes.proven)
        if time.monotonic() >= self._due_at:
            self._write()
        self._crossing.tools.observer.moved(self._crossing.transfer, self._delivery)

    def _write(self) -> None:
        proven = self._lanes.proven
        self._delivery = self._crossing.progress(self._delivery, proven, self._reader.kept(proven))
        self._written = self._delivery.moved
        self._due_at = time.monotonic() + self._every
