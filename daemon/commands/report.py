"""`fileferry report`: a page for people who would rather look than read."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from adapters.terminal import Terminal
from config.loading import load, locate
from daemon.commands.exits import explained
from daemon.commands.ledgers import looking
from daemon.commands.options import Config

_SPAN = re.compile(r"([1-9]\d{0,3})([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 168}


def since_of(text: str, now: datetime) -> datetime:
    """`30d`, `12h`, `2w`, or a day such as 2026-11-01 (UTC). Raises typer.BadParameter."""
    if found := _SPAN.fullmatch(text):
        return now - timedelta(hours=int(found[1]) * _HOURS[found[2]])
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        day = now
    day = day if day.tzinfo else day.replace(tzinfo=UTC)
    if day >= now:
        raise typer.BadParameter("a time such as 30d, 12h, 2w, or a past day such as 2026-11-01.")
    return day


def report(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page; - is standard output.")
    ],
    since: Annotated[
        str, typer.Option(metavar="TIME", help="30d, 12h, 2w, or a day: 2026-11-01.")
    ] = "30d",
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file of that name.")] = False,
) -> None:
    """Write one page of what was carried: charts and tables, for a browser or for paper.

    It needs nothing else: no script, no network. Times are in UTC.
    """
    from adapters.wiring import ledger_place  # noqa: PLC0415
    from daemon.reporting.figures import figures, recent  # noqa: PLC0415
    from daemon.reporting.page import page  # noqa: PLC0415

    now = datetime.now(UTC)
    begins = since_of(since, now)
    if str(output) != "-" and not force and output.exists():
        raise typer.BadParameter(f"{output} is there already; --force writes over it.")
    with explained():
        settings = load(locate(config))
        with looking(settings) as books:
            records, cut = recent(books.archive, begins)
    text = page(figures(records, begins, now, cut), ledger_place(settings), now)
    if str(output) == "-":
        Terminal().page(text)
    else:
        _write(output, text)
        Terminal().say(f"{output}: {len(records):,} transfers since {begins:%Y-%m-%d %H:%M} UTC.")


def _write(output: Path, text: str) -> None:
    """Whole, or not at all: somebody may be looking at the one before."""
    half = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        half.write_text(text, encoding="ascii")
        half.replace(output)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise typer.BadParameter(f"{output} cannot be written: {error.strerror}.") from error
