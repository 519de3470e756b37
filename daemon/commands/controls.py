"""`fileferry pause`, `resume`, `drain` and `reload`: said to the running service."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from adapters.terminal import Terminal
from config.faults import ConfigError
from config.loading import load, locate
from daemon.commands.exits import exit_code, explained
from daemon.commands.options import Config
from daemon.control.client import Refused, ask
from daemon.control.places import makers_of, socket_of
from daemon.control.words import Words

LOOK_EVERY = 1.0


def _named(destination: str | None) -> str | None:
    """Of an empty name, as an unset variable gives, nobody knows what was meant."""
    if destination == "":
        raise typer.BadParameter("the name is empty; leave it out to say it of all work")
    return destination


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[DESTINATION]",
        help="A destination; none is all.",
        show_default=False,
        callback=_named,
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for `status`.")]

out, err = Terminal(), Terminal(stderr=True)


def pause(destination: Name = None, reason: Reason = "", config: Config = None) -> None:
    """Let nothing move to a destination, or at all, until `resume`.

    What runs stops at its next chunk and goes on from there. It survives a restart.
    """
    with explained():
        answer = _said(config, {"do": "pause", "destination": destination or "", "reason": reason})
        before = "" if answer["changed"] else " already"
        out.say(f"{_what(destination)} is paused{before}.")


def resume(destination: Name = None, config: Config = None) -> None:
    """End a pause. Without a destination: that of all work, and a drain.

    A login that was refused, or that rests after failures, is tried again.
    """
    with explained():
        answer = _said(config, {"do": "resume", "destination": destination or ""})
        held, drained = answer.get("paused", []), answer.get("drained")
        words = "goes on" if "" not in held and not drained else "is not held by itself any more"
        if answer["changed"] or not answer.get("released"):
            out.say(f"{_what(destination)} {words if answer['changed'] else 'was not paused'}.")
        if answer.get("released"):
            out.say(f"The login at {destination} is tried again.")
        out.say(*[f"{_what(name)} is still paused." for name in held])
        if drained:
            out.say("Nothing new is begun still: `fileferry resume` ends the drain.")


def drain(
    reason: Reason = "",
    wait: Annotated[bool, typer.Option("--wait", help="Until nothing runs any more.")] = False,
    config: Config = None,
) -> None:
    """Take nothing new and finish what runs, until `resume` or a restart."""
    with explained():
        running = int(_said(config, {"do": "drain", "reason": reason})["running"])
        while wait and running:
            out.say(f"{running} under way.")
            time.sleep(LOOK_EVERY)
            running = int(_said(config, {"do": "status"})["running_count"])
        under_way = f"{running} under way" if running else "Nothing is under way"
        out.say(f"{under_way}; nothing new is begun until `fileferry resume` or the next start.")


def reload(config: Config = None) -> None:
    """Have the service read its configuration anew: destinations, grants, limits, log.

    What runs is not touched. A file with a fault changes nothing; each fault is told.
    """
    with explained():
        try:
            answer = _said(config, {"do": "reload"})
        except (ConfigError, Refused) as error:
            if not error.faults and isinstance(error, Refused):
                raise
            err.say(*(map(str, error.faults) if error.faults else [error.message]))
            err.say(f"fileferry: [{error.code}] Nothing was changed. {error.action}")
            raise typer.Exit(exit_code(error.code)) from error
        changed = ", ".join(answer["changed"]) or "nothing has changed"
        out.say(f"Read anew: {changed}.")
        if answer["needs_restart"]:
            out.say(f"Needs a restart: {', '.join(answer['needs_restart'])}.")


def _said(config: Path | None, question: Words) -> Words:
    settings = load(locate(config))
    return ask(socket_of(settings), question, makers_of(settings))


def _what(destination: str | None) -> str:
    return f"Destination {destination}" if destination else "All work"
