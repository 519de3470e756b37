"""Claims, states, locks, posts and the archive in memory, over one store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from transfer import history, limits
from transfer.approval import items
from transfer.audit.chain import Entry, Link, follows, mark, marks_of
from transfer.books import ALL, Beat, Only, Record
from transfer.errors import ChainMoved, ClaimLost
from transfer.history import Event, EventKind
from transfer.model import Delivery, Session, Transfer
from transfer.recollection import Recollection
from transfer.tickets import Post, Ticket, TicketRole

LEASE = 60.0


@dataclass(slots=True)
class Row:
    """A head, who has its claim, and its files."""

    transfer: Transfer
    received: int
    owner: str | None = None
    lease_until: float = 0.0
    beats: int = 0
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class _Sending:
    post: Post
    tries: int = 0
    due_at: float = 0.0
    held_by: object = None
    sent: bool = False
    last_error: str | None = None


@dataclass(slots=True)
class ShardRow:
    """Who has the claim of a shard; `opened` is the head's epoch then, 0 of a closed one. `session`
    was saved in the opening `round`.
    """

    epoch: int = 0
    claims: int = 0
    opened: int = 0
    session: Session | None = None
    round: int = 0

    def told(self, head: Transfer) -> Session | None:
        """The session that was saved in the head's latest opening."""
        return self.session if head.sharing and head.sharing.opened == self.round else None


