"""An operator's one-off: the engine of the service, without ServiceNow."""

from __future__ import annotations

import getpass
import hashlib
import signal
import socket
import threading
from contextlib import suppress
from datetime import datetime
from types import FrameType
from uuid import uuid4

from rich.console import Console
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
from adapters.memory.ledger import MemoryArchive, MemoryLedger
from config.secrets import Secrets
from config.settings import Settings
from daemon.carriers import retrying
from transfer.errors import Code, Permanent, Stopping
from transfer.journey import travel
from transfer.model import Delivery, Grant, Request, Rules, Transfer
from transfer.ports import Record


class OperatorAuthority:
    """Whoever may log in to the bastion and read its secrets needs no other approval."""

    def confirm(self, request: Request) -> datetime:
        del request
        return wiring.clock()


class Bar:
    """An Observer that draws one progress bar a file on standard error."""

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[int, TaskID] = {}

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        del transfer
        if delivery.number not in self._tasks:
            name = delivery.final.rpartition("/")[2]
            task = self.progress.add_task(name, total=delivery.size)
            self._tasks[delivery.number] = task
        self.progress.update(self._tasks[delivery.number], completed=delivery.moved)


def send_one(settings: Settings, secrets: Secrets, source: str, target: str) -> Record:
    """Carry `source` (s3://bucket/key) to `target` (destination:path); the record has the receipt.

    Raises FerryError when the command itself makes no sense; a transfer that failed is a record.
    """
    request = _request(source, target)
    ledger, bar, halting = MemoryLedger(owner="operator"), Bar(), threading.Event()
    tools = wiring.tools(
        settings,
        secrets,
        rules=_rules(request),
        authority=OperatorAuthority(),
        ledger=ledger,
        observer=bar,
        halting=halting,
    )
    ledger.admit(Transfer(request=request, received_at=wiring.clock()))
    claimed = ledger.claim(request.id)
    work = settings.transfers
    if claimed:
        _halt_on_signals(halting)
        with bar.progress, suppress(Stopping):
            attempt = retrying(work.tries, work.retry_wait, halting.wait, work.deadline)
            travel(claimed, tools, attempt)
        if halting.is_set():
            raise KeyboardInterrupt
    return MemoryArchive(ledger.store).search(request.id)[0]


def _request(source: str, target: str) -> Request:
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
        halting.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
