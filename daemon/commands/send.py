"""An operator's one-off: the engine of the service, without ServiceNow."""

from __future__ import annotations

import _thread
import getpass
import hashlib
import signal
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import FrameType
from uuid import uuid4

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from adapters import wiring
from adapters.memory.books import memory_books
from adapters.memory.ledger import MemoryStore
from adapters.notify import LogNotifier
from adapters.running.retries import retrying
from adapters.terminal import Terminal
from config.secrets import Secrets
from config.settings import Settings
from transfer.books import Books, Record
from transfer.errors import Code, FerryError, Permanent, Stopping, Waiting
from transfer.journey import Attempt, travel
from transfer.model import Delivery, Request, Transfer
from transfer.rules import Grant, Rules
from transfer.steps import cleanup
from transfer.tools import Tools

PAUSE = 10.0
"""Seconds until what waits is looked at again, unless it says how long."""


class OperatorAuthority:
    """Whoever may log in to the bastion and read its secrets needs no other approval."""

    def confirm(self, request: Request) -> datetime:
        del request
        return wiring.clock()


class Bar:
    """An Observer that draws one progress bar a file on standard error."""

    def __init__(self) -> None:
        self._terminal = Terminal(stderr=True)
        self.progress = Progress(
            # Names of files are no markup.
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._terminal,
        )
        self._tasks: dict[int, TaskID] = {}
        self._said = ""

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        del transfer
        if delivery.number not in self._tasks:
            name = delivery.final.rpartition("/")[2]
            task = self.progress.add_task(name, total=delivery.size)
            self._tasks[delivery.number] = task
        self.progress.update(self._tasks[delivery.number], completed=delivery.moved)

    def say(self, words: str) -> None:
        """A line above the bars; the same words once."""
        if words != self._said:
            self._said = words
            self._terminal.say(words)


def send_one(
    settings: Settings, secrets: Secrets, source: str, target: str, *, dry_run: bool = False
) -> tuple[Record, str]:
    """Carry `source` (s3://bucket/key) to `target` (destination:path); the record has the receipt.

    With `dry_run` nothing is sent, and the text is the plan; else it is empty.
    Raises FerryError when the command itself makes no sense; a transfer that failed is a record.
    """
    request = _request(source, target, dry_run=dry_run)
    store, bar, halting = MemoryStore(), Bar(), threading.Event()
    books = memory_books(store, "operator")
    tools = wiring.tools(
        settings,
        secrets,
        rules=_rules(request),
        authority=OperatorAuthority(),
        books=books,
        observer=bar,
        halting=halting,
        notifier=LogNotifier(),  # the operator sees it end, and nobody else asked for it
    )
    books.ledger.admit(Transfer(request=request, received_at=wiring.clock()))
    claimed = books.ledger.claim(request.id)
    work = settings.transfers
    if claimed:
        _halt_on_signals(halting)
        with bar.progress, suppress(Stopping):
            attempt = retrying(work.tries, work.retry_wait, halting.wait, work.deadline)
            _travel(claimed, tools, attempt, bar, halting)
        if halting.is_set():
            _leave_nothing(books, request, replace(tools, halt=lambda: None))
            raise KeyboardInterrupt
    return books.archive.search(request.id)[0], _plan(store)


def _leave_nothing(books: Books, request: Request, tools: Tools) -> None:
    """Nobody will go on with what was sent so far: its books end with the command."""
    transfer = books.archive.search(request.id)[0].transfer
    if not transfer.finished:
        with suppress(FerryError):
            cleanup(transfer, tools)


def _plan(store: MemoryStore) -> str:
    """What a ticket would say of a dry run."""
    texts = (item.post.text for key, item in store.posts.items() if key.endswith(":rehearsal"))
    return next(texts, "")


def _travel(
    claimed: Transfer | None, tools: Tools, attempt: Attempt, bar: Bar, halting: threading.Event
) -> None:
    """To the end. What has to wait is waited for here: no carrier would come back to it."""
    while claimed:
        try:
            travel(claimed, tools, attempt)
        except Waiting as waiting:
            bar.say(waiting.message)
            tools.ledger.renew(claimed, 0)
            halting.wait(waiting.retry_after or PAUSE)
            claimed = None if halting.is_set() else tools.ledger.claim(claimed.id)
        else:
            return


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


def _halt_on_signals(halting: threading.Event) -> None:
    def handler(_number: int, _frame: FrameType | None) -> None:
        # Event.set takes a lock that the wait which is interrupted here may hold.
        _thread.start_new_thread(halting.set, ())

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