class MemoryStore:
    """What several owners share."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, Row] = {}
        self.posts: dict[str, _Sending] = {}
        self.posts_of: dict[str, list[_Sending]] = {}
        self.tickets: dict[tuple[str, TicketRole], Ticket] = {}
        self.names: dict[str, str] = {}
        self.takers: dict[str, list[str]] = {}
        self.calls: dict[str, limits.Calls] = {}
        self.places: dict[str, limits.Places] = {}
        self.pages: dict[str, str] = {}
        self.shards: dict[tuple[str, int], ShardRow] = {}
        self.links: dict[str, list[Link]] = {}
        self.entries: dict[tuple[str, int], Entry] = {}
        self.events: dict[str, list[Event]] = {}
        self.recollections: dict[str, Recollection] = {}

    def post(self, post: Post) -> None:
        if post.key not in self.posts:
            self.posts[post.key] = _Sending(post=post)
            self.posts_of.setdefault(post.transfer_id, []).append(self.posts[post.key])

    def write(
        self, row: Row, transfer: Transfer, changes: Sequence[Delivery | Post | Entry | Event]
    ) -> None:
        for entry in (each for each in changes if isinstance(each, Entry)):
            self.append(entry)
        row.transfer, row.updated_at = transfer, datetime.now(UTC)
        for change in changes:
            if isinstance(change, Entry):
                continue
            if isinstance(change, Post):
                self.post(change)
            elif isinstance(change, Event):
                self.tell(transfer.id, change)
            else:
                row.deliveries[change.number] = change

    def append(self, entry: Entry) -> None:
        """Raises ChainMoved."""
        link = entry.link
        standing = self.links.setdefault(link.instance, [])
        if not follows(link, standing[-1] if standing else None):
            raise ChainMoved(link.instance)
        standing.append(link)
        self.entries[link.transfer, link.generation] = entry

    def mark(self, gone: str, now: datetime) -> None:
        """Beside the chain, that this transfer was forgotten."""
        told = [entry.link for (owner, _), entry in self.entries.items() if owner == gone]
        if told:
            marks = self.links.setdefault(marks_of(told[-1].instance), [])
            marks.append(mark(marks[-1] if marks else None, told[-1], now))

    def tell(self, transfer_id: str, *events: Event) -> None:
        known = self.events.get(transfer_id, [])
        self.events[transfer_id] = history.bounded([*known, *events])

    def shard(self, claim: Transfer) -> ShardRow:
        """The row of the shard whose claim this is. Raises ClaimLost."""
        row = self.shards.get((claim.id, claim.shard or 0))
        if row is None or row.epoch != claim.epoch:
            raise ClaimLost(claim.id)
        return row

    def close_shards(self, head: Transfer) -> None:
        """Those that were opened before this epoch."""
        for number in head.sharing.numbers if head.sharing else ():
            row = self.shards.get((head.id, number))
            if row and 0 < row.opened < head.epoch:
                row.epoch, row.claims, row.opened = row.epoch + 1, 0, 0

    def others(self, transfer: Transfer) -> list[Transfer]:
        """Those that took the same item, in that order."""
        takers = self.takers.get(items.key_of(transfer.request), [])
        return [self.rows[each].transfer for each in takers if each != transfer.id]

    def files(self, transfer_id: str) -> tuple[Delivery, ...]:
        found = self.rows[transfer_id].deliveries if transfer_id in self.rows else {}
        return tuple(found[number] for number in sorted(found))


class MemoryLedger:
    """The Ledger port."""

    def __init__(
        self,
        store: MemoryStore | None = None,
        owner: str = "memory",
        now: Callable[[], float] = time.monotonic,
        lease: float = LEASE,
    ) -> None:
        self.store = store or MemoryStore()
        self._owner = owner
        self._now = now
        self._lease = lease

    def admit(self, transfer: Transfer) -> Transfer:
        with self.store.lock:
            rows, takes = self.store.rows, items.takes(transfer)
            if transfer.id in rows:
                return rows[transfer.id].transfer
            if takes and (holder := self._holder(transfer)):
                return holder
            rows[transfer.id] = Row(transfer=transfer, received=len(rows))
            self.store.tell(transfer.id, *history.admitted(transfer, datetime.now(UTC)))
            if takes:
                self.store.takers[items.key_of(transfer.request)] = [transfer.id]
            return transfer

    def _holder(self, transfer: Transfer) -> Transfer | None:
        others = self.store.others(transfer)
        return next((each for each in others if items.holds(each, self.store.files)), None)

    def claim(
        self, transfer_id: str, *, over: str = "", seen: Beat | None = None
    ) -> Transfer | None:
        with self.store.lock:
            row = self.store.rows.get(transfer_id)
            if row is None or row.transfer.at_rest or self._is_live(row, over, seen):
                return None
            row.owner, row.lease_until = over + self._owner, self._now() + self._lease
            row.beats = 0
            standing = row.transfer
            row.transfer = standing.evolve(epoch=standing.epoch + 1, claims=standing.claims + 1)
            event = history.taken_up(row.transfer, row.owner, datetime.now(UTC))
            self.store.tell(transfer_id, event)
            return row.transfer

    def _is_live(self, row: Row, over: str, seen: Beat | None) -> bool:
        if row.owner is None or row.lease_until <= self._now():
            return False
        dead = over and row.owner.startswith(over)
        return not dead and (seen is None or seen != _beat(row))

    def beat(self, transfer_id: str) -> Beat | None:
        with self.store.lock:
            row = self.store.rows.get(transfer_id)
            return _beat(row) if row else None

    def renew(self, transfer: Transfer, seconds: float) -> None:
        with self.store.lock:
            if transfer.shard is not None:
                self._renew_shard(transfer, seconds)
                return
            row = self._mine(transfer)
            if seconds and row.owner is None:
                raise ClaimLost(transfer.id)
            row.beats += 1
            row.lease_until = self._now() + seconds
            if not seconds:
                row.owner, row.transfer = None, row.transfer.evolve(claims=0)
                known = self.store.events.get(transfer.id, [])
                self.store.events[transfer.id] = history.without_claim(known, transfer.epoch)

    def _renew_shard(self, transfer: Transfer, seconds: float) -> None:
        row = self.store.shard(transfer)
        row.claims = row.claims if seconds else 0

    def save(self, transfer: Transfer, *changes: Delivery | Post | Entry | Event) -> None:
        with self.store.lock:
            if transfer.shard is not None:
                part = self.store.shard(transfer)
                part.session = transfer.session
                part.round = transfer.sharing.opened if transfer.sharing else 0
                row = self.store.rows[transfer.id]
                self.store.write(row, row.transfer, changes)
                return
            row = self._mine(transfer)
            self.store.write(row, transfer.evolve(claims=row.transfer.claims), changes)

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        with self.store.lock:
            return self.store.files(transfer_id)

    def _mine(self, transfer: Transfer) -> Row:
        row = self.store.rows.get(transfer.id)
        if row is None or row.transfer.epoch != transfer.epoch:
            raise ClaimLost(transfer.id)
        return row


def _beat(row: Row) -> Beat | None:
    if row.owner is None or row.transfer.at_rest:
        return None
    return Beat(epoch=row.transfer.epoch, count=row.beats, owner=row.owner)


class MemoryLocks:
    """The Locks port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def take(self, transfer: Transfer, names: Sequence[str]) -> Transfer | None:
        with self.store.lock:
            if self.store.rows[transfer.id].transfer.epoch != transfer.epoch:
                raise ClaimLost(transfer.id)
            for name in sorted(names):
                holder = self.store.rows[self.store.names.get(name, transfer.id)].transfer
                if holder.id != transfer.id and not holder.at_rest:
                    return holder
                self.store.names[name] = transfer.id
            return None


