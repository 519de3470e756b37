"""The outbox in the ledger's SQLite file: written with the state, sent until it arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from adapters.ledger.codec import POST, TICKET, dump
from adapters.ledger.schema import Database
from adapters.ledger.sqlite import add_post
from transfer.tickets import Post, Ticket


class SqliteOutbox:
    """The Outbox port; `now` counts seconds and outlives the process (wall clock)."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def add(self, *posts: Post) -> None:
        with self._database.transaction() as rows:
            for post in posts:
                add_post(rows, post)

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        with self._database.reading() as rows:
            found = rows.execute(
                "SELECT document, tries FROM posts JOIN "
                "(SELECT min(sequence) AS head FROM posts WHERE NOT sent GROUP BY lane) "
                "ON sequence = head WHERE due_at <= ? ORDER BY sequence LIMIT ?",
                (self._now(), limit),
            )
            return [(POST.validate_json(document), tries) for document, tries in found]

    def settle(self, post: Post, ticket: Ticket) -> None:
        with self._database.transaction() as rows:
            rows.execute(
                "UPDATE posts SET sent = 1, tries = tries + 1, last_error = NULL WHERE key = ?",
                (post.key,),
            )
            rows.execute(
                "INSERT INTO tickets (transfer_id, role, document) VALUES (?, ?, ?) "
                "ON CONFLICT (transfer_id, role) DO UPDATE SET document = excluded.document",
                (post.transfer_id, post.ticket, dump(TICKET, ticket)),
            )

    def defer(self, post: Post, seconds: float, reason: str) -> None:
        with self._database.transaction() as rows:
            rows.execute(
                "UPDATE posts SET tries = tries + 1, due_at = ?, last_error = ? WHERE key = ?",
                (self._now() + seconds, reason, post.key),
            )
