"""`fileferry status`: whether the service is well, what it does, what waits, and the latest."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.terminal import Terminal
from config.faults import ConfigError
from config.loading import glimpse, load, locate
from daemon.commands.exits import FAILED, MISCONFIGURED, explained
from daemon.commands.ledgers import documented, looking
from daemon.commands.options import Config, Json
from daemon.commands.status_show import faulty, lines
from daemon.control.client import ask
from daemon.control.places import makers_of, pauses_of, socket_of
from daemon.control.words import Words
from transfer.books import Only, Record
from transfer.errors import Code, FerryError

if TYPE_CHECKING:
    from config.glimpse import Glimpse
    from config.settings import Settings

WATCH_EVERY = 2.0
"""Seconds between two pictures on a terminal."""
WATCH_EVERY_ELSEWHERE = 5.0
_PERIOD = re.compile(r"([1-9][0-9]{0,4})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`service` is what it says of itself; None when it does not answer, for the reason `why`.

    `running`: a process has the ledger; None where nobody can tell.
    """

    service: Words | None
    why: FerryError | None
    running: bool | None
    records: Sequence[Record]
    paused: Sequence[Words] = ()
    """What it begins with, while it is down."""
    fault: ConfigError | None = None
    """Of the file on the disk, which is no longer the one that the service has read."""

    @property
    def well(self) -> bool:
        return bool(self.service and self.service["well"])

    def document(self) -> Words:
        return {
            "running": self.running if self.service is None else True,
            "well": self.well,
            "service": self.service,
            "unanswered": self.why and {"code": self.why.code, "reason": str(self.why)},
            "configuration": self.fault and {"code": self.fault.code, "reason": str(self.fault)},
            "paused": [*(self.service["paused"] if self.service else self.paused)],
            "transfers": documented(list[Record], [*self.records]),
        }


def status(  # noqa: PLR0913, PLR0917 each is an option
    config: Config = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="What went wrong.")] = False,
    running: Annotated[bool, typer.Option("--running", help="What has not ended.")] = False,
    since: Annotated[str, typer.Option(metavar="2h", help="Changed since: 30m, 2h, 7d.")] = "",
    destination: Annotated[str | None, typer.Option(metavar="NAME", help="To there.")] = None,
    requester: Annotated[str | None, typer.Option(metavar="NAME", help="For whom.")] = None,
) -> None:
    """Show whether the service is well (exit code 0, else 1), and transfers."""
    only = Only(failed=failed, running=running, destination=destination, requester=requester)
    out = Terminal()
    with explained():
        settings, fault = _settings(locate(config))
        period = _period(since) if since else None

        def look() -> Picture:
            oldest = datetime.now(UTC) - period if period else None
            return picture(settings, limit, replace(only, since=oldest), fault)

        if watch:
            watched(look, out, json=json)
        seen = look()
        show(seen, out, json=json)
        if fault or not seen.well:
            raise typer.Exit(MISCONFIGURED if fault else FAILED)


def _settings(path: Path) -> tuple[Settings | Glimpse, ConfigError | None]:
    """A file with faults stops no service that runs already, and nobody from asking it."""
    try:
        return load(path), None
    except ConfigError as error:
        found = glimpse(path)
        if found is None:
            raise
        return found, error


def picture(
    settings: Settings | Glimpse, limit: int, only: Only, fault: ConfigError | None = None
) -> Picture:
    """What the service and the ledger say now. Raises `ledger.*`; `control.foreign` instead to a
    stranger, who may use neither; and `fault` where no service answers.
    """
    service, why = None, None
    try:
        service = ask(socket_of(settings), {"do": "status"}, makers_of(settings))
    except FerryError as error:
        why = error
    if fault and service is None:
        raise fault
    if fault and settings.ledger.kind != "sqlite":
        # Whose credentials read the table is among what is lacking.
        return Picture(service=service, why=None, running=True, records=(), fault=fault)
    try:
        with looking(settings) as books:
            records = books.archive.search(limit=limit, only=only)
    except FerryError as error:
        raise (why if why and why.code is Code.CONTROL_FOREIGN else error) from None
    return Picture(
        service=service,
        why=why,
        running=books.running,
        records=records,
        paused=() if service else _paused(pauses_of(settings)),
        fault=fault,
    )


def _paused(file: Path) -> list[Words]:
    """As far as we may see it."""
    if not os.access(file, os.R_OK):
        return []
    from adapters.running.gate import Gate  # noqa: PLC0415  it logs, and few hosts are paused

    return [pause.document() for pause in Gate(file).pauses]


def show(seen: Picture, out: Terminal, *, json: bool) -> None:
    if json:
        out.document(seen.document())
    else:
        out.say(*_lines(seen, out))


def watched(
    look: Callable[[], Picture],
    out: Terminal,
    *,
    json: bool,
    pause: Callable[[float], object] = time.sleep,
    times: Iterator[int] | None = None,
) -> None:
    """Until Ctrl-C. On a terminal the picture is redrawn, elsewhere one follows the other."""
    if not out.is_terminal or json:
        for _ in times or iter(int, 1):
            show(look(), out, json=json)
            if not json:
                out.say("")
            pause(WATCH_EVERY_ELSEWHERE)
        return
    from rich.live import Live  # noqa: PLC0415  `status` alone does without
    from rich.text import Text  # noqa: PLC0415

    with Live(console=out.rich, screen=True, auto_refresh=False) as live:
        for _ in times or iter(int, 1):
            text = Text("\n".join(_lines(look(), out)), no_wrap=True, overflow="crop")
            live.update(text, refresh=True)
            pause(WATCH_EVERY)


def _lines(seen: Picture, out: Terminal) -> list[str]:
    width = out.width if out.is_terminal else None
    found = lines(seen.service, seen.why, seen.running, seen.records, width, seen.paused)
    return [*found, *faulty(seen.fault, width)] if seen.fault else [*found]


def _period(text: str) -> timedelta:
    found = _PERIOD.fullmatch(text)
    if not found:
        words = f"{text} is no period: say 30m, 2h or 7d."
        raise typer.BadParameter(words, param_hint="--since")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
