"""Tickets, written once and sent until they arrive."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import structlog

from adapters.running.alarm import LedgerAlarm, is_of_ledger
from adapters.running.trouble import Board
from transfer.books import Archive, Outbox, Record
from transfer.errors import Code, FerryError, Permanent, Waiting
from transfer.model import Transfer
from transfer.ports import TicketDesk, Tracer
from transfer.telling import document, notes
from transfer.tickets import Post, PostAction, Ticket
from transfer.tools import NoTracer

MAX_WAIT = 900.0
"""Seconds: the longest wait between two tries of one post."""
REFUSED_WAIT = 60.0
"""Seconds before a post that the instance refused is tried again: a person must act first."""
PROBE_WAIT = 60.0
"""Seconds: the longest wait for an instance that does not answer, so that its return is noticed."""
LEDGER_WAIT = 5.0
"""Seconds of silence after the ledger did not answer."""
TOGETHER = 1.0
"""Seconds for which what has arrived may wait to be settled with others: what is not settled when
the process is killed has to be looked for."""

EVERYBODY = frozenset(
    {
        Code.SERVICENOW_UNREACHABLE,
        Code.SERVICENOW_AUTH,
        Code.SERVICENOW_THROTTLED,
        Code.SERVICENOW_BUSY,
        Code.SERVICENOW_DROPPED,
        Code.SERVICENOW_HIBERNATING,
        Code.SERVICENOW_NOT_JSON,
        Code.SERVICENOW_LOGIN_PAGE,
    }
)
"""Codes that concern every post: after one of them the round ends."""

log = structlog.get_logger()


class Convoy(Protocol):
    """What is asked by several threads at the same moment may go in one call."""

    def expect(self, riders: int) -> None: ...

    def riding(self) -> AbstractContextManager[None]: ...


class Apart:
    """Each call by itself."""

    def expect(self, riders: int) -> None: ...

    def riding(self) -> AbstractContextManager[None]:
        return nullcontext()


class _Arrivals:
    """What has arrived and is not settled yet. Of several threads."""

    def __init__(self, outbox: Outbox, now: Callable[[], float]) -> None:
        self._outbox = outbox
        self._now = now
        self._turn = threading.Lock()
        self._waiting: list[tuple[Post, Ticket]] = []
        self._since = 0.0

    def add(self, post: Post, ticket: Ticket) -> None:
        """Settled with what comes soon, at the latest with what comes TOGETHER later."""
        with self._turn:
            self._since = self._since if self._waiting else self._now()
            self._waiting.append((post, ticket))
            late = self._now() - self._since >= TOGETHER
        if late:
            self.settle()

    def settle(self) -> None:
        """All of them now. Raises what the ledger raises: then they are handed out again."""
        with self._turn:
            arrived, self._waiting = self._waiting, []
        if not arrived:
            return
        self._outbox.settle(*arrived)
        for post, ticket in arrived:
            log.info(
                "ticket written",
                transfer=post.transfer_id,
                ticket=post.ticket,
                action=post.action,
                number=ticket.number,
            )


class Sender:
    """Sends what is due; each call is one round. `lease` is the ledger's, in seconds.

    `short`: the instance takes few more calls for now, so what nobody misses is not sent. As many
    tickets as there are `workers` are written at once.
    """

    def __init__(  # noqa: PLR0913 the ports that meet here
        self,
        *,
        outbox: Outbox,
        archive: Archive,
        desk: TicketDesk,
        stop: threading.Event,
        alarm: LedgerAlarm,
        lease: float,
        now: Callable[[], float] = time.monotonic,
        short: Callable[[], bool] = lambda: False,
        workers: int = 1,
        tracer: Tracer | None = None,
        board: Board | None = None,
        convoy: Convoy | None = None,
    ) -> None:
        self._arrivals = _Arrivals(outbox, now)
        self._tracer = tracer or NoTracer()
        self._workers = workers
        self._convoy = convoy or Apart()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="sender")
        self._outbox = outbox
        self._archive = archive
        self._short = short
        self._desk = desk
        self._stop = stop
        self._alarm = alarm
        self._lease = lease
        self._now = now
        self._not_before = 0.0
        self._heads: dict[str, Transfer] = {}
        self._trouble = (board or Board()).trouble("tickets")

    def round(self) -> int:
        """Send until nothing is due; returns the number of posts that arrived.

        A post that arrived while the ledger could not note it is handed out again, and then found.
        """
        arrived = 0
        self._heads.clear()
        try:
            while self._now() >= self._not_before and not self._stop.is_set():
                sent = self._batch()
                arrived += sent
                if not sent:
                    break
        except FerryError as error:
            self._alarm.met(error)
            self._not_before = self._now() + LEDGER_WAIT
        return arrived

    def _batch(self) -> int:
        batch = self._outbox.due()
        if batch:
            self._alarm.over()
        # After a lease of silence others get the post: what took us too long is asked for anew.
        until = self._now() + self._lease / 2

        def send(post: Post, tries: int) -> bool:
            return self._now() < until and self._send(post, tries)

        try:
            # One alone finds out whether the trouble is over.
            if self._workers == 1 or self._trouble.times:
                return sum(send(post, tries) for post, tries in batch)
            return self._together(send, batch)
        finally:
            # The next batch has the next posts of these tickets.
            self._arrivals.settle()

    def _together(
        self, send: Callable[[Post, int], bool], batch: Sequence[tuple[Post, int]]
    ) -> int:
        """They are of different tickets. Nothing is under way when it returns or raises."""
        left, threads = deque(batch), min(self._workers, len(batch))

        def work() -> int:
            sent = 0
            with self._convoy.riding():
                while found := _next(left):
                    sent += send(*found)
            return sent

        self._convoy.expect(threads)
        futures = [self._pool.submit(work) for _ in range(threads)]
        wait(futures)
        return sum(future.result() for future in futures)

    def _send(self, post: Post, tries: int) -> bool:
        if self._now() < self._not_before:
            return False
        try:
            if (spared := self._spared(post)) is not None:
                return spared
            with self._tracer.ticket(lambda: self._head(post)):
                ticket = self._write(post, again=tries > 0)
        except Waiting as wait:
            self._outbox.defer(post, wait.retry_after or 1.0, str(wait))
            return False
        except FerryError as error:
            if is_of_ledger(error):
                raise
            self._put_off(post, tries, error)
            return False
        except Exception as error:
            log.exception("ticket not written by a fault of ours", transfer=post.transfer_id)
            self._outbox.defer(post, REFUSED_WAIT, type(error).__name__)
            return False
        self._arrivals.add(post, ticket)
        self._trouble.over()
        return True

    def _write(self, post: Post, *, again: bool) -> Ticket:
        if post.action is PostAction.OPEN:
            return self._desk.open(post, again=again)
        if post.action is PostAction.CLOSE:
            return self._desk.close(post, again=again)
        if post.action is PostAction.ATTACH:
            return self._desk.attach(post, document.NAME, self._document(post), again=again)
        return self._desk.note(post, again=again)

    def _document(self, post: Post) -> bytes:
        """Built when it is sent: 10,000 files are too much for a row of the outbox."""
        record = self._record(post)
        return document.document(post.text, record.transfer, record.deliveries)

    def _head(self, post: Post) -> Transfer:
        """For its trace: a record of 10,000 files is not read for each post of it."""
        if post.transfer_id not in self._heads:
            self._heads[post.transfer_id] = self._record(post).transfer
        return self._heads[post.transfer_id]

    def _record(self, post: Post) -> Record:
        found = self._archive.search(post.transfer_id, limit=1)
        if not found:
            raise Permanent(Code.INTERNAL, f"The ledger has lost {post.number} over its tickets.")
        return found[0]

    def _spared(self, post: Post) -> bool | None:
        """Whether it counts as sent; None when it is to be sent now."""
        if post.droppable and self._dropped(post):
            return True
        waits = notes.may_wait(post) and self._short()
        if waits and not self._archive.search(post.transfer_id, limit=1):
            self._outbox.defer(post, REFUSED_WAIT, "Calls are scarce.")
            return False
        return None

    def _dropped(self, post: Post) -> bool:
        """Settled without being sent, if nobody misses it."""
        record = self._record(post)
        ticket = record.tickets.get(post.ticket)
        if ticket is None or not (self._short() or notes.is_outdated(post, record)):
            return False
        self._outbox.settle((post, ticket))
        log.info("note left out", transfer=post.transfer_id, key=post.key)
        return True

    def _put_off(self, post: Post, tries: int, error: FerryError) -> None:
        everybody = error.code in EVERYBODY
        least = REFUSED_WAIT if error.permanent else 1.0
        longest = PROBE_WAIT if everybody and not error.permanent else MAX_WAIT
        grown = least * 2 ** min(self._trouble.times if everybody else tries, 10)
        # Full jitter on the upper half: posts that failed together do not come back together.
        pause = min(longest, grown) * random.uniform(0.5, 1.0)  # noqa: S311 not for secrecy
        pause = max(pause, error.retry_after or 0.0)
        self._outbox.defer(post, pause, str(error))
        self._trouble.say(error, transfer=post.transfer_id, ticket=post.ticket)
        if everybody:
            self._not_before = self._now() + pause


def _next(left: deque[tuple[Post, int]]) -> tuple[Post, int] | None:
    """Several threads take from it."""
    try:
        return left.popleft()
    except IndexError:
        return None
