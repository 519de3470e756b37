"""What a function's environment builds once, and keeps from one call to the next."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from adapters import wiring
from adapters.running.progress import ProgressNotes
from adapters.telemetry.emf import Emf, printed
from cloud.functions import CONFIGURATION
from config import door
from config.ledger import LedgerSettings
from config.loading import load
from config.logging import configure, report_strays
from config.secrets import Secrets
from config.settings import Settings, TransferSettings
from config.telemetry import TracesSettings
from transfer.books import Books
from transfer.ports import Observer, TicketDesk
from transfer.tools import NoMeter, Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`books` are those of an owner's name, over one line; `tools` are whole but for the books'.

    `door` is the digest of what this environment carries by. `short`: ServiceNow takes few calls.
    `shard` is the number of files of a shard.
    """

    work: TransferSettings
    ledger: LedgerSettings
    tools: Tools
    books: Callable[[str], Books]
    observer: Callable[[Books], Observer]
    desk: TicketDesk
    short: Callable[[], bool]
    door: str
    shard: int = 500
    flush: Callable[[], None] = lambda: None
    """Traces are told, within a time: AWS may freeze the function once it has answered."""


@cache
def environment() -> Environment:
    """Of this process. Raises what the configuration and the secrets raise."""
    settings = load(Path(os.environ.get("LAMBDA_TASK_ROOT", "."), CONFIGURATION))
    # AWS has put a handler of its own there, and each line would be logged twice.
    logging.getLogger().handlers.clear()
    configure(settings.log)
    report_strays()
    return furnished(settings)


def furnished(settings: Settings) -> Environment:
    books = wiring.shared_books(settings)
    secrets = Secrets({}, vault=wiring.vault(settings))
    first = books("nobody")
    notes = partial(ProgressNotes, note_every=settings.transfers.note_every)
    # Many begin in one second: each waits for no other one's first login.
    house = wiring.furnish(settings, secrets, first, notes(first), careful=False)
    # A line that is kept would be frozen with the environment, and found dead.
    lines = {name: replace(each, keep_idle=0) for name, each in house.tools.destinations.items()}
    meter = Emf(printed, lines) if settings.metrics.functions else NoMeter()
    tools, flush = traced(replace(house.tools, destinations=lines, meter=meter), settings.traces)
    return Environment(
        work=settings.transfers,
        ledger=settings.ledger,
        tools=tools,
        books=books,
        observer=notes,
        desk=house.desk,
        short=house.short,
        door=door.digest(settings),
        shard=settings.cloud.shard_files,
        flush=flush,
    )


def traced(tools: Tools, part: TracesSettings) -> tuple[Tools, Callable[[], None]]:
    """With traces for a collector, and what tells them at the end of a call."""
    if part.endpoint is None:
        return tools, lambda: None
    # Here, for OpenTelemetry costs a cold start that others need not pay.
    from adapters.telemetry.traces import OtelTracer, TracedAuthority  # noqa: PLC0415

    tracer = OtelTracer(part.endpoint, tools.destinations, part.timeout, _of_this_call)
    authority = TracedAuthority(tools.authority, tracer)
    return replace(tools, tracer=tracer, authority=authority), tracer.flush


def _of_this_call() -> str:
    return os.environ.get("_X_AMZN_TRACE_ID", "")
