"""`fileferry …`: the doors of the house. Commands decide nothing about transfers."""

from __future__ import annotations

import threading
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adapters.ledger.archive import SqliteArchive
from adapters.ledger.sqlite import HostLock
from config.loading import load, locate
from config.logging import configure, report_strays
from config.secrets import Secrets, check
from daemon import show
from daemon.exits import FAILED, exit_code, explained

Config = Annotated[
    Path | None,
    typer.Option(help="The configuration file.", envvar="FILEFERRY_CONFIG", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]

app = typer.Typer(
    name="fileferry",
    help="Carries approved file transfers from S3 to a partner's server and tells both tickets "
    "what happened.",
    epilog="Exit codes: 0 done · 1 failed · 2 wrong command line · 3 configuration or secret · "
    "4 ledger · 130 interrupted. Example: fileferry config check",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
config_app = typer.Typer(
    help="Look at the configuration.",
    epilog="Example: fileferry config check",
    no_args_is_help=True,
)
app.add_typer(config_app, name="config")

out = Console(highlight=False)


@app.callback(invoke_without_command=True)
def root(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if show_version:
        typer.echo(f"fileferry {version('fileferry')}")
        raise typer.Exit


@app.command(epilog="Example: fileferry run --config /etc/fileferry/fileferry.yaml")
def run(config: Config = None) -> None:
    """Run the service: poll, carry and report, until SIGTERM.

    Logs to standard error; tells systemd when it is ready and that it is alive.
    """
    from adapters.systemd import Supervisor
    from adapters.wiring import build
    from daemon.progress import ProgressNotes
    from daemon.service import Service, stop_on_signals

    stop = threading.Event()
    with explained():
        settings = load(locate(config))
        configure(settings.log)
        report_strays()
        stop_on_signals(stop)
        note_every = settings.transfers.note_every
        house = build(settings, Secrets(), lambda outbox: ProgressNotes(outbox, note_every))
        try:
            Service(house, Supervisor(), stop).run()
        finally:
            house.close()


@app.command(epilog="Example: fileferry send s3://exports/pay.csv bank:inbox/pay.csv")
def send(
    source: Annotated[str, typer.Argument(help="The object: s3://bucket/key.")],
    target: Annotated[
        str,
        typer.Argument(metavar="DESTINATION:PATH", help="A configured destination, and the path."),
    ],
    config: Config = None,
    json: Json = False,
) -> None:
    """Send one object now, on the operator's own authority.

    There is no ticket. The same engine as the service: temp name, verification, rename. A path
    that is empty or ends with / takes the object's name. The receipt goes to standard output.
    """
    from daemon.oneoff import send_one

    with explained():
        settings = load(locate(config))
        configure(settings.log.model_copy(update={"level": "error"}))
        record = send_one(settings, Secrets(), source, target)
        show.receipt(record, out, json=json)
        if record.transfer.failure:
            raise typer.Exit(exit_code(record.transfer.failure.code) or FAILED)


@app.command(epilog="Example: fileferry status --limit 5")
def status(
    config: Config = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    json: Json = False,
) -> None:
    """Show the latest transfers, and whether the service runs."""
    with explained():
        path = load(locate(config)).ledger.path
        records = SqliteArchive.at(path).search(limit=limit)
        show.overview(records, out, running=HostLock.held(path), json=json)


@app.command("show", epilog="Example: fileferry show RITM0010028")
def show_one(
    text: Annotated[str, typer.Argument(metavar="ID", help="Number of item or task, or the id.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one transfer: files, checksums, tickets, failures."""
    with explained():
        path = load(locate(config)).ledger.path
        records = SqliteArchive.at(path).search(text, limit=10) if text else []
        if not records:
            typer.echo(
                f"The ledger knows no transfer {text}. `fileferry status` lists them.", err=True
            )
            raise typer.Exit(FAILED)
        for record in records:
            show.details(record, out, json=json)


@config_app.command("check", epilog="Example: fileferry config check --config fileferry.yaml")
def config_check(config: Config = None) -> None:
    """Check the configuration file and the secrets it names; every fault with its place."""
    with explained():
        path = locate(config)
        settings = load(path)
        faults = check(settings, Secrets())
        for fault in faults:
            typer.echo(str(fault), err=True)
        if faults:
            raise typer.Exit(exit_code("secret.missing"))
        names = ", ".join(sorted(settings.destinations))
        typer.echo(f"{path} is in order. Destinations: {names}.")


def main() -> None:
    """The `fileferry` command, with the commands that other installed parts hang on it."""
    for plugin in entry_points(group="fileferry.commands"):
        try:
            plugin.load()(app)
        except ModuleNotFoundError as error:
            # A bastion has no sandbox: its libraries are the `sandbox` extra.
            if (error.name or "").partition(".")[0] in ("daemon", "adapters", "sandbox"):
                raise
    app()


if __name__ == "__main__":
    main()
