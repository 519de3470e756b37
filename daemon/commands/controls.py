"""`fileferry pause`, `resume`, `drain` and `reload`: said to the running service.

The first two hold without it as well, from its next start on.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.terminal import Terminal
from config.faults import ConfigError
from config.loading import load, locate
from daemon.commands.exits import exit_code, explained
from daemon.commands.ledgers import running
from daemon.commands.options import Config
from daemon.control.client import PATIENCE, Refused, ask
from daemon.control.places import makers_of, pauses_of, socket_of
from daemon.control.words import Words
from transfer.errors import Code, FerryError

if TYPE_CHECKING:
    from config.settings import Settings

LOOK_EVERY = 1.0


def _named(destination: str | None) -> str | None:
    """Of an empty name, as an unset variable gives, nobody knows what was meant."""
    if destination == "":
        raise typer.BadParameter("the name is empty; leave it out to say it of all work")
    return destination


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="DESTINATION",
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
        question = {"do": "pause", "destination": destination or "", "reason": reason}
        answer = _kept(load(locate(config)), question)
        before = "" if answer["changed"] else " already"
        out.say(f"{_what(destination)} is paused{before}.", *_down(answer))


def resume(destination: Name = None, config: Config = None) -> None:
    """End a pause. Without a destination: that of all work, and a drain.

    A login that was refused, or that rests after failures, is tried again.
    """
    with explained():
        answer = _kept(load(locate(config)), {"do": "resume", "destination": destination or ""})
        held, drained = answer.get("paused", []), answer.get("drained")
        words = "goes on" if "" not in held and not drained else "is not held by itself any more"
        if answer["changed"] or not answer.get("released"):
            out.say(f"{_what(destination)} {words if answer['changed'] else 'was not paused'}.")
        if answer.get("released"):
            out.say(f"The login at {destination} is tried again.")
        out.say(*[f"{_what(name)} is still paused." for name in held], *_down(answer))
        if drained:
            out.say("Nothing new is begun still: `fileferry resume` ends the drain.")


def drain(
    reason: Reason = "",
    wait: Annotated[bool, typer.Option("--wait", help="Until nothing runs any more.")] = False,
    config: Config = None,
) -> None:
    """Take nothing new and finish what runs, until `resume` or a restart."""
    with explained():
        count = int(_said(config, {"do": "drain", "reason": reason})["running"])
        while wait and count:
            out.say(f"{count} under way.")
            time.sleep(LOOK_EVERY)
            count = int(_said(config, {"do": "status"})["running_count"])
        under_way = f"{count} under way" if count else "Nothing is under way"
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
    return _asked(load(locate(config)), question)


def _asked(settings: Settings, question: Words) -> Words:
    return ask(socket_of(settings), question, makers_of(settings))


def _kept(settings: Settings, question: Words) -> Words:
    """Of what survives a restart: said to the service, and while that is down written for it."""
    try:
        return _asked(settings, question)
    except FerryError as error:
        nobody = isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError)
        if error.code is not Code.CONTROL_ABSENT or not nobody or running(settings):
            raise
    from adapters.running.gate import Gate  # noqa: PLC0415
    from config.logging import configure  # noqa: PLC0415
    from daemon.control.orders import Orders  # noqa: PLC0415

    configure(settings.log.model_copy(update={"level": "critical"}))
    orders = Orders(
        gate=Gate(pauses_of(settings)),
        destinations=settings.destinations,
        status=dict,
        reload=lambda: ([], []),
        wake=lambda: None,
    )
    answer = orders(question, os.geteuid())
    # One that has begun meanwhile may have read the file before that.
    until = time.monotonic() + PATIENCE
    while running(settings):
        try:
            return _asked(settings, question) | {"changed": answer["changed"]}
        except FerryError:
            if time.monotonic() > until:
                raise
            time.sleep(LOOK_EVERY)
    return answer | {"down": True}


def _down(answer: Words) -> list[str]:
    return ["The service does not run; it begins with that."] if "down" in answer else []


def _what(destination: str | None) -> str:
    return f"Destination {destination}" if destination else "All work"