class MemoryOutbox:
    """The Outbox port."""

    def __init__(self, store: MemoryStore, now: Callable[[], float] = time.time) -> None:
        self.store = store
        self._now = now

    def add(self, *posts: Post) -> None:
        with self.store.lock:
            for post in posts:
                self.store.post(post)

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        with self.store.lock:
            heads: dict[str, _Sending] = {}
            for sending in self.store.posts.values():
                if not sending.sent:
                    heads.setdefault(sending.post.lane, sending)
            ready = [item for item in heads.values() if self._may_send(item)][:limit]
            for item in ready:
                item.held_by, item.due_at = self, self._now() + LEASE
                item.tries += 1
            return [(item.post, item.tries - 1) for item in ready]

    def _may_send(self, item: _Sending) -> bool:
        """Due; or handed to us before, and we ask again: then it was not sent."""
        return item.due_at <= self._now() or item.held_by is self

    def settle(self, *arrived: tuple[Post, Ticket]) -> None:
        with self.store.lock:
            for post, ticket in arrived:
                sending = self.store.posts[post.key]
                again = sending.sent
                sending.sent, sending.held_by, sending.last_error = True, None, None
                self.store.tickets[post.transfer_id, post.ticket] = ticket
                if not again:
                    event = history.ticket_written(post, ticket, datetime.now(UTC))
                    self.store.tell(post.transfer_id, event)

    def defer(self, post: Post, seconds: float, reason: str) -> None:
        with self.store.lock:
            sending = self.store.posts[post.key]
            sending.held_by, sending.due_at = None, self._now() + seconds
            sending.last_error = reason


class MemoryChain:
    """The Chain port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def last(self, instance: str) -> Link | None:
        with self.store.lock:
            return next(reversed(self.store.links.get(instance, [])), None)

    def find(self, transfer: Transfer) -> Entry | None:
        with self.store.lock:
            return self.store.entries.get((transfer.id, transfer.generation))

    def links(self, instance: str) -> Iterator[Link]:
        with self.store.lock:
            return iter(tuple(self.store.links.get(instance, ())))


class MemoryArchive:
    """The Archive port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def unfinished(self) -> Sequence[Transfer]:
        with self.store.lock:
            heads = [row.transfer for row in self.store.rows.values()]
            return [head for head in heads if not head.at_rest]

    def quarantined(self) -> Sequence[Transfer]:
        with self.store.lock:
            heads = [row.transfer for row in self.store.rows.values()]
            return [head for head in heads if head.quarantined_at and not head.finished]

    def search(self, text: str = "", limit: int = 50, only: Only = ALL) -> Sequence[Record]:
        with self.store.lock:
            newest = sorted(self.store.rows.values(), key=lambda row: -row.received)
            found = [row for row in newest if not text or text in _names(row.transfer)]
            if text in self.store.rows:
                found = [self.store.rows[text]]
            wanted = (row for row in found if only.takes(row.transfer, row.updated_at))
            return [self._record(row) for row in islice(wanted, limit)]

    def find(self, text: str, limit: int = 50) -> Sequence[Record]:
        if found := self.search(text, limit):
            return found
        with self.store.lock:
            tickets = {
                key
                for key, events in self.store.events.items()
                if any(f" {text} (" in e.words for e in events if e.kind is EventKind.TICKET)
            }
            newest = sorted(self.store.rows.values(), key=lambda row: -row.received)
            heads = [row for row in newest if history.names(row.transfer, text)]
            heads += [row for row in newest if row.transfer.id in tickets]
            return [self._record(row) for row in heads[:limit]]

    def _record(self, row: Row) -> Record:
        key = row.transfer.id
        unsent = [item for item in self.store.posts_of.get(key, []) if not item.sent]
        errors = [item.last_error for item in unsent if item.last_error]
        return Record(
            transfer=row.transfer,
            deliveries=tuple(row.deliveries[number] for number in sorted(row.deliveries)),
            tickets={
                role: self.store.tickets[key, role]
                for role in TicketRole
                if (key, role) in self.store.tickets
            },
            unsent=len(unsent),
            last_error=max(errors, default=None),
            updated_at=row.updated_at,
            history=history.in_order(self.store.events.get(key, [])),
        )


def _names(transfer: Transfer) -> tuple[str, str, str]:
    return (transfer.id, transfer.request.number, transfer.request.task_number)
