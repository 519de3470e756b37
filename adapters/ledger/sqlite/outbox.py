"""The outbox in the ledger's SQLite file: written with the state, sent until it arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from adapters.ledger.codec import POST, TICKET, dump
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.ledger import LEASE, reading, writing
from adapters.ledger.sqlite.rows import Row, Rows
from transfer import history
from transfer.history import Event
from transfer.tickets import Post, Ticket

# The first unsent post of each lane, when it is due; or held by us, and asked for again: then it
# was not sent.
DUE = (
    "sent = 0 AND (due_at <= ? OR held = ?) AND NOT EXISTS (SELECT 1 FROM posts AS earlier "
    "WHERE earlier.sent = 0 AND earlier.lane = posts.lane AND earlier.sequence < posts.sequence) "
    "ORDER BY sequence LIMIT ?"
)


class SqliteOutbox:
    """The Outbox port; `now` counts seconds on this host, SqliteLedger.bury resets its waits."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], float] = time.monotonic,
        lease: float = LEASE,
    ) -> None:
        self._database = database
        self._now = now
        self._lease = lease
        self._name = uuid4().hex
        self._handed: dict[str, Row] = {}

    def add(self, *posts: Post) -> None:
        with writing(self._database) as rows:
            for post in posts:
                rows.add_post(post)

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        # Most rounds find nothing, and a look costs no write.
        with reading(self._database) as rows:
            if not self._heads(rows, 1):
                return []
        with writing(self._database) as rows:
            return [self._hand_out(rows, row) for row in self._heads(rows, limit)]

    def settle(self, *arrived: tuple[Post, Ticket]) -> None:
        # They were handed out once: who does not know that they arrived looks first.
        with writing(self._database, lasting=False) as rows:
            now, told = datetime.now(UTC), dict[str, list[Event]]()
            for post, ticket in arrived:
                if self._is_first(rows, post):
                    event = history.ticket_written(post, ticket, now)
                    told.setdefault(post.transfer_id, []).append(event)
                rows.put(
                    "tickets",
                    (post.transfer_id, post.ticket.value, dump(TICKET, ticket)),
                    "ON CONFLICT (transfer_id, role) "
                    "DO UPDATE SET document = excluded.document, seal = excluded.seal",
                )
            for transfer_id, events in told.items():
                rows.tell(transfer_id, *events)

    def defer(self, post: Post, seconds: float, reason: str) -> None:
        with writing(self._database, lasting=False) as rows:
            row = rows.one("posts", "key = ? AND sent = 0", (post.key,))
            if row:
                rows.change_post(row, None, self._now() + seconds, last_error=reason)

    def _heads(self, rows: Rows, limit: int) -> list[Row]:
        return list(rows.select("posts", DUE, (self._now(), self._name, limit)))

    def _hand_out(self, rows: Rows, row: Row) -> tuple[Post, int]:
        tries, until = row.number("tries"), self._now() + self._lease
        handed = rows.change_post(row, self._name, until, tries=tries + 1)
        if handed:
            self._handed[row.text("key")] = handed
        return row.value(POST), tries

    def _is_first(self, rows: Rows, post: Post) -> bool:
        """Its row says from now on that it was sent, and did not say so before."""
        sent = {"sent": 1, "last_error": None}
        handed = self._handed.pop(post.key, None)
        if handed and rows.change_post(handed, None, 0, **sent):
            return True
        row = rows.one("posts", "key = ? AND sent = 0", (post.key,))
        return row is not None and rows.change_post(row, None, 0, **sent) is not None
