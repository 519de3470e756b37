"""`fileferry config check`: every fault of the configuration, before something meets one."""

from __future__ import annotations

import typer

from adapters.terminal import Terminal
from config import doubts
from config.loading import load, locate
from config.secrets import check, operators
from daemon.commands.exits import exit_code, explained
from daemon.commands.options import Config

config_app = typer.Typer(
    help="Look at the configuration.",
    epilog="Example: fileferry config check",
    no_args_is_help=True,
)

out, err = Terminal(), Terminal(stderr=True)


@config_app.command("check", epilog="Example: fileferry config check --config fileferry.yaml")
def config_check(config: Config = None) -> None:
    """Check the configuration file and the secrets it names; every fault with its place."""
    with explained():
        path = locate(config)
        settings = load(path)
        doubtful = (*doubts.faults(settings), *doubts.unknown_regions(settings))
        faults = (*doubtful, *check(settings, operators(path)))
        for fault in faults:
            err.say(str(fault))
        if faults:
            raise typer.Exit(exit_code("secret.missing"))
        names = ", ".join(sorted(settings.destinations))
        out.say(f"{path} is in order. Destinations: {names}.")
