"""A lane of the outbox as an item: the keys of its unsent posts in the order of their adding.

A post gets its place in the transaction that writes it, so the order in a lane is the order of the
commits, whatever host added and whatever its clock said.

    sk       lane#<generation>:<ticket>
    unsent   keys of posts            sender, beat  who has been handed the first one
    tries    of the first one         wait          milliseconds for which it is put off
    ticket   what was reached last    work, since   keys of the index, while anything is unsent
    history  events of its tickets    number, received   keys of the index of numbers
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.ledger.codec import POST, dump
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.errors import Cancelled
from adapters.ledger.dynamo.heads import UNSENT
from adapters.ledger.dynamo.items import Key, batched, lane_key, now_stamp, post_key
from adapters.ledger.dynamo.table import Change, Table
from transfer.books import MANY
from transfer.tickets import Post

INLINE = 60_000
"""Bytes of a post in its item: a transaction holds 4 MB (DynamoDB API)."""
MOST = 20_000
"""Keys that are remembered to stand: a poll adds the same words again and again."""


class Lanes:
    """Adds posts, each key once for ever."""

    def __init__(self, table: Table, documents: Documents) -> None:
        self._table = table
        self._documents = documents
        self._standing: dict[Key, None] = {}

    def add(self, posts: Iterable[Post]) -> None:
        """Alone; a lane gets its posts together and in order."""
        for piece in batched(posts, MANY // 2):
            self.commit([], piece)

    def commit(self, others: Sequence[Change], posts: Iterable[Post]) -> None:
        """The changes and what is new of the posts, all or nothing.

        Raises Cancelled when the condition of one of the changes does not hold.
        """
        fresh: dict[Key, Post] = {}
        for post in posts:
            if _key(post) not in self._standing:
                fresh.setdefault(_key(post), post)
        while others or fresh:
            try:
                self._table.commit([*others, *self._changes(fresh)])
                break
            except Cancelled as cancelled:
                places = [place - len(others) for place in cancelled.refusals]
                if min(places) < 0:
                    raise
                keys = list(fresh)
                stand = {keys[place] for place in places}
                fresh = {key: post for key, post in fresh.items() if key not in stand}
                self._remember(stand)
        self._remember(fresh)

    def forget(self) -> None:
        """What was known to stand may have been removed."""
        self._standing = {}

    def _changes(self, fresh: dict[Key, Post]) -> list[Change]:
        """The posts at the places of their keys, then the lanes."""
        lanes: dict[Key, list[str]] = {}
        for (_, sk), post in fresh.items():
            lanes.setdefault(lane_key(post), []).append(sk)
        writes = [self._written(key, post) for key, post in fresh.items()]
        return writes + [_appended(lane, keys) for lane, keys in lanes.items()]

    def _written(self, key: Key, post: Post) -> Change:
        document = self._documents.pack(key[0], dump(POST, post), INLINE)
        return Change(key=key, item={"document": document}, condition="attribute_not_exists(#pk)")

    def _remember(self, keys: Iterable[Key]) -> None:
        self._standing |= dict.fromkeys(keys)
        if len(self._standing) > MOST:
            self._standing = dict.fromkeys(list(self._standing)[MOST // 2 :])


def _key(post: Post) -> Key:
    pk, _ = lane_key(post)
    return post_key(pk, post.key)


def _appended(lane: Key, keys: list[str]) -> Change:
    return Change(
        key=lane,
        update=(
            "SET #unsent = list_append(if_not_exists(#unsent, :none), :keys), #work = :work, "
            "#since = if_not_exists(#since, :since)"
        ),
        values={"none": [], "keys": keys, "work": UNSENT, "since": now_stamp()},
    )
