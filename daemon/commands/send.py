"""An operator's one-off: the engine of the service, without ServiceNow."""

from __future__ import annotations

import getpass
import hashlib
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from adapters import wiring
from adapters.memory.books import memory_books
from adapters.memory.ledger import MemoryStore
from adapters.notify import LogNotifier
from adapters.remotes import Register
from adapters.running.retries import retrying
from config.secrets import Secrets
from config.settings import Settings
from daemon.commands.progress import Board, Heard
from daemon.commands.stopping import TIDY, Lines, done, signals, within
from transfer.books import Books, Record
from transfer.errors import Code, FerryError, Permanent, Stopping, Waiting
from transfer.journey import Attempt, travel
from transfer.model import DeliveryState, Request, Transfer
from transfer.rules import Grant, Rules
from transfer.steps import cleanup
from transfer.tools import Tools

PAUSE = 10.0
"""Seconds until what waits is looked at again, unless it says how long."""
STOPPING = (
    "Stopping: the server's answer is waited for some seconds, then what was sent is removed. "
    "A second Ctrl-C ends it at once."
)


class OperatorAuthority:
    """Whoever may log in to the bastion and read its secrets needs no other approval."""

    def confirm(self, request: Request) -> datetime:
        del request
        return wiring.clock()


@dataclass(frozen=True, slots=True)
class _Errand:
    """One request under way. Nobody goes on with it: its books end with the command."""

    claimed: Transfer
    books: Books
    tools: Tools
    board: Board
    lines: Lines
    halting: threading.Event

    def carry(self, attempt: Attempt) -> None:
        """To its end. Raises KeyboardInterrupt where it was stopped before; then it is said what
        could not be removed.
        """
        try:
            with signals(self.halting, lambda: self.board.say(STOPPING)), self.board:
                with suppress(Stopping):
                    done(lambda: self._travel(attempt), self.halting, self.lines.cut)
                if self._transfer.finished:
                    return
                self._leave_nothing()
        except KeyboardInterrupt:
            self._own_up("It was not removed: the command was ended by a second signal.")
            raise
        raise KeyboardInterrupt

    @property
    def _transfer(self) -> Transfer:
        return self.books.archive.search(self.claimed.id)[0].transfer

    def _travel(self, attempt: Attempt) -> None:
        """What has to wait is waited for here: no carrier would come back to it."""
        claimed: Transfer | None = self.claimed
        while claimed:
            try:
                travel(claimed, self.tools, attempt)
            except Waiting as waiting:
                self.board.say(waiting.message)
                self.tools.ledger.renew(claimed, 0)
                self.halting.wait(waiting.retry_after or PAUSE)
                stopped = self.halting.is_set()
                claimed = None if stopped else self.tools.ledger.claim(claimed.id)
            else:
                return

    def _leave_nothing(self) -> None:
        # A session ends by itself in seconds, and nobody reads here that it has.
        transfer = self._transfer.evolve(session=None)
        tools = replace(self.tools, halt=lambda: None)
        try:
            if not within(TIDY, lambda: cleanup(transfer, tools)):
                self._own_up(f"The server has not answered for {TIDY:g} seconds.")
        except FerryError as error:
            self._own_up(error.message)

    def _own_up(self, why: str) -> None:
        """What may be left at the partner's, by its name."""
        for item in self.books.ledger.deliveries(self.claimed.id):
            if item.state is DeliveryState.INTENT:
                self.board.say(f"Whether {item.final} has arrived is not known. {why}")
            elif item.state is not DeliveryState.PUBLISHED:
                for name in (*item.older, *([item.temp] if item.temp else [])):
                    self.board.say(f"{name} may be left at {self._where}. {why}")

    @property
    def _where(self) -> str:
        return self.claimed.request.destination


def send_one(
    settings: Settings, secrets: Secrets, source: str, target: str, *, dry_run: bool = False
) -> tuple[Record, str]:
    """Carry `source` (s3://bucket/key) to `target` (destination:path); the record has the receipt.

    With `dry_run` nothing is sent, and the text is the plan; else it is empty.
    Raises FerryError when the command itself makes no sense; a transfer that failed is a record.
    """
    request = _request(source, target, dry_run=dry_run)
    store, halting, lines = MemoryStore(), threading.Event(), Lines(Register(secrets))
    books = memory_books(store, "operator")
    board = Board(lambda: books.ledger.deliveries(request.id))
    tools = wiring.tools(
        settings,
        secrets,
        rules=_rules(request),
        authority=OperatorAuthority(),
        books=books,
        observer=board,
        halting=halting,
        remotes=lines,
        notifier=LogNotifier(),  # the operator sees it end, and nobody else asked for it
    )
    tools = replace(tools, sessions=Heard(tools.sessions, board.read))
    books.ledger.admit(Transfer(request=request, received_at=wiring.clock()))
    claimed = books.ledger.claim(request.id)
    if claimed:
        work = settings.transfers
        again = partial(retrying, work.tries, work.retry_wait, halting.wait, work.deadline)
        _Errand(claimed, books, tools, board, lines, halting).carry(again(witness=board))
    return books.archive.search(request.id)[0], _plan(store)


def _plan(store: MemoryStore) -> str:
    """What a ticket would say of a dry run."""
    texts = (item.post.text for key, item in store.posts.items() if key.endswith(":rehearsal"))
    return next(texts, "")


def _request(source: str, target: str, *, dry_run: bool) -> Request:
    destination, colon, path = target.partition(":")
    if not colon:
        raise Permanent(
            Code.DESTINATION_UNKNOWN,
            f"{target!r} is not of the form DESTINATION:path.",
            action="Name a configured destination, a colon, and a path below its root.",
        )
    operator = f"{getpass.getuser()}@{socket.gethostname()}"
    one_off = uuid4().hex
    return Request(
        id=f"operator:{operator}:{one_off}",
        number=f"OP-{one_off[:8]}",
        requester=operator,
        destination=destination,
        sources=(source,),
        target=path,
        fingerprint=hashlib.sha256(f"{source}\n{target}".encode()).hexdigest(),
        options={"dry_run": "true"} if dry_run else {},
    )


def _rules(request: Request) -> Rules:
    everything = Grant(
        requesters=frozenset({request.requester}),
        sources=("s3://",),
        destinations=frozenset({request.destination}),
    )
    return Rules(catalog_items=frozenset(), variables=("", "", ""), grants=(everything,))
