"""The ledger, outbox and archive in memory: for tests, and for an operator's one-off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from transfer.errors import ClaimLost
from transfer.model import Delivery, Transfer
from transfer.ports import Record
from transfer.tickets import Post, Ticket, TicketRole

LEASE = 60.0


@dataclass(slots=True)
class _Row:
    transfer: Transfer
    received: int
    owner: str | None = None
    lease_until: float = 0.0
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class _Sending:
    post: Post
    tries: int = 0
    due_at: float = 0.0
    sent: bool = False
    last_error: str | None = None


class MemoryStore:
    """What several owners share."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, _Row] = {}
        self.posts: dict[str, _Sending] = {}
        self.tickets: dict[tuple[str, TicketRole], Ticket] = {}


class MemoryLedger:
    """The Ledger port."""

    def __init__(
        self,
        store: MemoryStore | None = None,
        owner: str = "memory",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store or MemoryStore()
        self._owner = owner
        self._now = now

    def admit(self, transfer: Transfer) -> Transfer:
        with self.store.lock:
            rows = self.store.rows
            row = rows.setdefault(transfer.id, _Row(transfer=transfer, received=len(rows)))
            return row.transfer

    def claim(self, transfer_id: str) -> Transfer | None:
        with self.store.lock:
            row = self.store.rows.get(transfer_id)
            if row is None or row.transfer.finished:
                return None
            if row.owner is not None and row.lease_until > self._now():
                return None
            row.owner, row.lease_until = self._owner, self._now() + LEASE
            row.transfer = row.transfer.evolve(epoch=row.transfer.epoch + 1)
            return row.transfer

    def renew(self, transfer: Transfer, seconds: float) -> None:
        with self.store.lock:
            row = self._mine(transfer)
            row.owner = self._owner if seconds else None
            row.lease_until = self._now() + seconds

    def save(self, transfer: Transfer, *changes: Delivery | Post) -> None:
        with self.store.lock:
            row = self._mine(transfer)
            row.transfer, row.updated_at = transfer, datetime.now(UTC)
            for change in changes:
                if isinstance(change, Post):
                    self.store.posts.setdefault(change.key, _Sending(post=change))
                else:
                    row.deliveries[change.number] = change

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        with self.store.lock:
            row = self.store.rows.get(transfer_id)
            found = row.deliveries if row else {}
            return tuple(found[number] for number in sorted(found))

    def _mine(self, transfer: Transfer) -> _Row:
        row = self.store.rows.get(transfer.id)
        if row is None or row.transfer.epoch != transfer.epoch:
            raise ClaimLost(transfer.id)
        return row


class MemoryOutbox:
    """The Outbox port."""

    def __init__(self, store: MemoryStore, now: Callable[[], float] = time.time) -> None:
        self.store = store
        self._now = now

    def add(self, *posts: Post) -> None:
        with self.store.lock:
            for post in posts:
                self.store.posts.setdefault(post.key, _Sending(post=post))

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        with self.store.lock:
            heads: dict[str, _Sending] = {}
            for sending in self.store.posts.values():
                if not sending.sent:
                    heads.setdefault(sending.post.lane, sending)
            ready = [item for item in heads.values() if item.due_at <= self._now()]
            return [(item.post, item.tries) for item in ready[:limit]]

    def settle(self, post: Post, ticket: Ticket) -> None:
        with self.store.lock:
            sending = self.store.posts[post.key]
            sending.sent, sending.tries, sending.last_error = True, sending.tries + 1, None
            self.store.tickets[post.transfer_id, post.ticket] = ticket

    def defer(self, post: Post, seconds: float, reason: str) -> None:
        with self.store.lock:
            sending = self.store.posts[post.key]
            sending.tries, sending.due_at = sending.tries + 1, self._now() + seconds
            sending.last_error = reason


class MemoryArchive:
    """The Archive port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def unfinished(self) -> Sequence[str]:
        with self.store.lock:
            return [key for key, row in self.store.rows.items() if not row.transfer.finished]

    def search(self, text: str = "", limit: int = 50) -> Sequence[Record]:
        with self.store.lock:
            newest = sorted(self.store.rows.values(), key=lambda row: -row.received)
            found = [row for row in newest if not text or text in _names(row.transfer)]
            return [self._record(row) for row in found[:limit]]

    def _record(self, row: _Row) -> Record:
        key = row.transfer.id
        unsent = [
            item
            for item in self.store.posts.values()
            if item.post.transfer_id == key and not item.sent
        ]
        errors = [item.last_error for item in unsent if item.last_error]
        return Record(
            transfer=row.transfer,
            deliveries=tuple(row.deliveries[number] for number in sorted(row.deliveries)),
            tickets={role: t for (owner, role), t in self.store.tickets.items() if owner == key},
            unsent=len(unsent),
            last_error=max(errors, default=None),
            updated_at=row.updated_at,
        )


def _names(transfer: Transfer) -> tuple[str, str, str]:
    return (transfer.id, transfer.request.number, transfer.request.task_number)
