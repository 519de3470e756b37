"""Progress on the ticket, rarely: at a quarter of a file, and never sooner than `note_every`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from transfer import reports
from transfer.model import Delivery, Transfer
from transfer.ports import Outbox

log = structlog.get_logger()


class ProgressNotes:
    """The Observer of the daemon. Numbers that people watch live come from the ledger instead."""

    def __init__(
        self, outbox: Outbox, note_every: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._outbox = outbox
        self._note_every = note_every
        self._now = now
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        quarter = delivery.moved * 4 // delivery.size if delivery.size else 0
        log.debug("moved", file=delivery.source.uri, bytes=delivery.moved, of=delivery.size)
        if 0 < quarter < 4 and self._due(transfer.id):  # noqa: PLR2004 quarters of a file
            self._outbox.add(reports.progress(transfer, delivery, quarter))

    def _due(self, transfer_id: str) -> bool:
        with self._lock:
            now = self._now()
            # The note at the start counts: the first quarter of a small file is no news.
            last = self._last.setdefault(transfer_id, now)
            if now - last < self._note_every:
                return False
            self._last[transfer_id] = now
            return True
