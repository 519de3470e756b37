"""The Outbox port on DynamoDB: a lane is handed to one sender at a time, whatever the host."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from adapters.ledger.codec import POST, TICKET, dump
from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.heads import APPENDED, UNSENT, written
from adapters.ledger.dynamo.items import (
    Item,
    Key,
    Value,
    batched,
    key_of,
    lane_key,
    now_stamp,
    number,
    post_key,
    texts,
)
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import READS, Change
from transfer.history import ticket_written
from transfer.tickets import Post, Ticket

ROUNDS = 20
"""Tries of a settlement; between two of them somebody else added to the lane or settled."""
MOST = 20_000
"""Lanes that are remembered as put off."""
EVENTS = 60
"""Events that are kept of a lane."""
TOGETHER = 10
"""Lanes of one transaction: each has 400 KB at most, and that holds 4 MB (DynamoDB API)."""
LONGEST_REASON = 2000
"""Characters of the reason for which a post was put off."""
FIRST = "#unsent[0] = :key"
HAND_OUT = "SET #sender = :me, #beat = if_not_exists(#beat, :zero) + :one, "
HAND_OUT += "#tries = if_not_exists(#tries, :zero) + :one REMOVE #wait"
PUT_OFF = "SET #wait = :wait, #last_error = :reason, "
PUT_OFF += "#beat = if_not_exists(#beat, :zero) + :one REMOVE #sender"
SETTLED = "#ticket = :ticket, #tries = :zero, "
SETTLED += "#beat = if_not_exists(#beat, :zero) + :one REMOVE #sender, #wait, #last_error"


class DynamoOutbox:
    """The Outbox port.

    The time line of a lane (each arrow raises its beat):

        free ── handed out ─┬─ settled: the next post is free
                            ├─ put off for s: free for who saw this beat stand for s
                            └─ silence: free for who saw this beat stand for a lease
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table = store.table
        self._watch = store.watch
        self._me = f"{store.owner}/{uuid4().hex[:8]}"
        self._turn = threading.Lock()
        self._handed: dict[Key, Item] = {}
        self._not_before: dict[Key, float] = {}

    def add(self, *posts: Post) -> None:
        self._store.lanes.add(posts)

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        with self._turn:
            handed: list[Item] = []
            for lane in self._free():
                if len(handed) == limit:
                    break
                taken = self._hand_out(lane)
                if taken:
                    handed.append(taken)
                    self._handed[key_of(taken)] = taken
            return self._posts(handed)

    def settle(self, *arrived: tuple[Post, Ticket]) -> None:
        for some in batched(arrived, TOGETHER):
            if not self._settled_together(some):
                for post, ticket in some:
                    self._settle(post, ticket)

    def _settled_together(self, some: Sequence[tuple[Post, Ticket]]) -> bool:
        """In one call, where they are of different lanes that stand as they were handed out."""
        changes: dict[Key, Change] = {}
        for post, ticket in some:
            lane, name = lane_key(post), _name(post)
            standing = self._handed.get(lane)
            if standing is None or name not in texts(standing, "unsent"):
                return False
            changes[lane] = _settled(lane, standing, name, post, ticket)
        if not 1 < len(changes) == len(some):
            return False
        try:
            self._table.transact(list(changes.values()))
        except Cancelled:
            return False
        for lane in changes:
            self._handed.pop(lane, None)
        return True

    def _settle(self, post: Post, ticket: Ticket) -> None:
        lane, name = lane_key(post), _name(post)
        standing = self._handed.pop(lane, None)
        if standing is None or name not in texts(standing, "unsent"):
            standing = self._table.get(lane)
        for _ in range(ROUNDS):
            if standing is None:
                return
            try:
                self._table.write(_settled(lane, standing, name, post, ticket))
            except Refused:
                standing = self._table.get(lane)
            else:
                return
        raise self._table.place.unavailable(f"is kept busy by others who write to {lane[0]}")

    def defer(self, post: Post, seconds: float, reason: str) -> None:
        lane = lane_key(post)
        change = Change(
            key=lane,
            update=PUT_OFF,
            condition=f"{FIRST} AND (attribute_not_exists(#sender) OR #sender = :me)",
            values={
                **self._mine(_name(post)),
                "wait": math.ceil(seconds * 1000),
                "reason": reason[:LONGEST_REASON],
            },
        )
        try:
            put_off = self._table.write(change)
        except Refused:
            # It has arrived by another sender, or another one has taken the lane over: theirs now.
            return
        self._handed.pop(lane, None)
        self._wait(lane, put_off, self._watch.now())

    def _free(self) -> Iterator[Item]:
        """The lanes that may be handed out, the longest unsent first."""
        found = self._table.index("work", "work", UNSENT)
        lanes = (key_of(item) for item in found)
        for some in batched((lane for lane in lanes if not self._is_put_off(lane)), READS):
            asked_at = self._watch.now()
            standing = self._table.get_all(some)
            for lane in some:
                item = standing.get(lane)
                if item and texts(item, "unsent") and self._may_have(lane, item, asked_at):
                    yield item

    def _may_have(self, lane: Key, item: Item, asked_at: float) -> bool:
        if item.get("sender") == self._me:
            # Handed to us before, and we ask again: then it was not sent.
            return True
        return self._wait(lane, item, asked_at)

    def _wait(self, lane: Key, item: Item, asked_at: float) -> bool:
        """It has stood unchanged for as long as its state asks for."""
        held = "sender" in item
        wait = number(item, "wait") / 1000
        patience = self._store.lease if held else wait
        left = patience - self._watch.silent(lane, number(item, "beat"), asked_at)
        if not held and left > 0:
            if len(self._not_before) > MOST:
                self._not_before.clear()
            self._not_before[lane] = asked_at + left
        return left <= 0

    def _is_put_off(self, lane: Key) -> bool:
        """Known without a look: of a lane that is put off nobody else has to tell us anything."""
        if self._not_before.get(lane, self._watch.now()) > self._watch.now():
            return True
        self._not_before.pop(lane, None)
        return False

    def _hand_out(self, lane: Item) -> Item | None:
        """The lane with us as its sender, None when another was quicker."""
        beat, key = number(lane, "beat"), key_of(lane)
        change = Change(
            key=key,
            update=HAND_OUT,
            condition=f"{FIRST} AND (attribute_not_exists(#beat) OR #beat = :beat)",
            values=self._mine(texts(lane, "unsent")[0]) | {"beat": beat},
            tell=True,
        )
        try:
            taken = self._table.write(change)
        except Refused as refused:
            # The first answer was lost, and the transport asked again: it is ours all the same.
            item = refused.item or {}
            ours = item.get("sender") == self._me and number(item, "beat") == beat + 1
            return item if ours else None
        self._watch.forget(key)
        return taken

    def _mine(self, name: str) -> dict[str, Value]:
        """What the expressions say of us and of the first post."""
        return {"key": name, "me": self._me, "zero": 0, "one": 1}

    def _posts(self, lanes: Sequence[Item]) -> list[tuple[Post, int]]:
        firsts = [(str(lane["pk"]), texts(lane, "unsent")[0]) for lane in lanes]
        found = self._table.get_all(firsts)
        return [
            (self._store.documents.value(found[key], POST), number(lane, "tries") - 1)
            for key, lane in zip(firsts, lanes, strict=True)
            if key in found
        ]


