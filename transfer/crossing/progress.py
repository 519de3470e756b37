"""What the ledger is told of a file under way: by time where a write is dear, and at its end."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from transfer.crossing.crossing import Crossing
from transfer.crossing.lanes import Lanes
from transfer.errors import ClaimLost, FerryError
from transfer.model import Delivery


class Progress:
    """Tells of acknowledged bytes only, so whatever is told late costs time and nothing else.

    Written every `Tools.progress_every` seconds, and once more when the file stumbles: a kill alone
    loses what was sent since.
    """

    def __init__(self, delivery: Delivery, lanes: Lanes, crossing: Crossing) -> None:
        self._delivery = delivery
        self._lanes = lanes
        self._crossing = crossing
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
        stumbled = isinstance(error, FerryError) and not isinstance(error, ClaimLost)
        if self._every and stumbled and self._lanes.proven > self._written:
            self._write()

    def told(self) -> Delivery:
        """The delivery with what is acknowledged by now."""
        self._delivery = self._delivery.evolve(moved=self._lanes.proven)
        if time.monotonic() >= self._due_at:
            self._write()
        return self._delivery

    def _write(self) -> None:
        self._delivery = self._crossing.progress(self._delivery, self._lanes.proven)
        self._written = self._delivery.moved
        self._due_at = time.monotonic() + self._every
