"""Progress on the ticket, rarely: at a quarter of the request, never sooner than `note_every`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from transfer.books import Books
from transfer.errors import FerryError
from transfer.model import Delivery, Transfer
from transfer.telling import notes

LOOK_EVERY = 0.1
"""Of `note_every`: the wait for the next count, when a note is due and nothing is to be said."""
FORGOTTEN = 10.0
"""Times `note_every`: after that no more is remembered of a transfer that does not move."""

log = structlog.get_logger()


class ProgressNotes:
    """The Observer of the daemon. Numbers that people watch live come from the ledger instead.

    However many files a request has, it gets at most three notes. `note_every` is in seconds.
    """

    def __init__(
        self, books: Books, note_every: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._books = books
        self._note_every = note_every
        self._now = now
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}
        self._noted: dict[str, int] = {}

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        log.debug("moved", file=delivery.source.uri, bytes=delivery.moved, of=delivery.size)
        if self._due(transfer.id):
            self._look(transfer)

    def _look(self, transfer: Transfer) -> None:
        try:
            deliveries = self._books.ledger.deliveries(transfer.id)
            quarter = notes.quarter_of(deliveries)
            if self._noted.get(transfer.id, 0) < quarter < notes.QUARTERS:
                self._books.outbox.add(notes.progress(transfer, deliveries, quarter))
                self._was_noted(transfer.id, quarter)
        except FerryError as error:
            # A ledger that takes no note must not end an upload that runs well.
            log.debug("progress not noted", code=error.code)

    def _due(self, transfer_id: str) -> bool:
        with self._lock:
            now = self._now()
            if transfer_id not in self._next:
                self._forget(now)
                # The note at the start counts: the first quarter of a small file is no news.
                self._next[transfer_id] = now + self._note_every
            if now < self._next[transfer_id]:
                return False
            self._next[transfer_id] = now + self._note_every * LOOK_EVERY
            return True

    def _was_noted(self, transfer_id: str, quarter: int) -> None:
        with self._lock:
            self._noted[transfer_id] = quarter
            self._next[transfer_id] = self._now() + self._note_every

    def _forget(self, now: float) -> None:
        old = now - FORGOTTEN * self._note_every
        for gone in [key for key, at in self._next.items() if at < old]:
            del self._next[gone]
            self._noted.pop(gone, None)
