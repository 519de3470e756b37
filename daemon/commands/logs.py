"""`fileferry logs`: what the service said about one transfer, from the journal or from a file."""

from __future__ import annotations

import json as parsing
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.terminal import Terminal
from config.loading import load, locate
from daemon.commands.exits import FAILED, explained
from daemon.commands.ledgers import looking
from daemon.commands.options import Config, Id, Json
from transfer.errors import FerryError

JOURNAL = ("journalctl", "--output", "cat", "--no-pager")
TOLD = ("timestamp", "level", "event", "transfer", "request")
"""Keys of a line that are not shown as `key=value`: the first three have a place of their own."""
_ANOTHER = "Is it of another log? What runs in a terminal logs there: name its file with --file."

out, err = Terminal(), Terminal(stderr=True)


def logs(  # noqa: PLR0913, PLR0917 each is an option
    text: Id,
    config: Config = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Read this file instead of the journal.")
    ] = None,
    json: Json = False,
    unit: Annotated[
        str,
        typer.Option(metavar="NAME", envvar="FILEFERRY_UNIT", help="The service's unit."),
    ] = "fileferry",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes; Ctrl-C ends it.")
    ] = False,
) -> None:
    """Show what the service has logged about one transfer.

    Reads the journal of the unit. With --json the lines as they are.
    """
    with explained():
        names, found = _names(text, config), False
        try:
            with _lines(file, unit, follow=follow) as lines:
                for line, values in _about(lines, names):
                    found = True
                    out.say(line if json else _readable(values))
        except OSError as error:
            what = str(file) if file else f"The journal ({JOURNAL[0]})"
            err.say(f"{what} cannot be read: {error.strerror}. {_ANOTHER}")
            raise typer.Exit(FAILED) from error
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        if not found:
            where = str(file) if file else f"the journal of the unit {unit}"
            err.say(f"No line about {text} stands in {where}. {_ANOTHER}")
            raise typer.Exit(FAILED)


def _names(text: str, config: Path | None) -> frozenset[str]:
    """By which lines name it; a ledger that cannot be read does not keep the log from being."""
    try:
        with looking(load(locate(config))) as books:
            found = books.archive.find(text, limit=10)
    except FerryError as error:
        err.say(f"Only lines that name {text} itself are shown, for [{error.code}] {error.message}")
        return frozenset({text})
    names = [(each.transfer.id, each.transfer.request.number) for each in found]
    return frozenset(name for pair in names for name in pair if name) | {text}


@contextmanager
def _lines(file: Path | None, unit: str, *, follow: bool) -> Iterator[Iterable[str]]:
    """Raises OSError."""
    if file is not None and not follow:
        with file.open(encoding="utf-8", errors="replace") as lines:
            yield lines
        return
    journal = [*JOURNAL, f"--unit={unit}", *["-f"] * follow]
    command = ["tail", "-n", "+1", "-F", "--", str(file)] if file else journal
    source, sink = os.pipe()
    with os.fdopen(source, encoding="utf-8", errors="replace") as lines:
        try:
            reader = subprocess.Popen(command, stdout=sink)  # noqa: S603 a path stands behind `--`
        finally:
            os.close(sink)
        with reader:
            try:
                yield lines
            finally:
                reader.terminate()


def _about(lines: Iterable[str], names: frozenset[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of ours that name it."""
    for line in lines:
        if not any(name in line for name in names):
            continue
        with suppress(ValueError):
            values = parsing.loads(line)
            if isinstance(values, dict) and names & {values.get("transfer"), values.get("request")}:
                yield line.rstrip("\n"), values


def _readable(values: dict[str, Any]) -> str:
    moment, level, event = (str(values.get(name, "")) for name in TOLD[:3])
    rest = [f"{name}={value}" for name, value in values.items() if name not in TOLD]
    return " ".join((moment[:19].replace("T", " "), f"{level:8}", event, *rest)).rstrip()