def _name(post: Post) -> str:
    """As it stands in its lane."""
    return post_key("", post.key)[1]


def _settled(lane: Key, standing: Item, name: str, post: Post, reached: Ticket) -> Change:
    unsent, ticket = texts(standing, "unsent"), dump(TICKET, reached)
    if name not in unsent:
        # Settled before, and the answer was lost, or by another sender: the ticket is the same.
        return Change(
            key=lane,
            update="SET #ticket = :ticket",
            condition="attribute_exists(#pk)",
            values={"ticket": ticket},
        )
    place = unsent.index(name)
    alone = len(unsent) == 1
    told, more = _told(standing, post, reached)
    return Change(
        key=lane,
        update=told + SETTLED + (", #unsent, #work, #since" if alone else f", #unsent[{place}]"),
        condition=f"#unsent[{place}] = :key AND size(#unsent) {'=' if alone else '>'} :one",
        values={"ticket": ticket, "key": name, "zero": 0, "one": 1, **more},
    )


def _told(standing: Item, post: Post, ticket: Ticket) -> tuple[str, dict[str, Value]]:
    """The event, of so many as a lane keeps; and the number, by which its index finds the lane."""
    event = ticket_written(post, ticket, datetime.now(UTC))
    values: dict[str, Value] = {}
    update = "SET "
    if len(texts(standing, "history")) < EVENTS:
        update += f"{APPENDED}, "
        values |= {"none": [], "events": written([event])}
    if ticket.number:
        update += "#number = :number, #received = if_not_exists(#received, :now), "
        values |= {"number": ticket.number, "now": now_stamp()}
    return update, values
