"""All commands of `fileferry` by their names; none is imported before somebody asks for it."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.main import get_command, get_group

from adapters.terminal import Terminal
from daemon.commands.screen import NAMES, FirstScreen


class Place(NamedTuple):
    """Where a command is: the module in this room, and what it is called there.

    A command has its example here, a group of commands its own.
    """

    module: str
    name: str
    example: str = ""


COMMANDS = {
    "run": Place("carry", "run", "run --config /etc/fileferry/fileferry.yaml"),
    "send": Place("carry", "send", "send s3://exports/pay.csv bank:inbox/pay.csv"),
    "submit": Place("carry", "submit", "submit RITM0010028"),
    "status": Place("status", "status", "status --failed --since 2h"),
    "pause": Place("controls", "pause", 'pause bank --reason "key change"'),
    "resume": Place("controls", "resume", "resume bank"),
    "drain": Place("controls", "drain", "drain --wait"),
    "reload": Place("controls", "reload", "reload"),
    "show": Place("show", "show", "show RITM0010028"),
    "completion": Place("manual", "completion", "completion bash"),
    "install": Place("install", "install", "install --credentials"),
    "doctor": Place("doctor", "doctor", "doctor bank"),
    "report": Place("report", "report", "report --since 30d -o report.html"),
    "retry": Place("operators", "retry", 'retry RITM0010028 --reason "key mended"'),
    "cancel": Place("cancel", "cancel", 'cancel RITM0010028 --reason "not wanted"'),
    "sweep": Place("sweep", "sweep", "sweep bank --remove"),
    "logs": Place("logs", "logs", "logs RITM0010028"),
    "config": Place("configuration", "config_app"),
    "ledger": Place("ledger", "ledger_app"),
    "audit": Place("audit", "audit_app"),
    "servicenow": Place("servicenow", "servicenow_app"),
    "notices": Place("notices", "notices_app"),
    "quarantine": Place("operators", "quarantine"),
}


class Root(FirstScreen):
    names = COMMANDS

    def made(self, name: str) -> Any:
        place = COMMANDS[name]
        found = getattr(import_module(f"daemon.commands.{place.module}"), place.name)
        if isinstance(found, typer.Typer):
            group = get_group(found)
            group.name = name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(name, epilog=f"Example: fileferry {place.example}")(found)
        return get_command(alone)


app = typer.Typer(
    name="fileferry",
    cls=Root,
    context_settings=NAMES,
    help="Carries approved file transfers from S3 to partners and tells both tickets.",
    epilog="Exit codes: 0 done · 1 failed · 2 wrong command line · 3 configuration or secret\n"
    "4 ledger · 130 interrupted. Example: fileferry config check",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.callback(invoke_without_command=True)
def root(
    *,
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", hidden=True, is_eager=True),
    ] = False,
) -> None:
    if show_version:
        # Here, for it takes as long as a look at the ledger.
        from importlib.metadata import version  # noqa: PLC0415

        Terminal().say(f"fileferry {version('fileferry')}")
        raise typer.Exit
