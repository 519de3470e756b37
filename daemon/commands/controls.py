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

Name = Annotated[
    str,
    typer.Argument(metavar="[DESTINATION]", help="A destination; none is all.", show_default=False),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for `status`.")]

out, err = Terminal(), Terminal(stderr=True)


def pause(destination: Name = "", reason: Reason = "", config: Config = None) -> None:
    """Let nothing move to a destination, or at all, until `resume`.

    What runs stops at its next chunk and goes on from there. It survives a restart.
    """
    with explained():
        answer = _said(config, {"do": "pause", "destination": destination, "reason": reason})
        before = "" if answer["changed"] else " already"
        out.say(f"{_what(destination)} is paused{before}.")


def resume(destination: Name = "", config: Config = None) -> None:
    """End a pause. Without a destination: that of all work, and a drain."""
    with explained():
        answer = _said(config, {"do": "resume", "destination": destination})
        words = "goes on" if answer["changed"] else "was not paused"
        out.say(f"{_what(destination)} {words}.")


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
        out.say(
            "Nothing is under way." if not running else f"{running} under way; nothing follows."
        )


def reload(config: Config = None) -> None:
    """Have the service read its configuration anew: destinations, grants, limits, log.

    What runs is not touched. A file with a fault changes nothing; each fault is told.
    """
    with explained():
        try:
            answer = _said(config, {"do": "reload"})
        except (ConfigError, Refused) as error:
            if not error.faults:
                raise
            err.say(*map(str, error.faults))
            err.say(f"fileferry: [{error.code}] Nothing was changed. {error.action}")
            raise typer.Exit(exit_code(error.code)) from error
        changed = ", ".join(answer["changed"]) or "nothing has changed"
        out.say(f"Read anew: {changed}.")
        if answer["needs_restart"]:
            out.say(f"Needs a restart: {', '.join(answer['needs_restart'])}.")


def _said(config: Path | None, question: Words) -> Words:
    settings = load(locate(config))
    return ask(socket_of(settings), question, makers_of(settings))


def _what(destination: str) -> str:
    return f"Destination {destination}" if destination else "All work"
