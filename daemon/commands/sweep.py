"""`fileferry sweep`: temps at a partner's that no transfer can still need, listed and removed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from adapters.terminal import Terminal
from config.loading import load, locate
from config.secrets import Secrets, operators
from config.settings import Settings
from daemon.commands.exits import FAILED, explained
from daemon.commands.ledgers import looking
from daemon.commands.options import Config, Json
from transfer import sweeping
from transfer.books import Record
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent
from transfer.ports import Remote
from transfer.sweeping import Temp

LOOKED = 2000
"""Transfers, the newest, whose temps are known by their names."""

out, err = Terminal(), Terminal(stderr=True)


def sweep(
    name: Annotated[str, typer.Argument(metavar="DESTINATION", help="A configured name.")],
    config: Config = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Remove them, when asked.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --remove: do not ask.")] = False,
    json: Json = False,
) -> None:
    """List the temp files that lie at a partner's, and which nobody needs.

    Looks where this ledger has delivered to. What is under way, may be
    evidence, or is not of this ledger, is never removed.
    """
    with explained():
        path = locate(config)
        settings = load(path)
        destination = _destination(settings, name)
        with closing(_connected(settings, operators(path), destination)) as remote:
            temps = _lying(settings, destination, remote)
            _tell(temps, remote, json=json)
            free = [temp for temp in temps if not temp.keep]
            if remove and free and _agreed(len(free), yes=yes):
                # What has begun since then is looked at anew.
                again = {temp.path for temp in _lying(settings, destination, remote) if temp.keep}
                _remove([temp for temp in free if temp.path not in again], remote)


def _destination(settings: Settings, name: str) -> Destination:
    from config.values import destinations  # noqa: PLC0415  only here

    found = destinations(settings).get(name)
    if found is None:
        raise Permanent(
            Code.DESTINATION_UNKNOWN,
            f"There is no destination {name}.",
            action=f"Name one of these: {', '.join(settings.destinations)}.",
        )
    return found


def _connected(settings: Settings, secrets: Secrets, destination: Destination) -> Remote:
    # Here, for its modules are slow to load, and every command loads this one.
    from adapters.remotes import Register  # noqa: PLC0415
    from config.logging import configure  # noqa: PLC0415

    configure(settings.log.model_copy(update={"level": "error"}))
    return Register(secrets).connect(destination)


def _lying(settings: Settings, destination: Destination, remote: Remote) -> list[Temp]:
    with looking(settings) as books:
        records: Sequence[Record] = [
            each
            for each in books.archive.search(limit=LOOKED)
            if each.transfer.request.destination == destination.name
        ]
    temps: list[Temp] = []
    for folder in sweeping.folders(destination, records):
        try:
            names = remote.proof.names(folder)
        except Permanent as error:
            err.say(f"{folder} is left out: {error.message}")
        else:
            temps += sweeping.found(destination, folder, names, records)
    return temps


def _tell(temps: Sequence[Temp], remote: Remote, *, json: bool) -> None:
    rows = [(temp, remote.size(temp.path), remote.proof.modified(temp.path)) for temp in temps]
    if json:
        said = [
            {
                "path": temp.path,
                "bytes": size,
                "modified": modified and modified.isoformat(),
                "request": temp.number,
                "closed": temp.closed,
                "needed": bool(temp.keep),
                "why": temp.keep,
            }
            for temp, size, modified in rows
        ]
        out.document({"temps": said})
        return
    now = datetime.now(UTC)
    for temp, size, modified in rows:
        whose = f"{temp.number}, closed {temp.closed or 'not yet'}" if temp.number else "unknown"
        stays = f"stays: {temp.keep}" if temp.keep else "nobody needs it"
        about = f"{temp.path}  {size or 0:,} bytes  {sweeping.age(modified, now)}"
        out.print(Text(f"{about}  {whose}  {stays}"), soft_wrap=True)
    free = sum(not temp.keep for temp in temps)
    out.say(f"{len(temps)} temps found, of which nobody needs {free}.")


def _agreed(count: int, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        err.say("Nothing was removed: nobody can be asked here. Add --yes.")
        raise typer.Exit(FAILED)
    return typer.confirm(f"Remove {count} temps for good?", err=True)


def _remove(temps: Sequence[Temp], remote: Remote) -> None:
    failed = 0
    for temp in temps:
        try:
            remote.remove(temp.path)
        except FerryError as error:
            failed += 1
            err.say(f"{temp.path} was not removed: {error.message}")
    out.say(f"{len(temps) - failed} temps were removed.")
    if failed:
        raise typer.Exit(FAILED)
