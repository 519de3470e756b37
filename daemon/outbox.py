"""Tickets, written once and sent until they arrive."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import structlog

from daemon.trouble import Trouble
from transfer.errors import Code, FerryError
from transfer.ports import Outbox, TicketDesk
from transfer.tickets import Post, PostAction, Ticket

MAX_WAIT = 900.0
"""Seconds: the longest wait between two tries of one post."""
REFUSED_WAIT = 60.0
"""Seconds before a post that the instance refused is tried again: a person must act first."""

EVERYBODY = frozenset(
    {
        Code.SERVICENOW_UNREACHABLE,
        Code.SERVICENOW_AUTH,
        Code.SERVICENOW_THROTTLED,
        Code.SERVICENOW_HIBERNATING,
        Code.SERVICENOW_NOT_JSON,
    }
)
"""Codes that concern every post: after one of them the round ends."""

log = structlog.get_logger()


class Sender:
    """Sends what is due; each call is one round."""

    def __init__(
        self,
        outbox: Outbox,
        desk: TicketDesk,
        stop: threading.Event,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._desk = desk
        self._stop = stop
        self._now = now
        self._not_before = 0.0
        self._trouble = Trouble("tickets")

    def round(self) -> int:
        """Send until nothing is due; returns the number of posts that arrived."""
        arrived = 0
        while self._now() >= self._not_before and not self._stop.is_set():
            batch = self._outbox.due()
            sent = sum(self._send(post, tries) for post, tries in batch)
            arrived += sent
            if not sent:
                break
        return arrived

    def _send(self, post: Post, tries: int) -> bool:
        if self._now() < self._not_before:
            return False
        try:
            ticket = self._write(post, again=tries > 0)
        except FerryError as error:
            self._put_off(post, tries, error)
            return False
        except Exception as error:
            log.exception("ticket not written by a fault of ours", transfer=post.transfer_id)
            self._outbox.defer(post, REFUSED_WAIT, type(error).__name__)
            return False
        self._outbox.settle(post, ticket)
        self._trouble.over()
        log.info(
            "ticket written",
            transfer=post.transfer_id,
            ticket=post.ticket,
            action=post.action,
            number=ticket.number,
        )
        return True

    def _write(self, post: Post, *, again: bool) -> Ticket:
        if post.action is PostAction.OPEN:
            return self._desk.open(post, again=again)
        if post.action is PostAction.CLOSE:
            return self._desk.close(post, again=again)
        return self._desk.note(post, again=again)

    def _put_off(self, post: Post, tries: int, error: FerryError) -> None:
        least = REFUSED_WAIT if error.permanent else 1.0
        wait = max(error.retry_after or 0.0, min(MAX_WAIT, least * 2 ** min(tries, 10)))
        # Full jitter on the upper half: posts that failed together do not come back together.
        wait = min(MAX_WAIT, wait) * random.uniform(0.5, 1.0)  # noqa: S311 not for secrecy
        self._outbox.defer(post, max(wait, error.retry_after or 0.0), str(error))
        self._trouble.say(error, transfer=post.transfer_id, ticket=post.ticket)
        if error.code in EVERYBODY:
            self._not_before = self._now() + max(wait, error.retry_after or 0.0)
