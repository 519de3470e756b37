"""`fileferry …`: the doors of the house. Commands decide nothing about transfers."""

from __future__ import annotations

import os
import signal
import threading
from importlib.metadata import entry_points, version
from typing import Annotated

import typer
from typer._completion_classes import completion_init

from adapters.terminal import Terminal, own_up, steady
from config import doubts
from config.loading import load, locate
from config.secrets import check
from config.secrets import operators as secrets_of
from daemon.commands import cancel, controls, logs, operators, show, status, sweep
from daemon.commands import report as report_page
from daemon.commands.audit import audit_app
from daemon.commands.doctor import doctor
from daemon.commands.exits import FAILED, exit_code, explained
from daemon.commands.faults import all_named, refuse_doubtful
from daemon.commands.install import install
from daemon.commands.ledger import ledger_app
from daemon.commands.ledgers import looking
from daemon.commands.manual import VARIABLE, completion
from daemon.commands.notices import notices_app
from daemon.commands.options import Config, Json
from daemon.commands.screen import NAMES, FirstScreen
from daemon.commands.servicenow import servicenow_app
from transfer.books import Books

app = typer.Typer(
    name="fileferry",
    cls=FirstScreen,
    context_settings=NAMES,
    help="Carries approved file transfers from S3 to partners and tells both tickets.",
    epilog="Exit codes: 0 done · 1 failed · 2 wrong command line · 3 configuration or secret\n"
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
app.add_typer(ledger_app, name="ledger")
app.add_typer(audit_app, name="audit")
app.add_typer(servicenow_app, name="servicenow")
app.add_typer(notices_app, name="notices")
app.add_typer(operators.quarantine, name="quarantine")

out, err = Terminal(), Terminal(stderr=True)


@app.callback(invoke_without_command=True)
def root(
    *,
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", hidden=True, is_eager=True),
    ] = False,
) -> None:
    if show_version:
        out.say(f"fileferry {version('fileferry')}")
        raise typer.Exit


@app.command(epilog="Example: fileferry run --config /etc/fileferry/fileferry.yaml")
def run(config: Config = None) -> None:
    """Run the service: poll, carry and report, until SIGTERM.

    Logs to standard error; tells systemd when it is ready and that it is alive.
    SIGHUP reads the configuration anew.
    """
    # It must not end what has not even begun; the service hears of the next one.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from adapters.running.progress import ProgressNotes
    from adapters.running.traffic import Traffic
    from adapters.running.trouble import Board
    from adapters.systemd import Supervisor
    from adapters.wiring import build
    from config.logging import configure, report_strays
    from daemon.service import Service
    from daemon.signals import stop_on_signals
    from daemon.telemetry import measured, traced

    stop, hangup, traffic = threading.Event(), threading.Event(), Traffic(Board())
    with explained():
        path = locate(config)
        settings = load(path)
        configure(settings.log)
        report_strays()
        stop_on_signals(stop, hangup)
        note_every = settings.transfers.note_every
        refuse_doubtful(path, settings)
        secrets = secrets_of(path)

        def observer(books: Books) -> Traffic:
            traffic.then = ProgressNotes(books, note_every)
            return traffic

        with all_named(settings, secrets):
            built = build(settings, secrets, observer)
        house = traced(measured(built, traffic.board))
        try:
            service = Service(house, Supervisor(), stop, traffic, hangup=hangup, path=path)
            service.run()
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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look up everything, send nothing.")
    ] = False,
) -> None:
    """Send objects now, on the operator's own authority.

    No ticket. A path that is empty or ends with / takes the object's name.
    """
    from config.logging import configure
    from daemon.commands.send import send_one
    from daemon.commands.stopping import leave

    with explained():
        path = locate(config)
        settings = load(path)
        configure(settings.log.model_copy(update={"level": "error"}))
        try:
            record, plan = send_one(settings, secrets_of(path), source, target, dry_run=dry_run)
        except KeyboardInterrupt:
            leave()
        if plan and not json:
            out.say(*plan.split("\n"))
        else:
            show.receipt(record, out, json=json)
        # A dry run ends as what it rehearses would.
        if failure := show.failure_of(record):
            raise typer.Exit(exit_code(failure.code) or FAILED)


@app.command(epilog="Example: fileferry submit RITM0010028")
def submit(
    record: Annotated[
        str, typer.Argument(metavar="RECORD", help="Number (RITM, REQ, SCTASK) or task's sys_id.")
    ],
    config: Config = None,
    queue: Annotated[
        str | None, typer.Option(metavar="URL", help="Another queue than the configured one.")
    ] = None,
) -> None:
    """Have FileFerry look at an order now, by a hint in its queue.

    It approves nothing; what ServiceNow says counts. Prints the id of the message.
    """
    from daemon.commands.submit import submitted

    with explained():
        out.say(submitted(load(locate(config)), record, queue))


app.command("status", epilog="Example: fileferry status --failed --since 2h")(status.status)
app.command("pause", epilog='Example: fileferry pause bank --reason "key change"')(controls.pause)
app.command("resume", epilog="Example: fileferry resume bank")(controls.resume)
app.command("drain", epilog="Example: fileferry drain --wait")(controls.drain)
app.command("reload", epilog="Example: fileferry reload")(controls.reload)


@app.command("show", epilog="Example: fileferry show RITM0010028")
def show_one(
    text: operators.Id,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one transfer, and its history as a time line.

    Found by any of its numbers (item, task, request, ticket), by its id, or
    by at least six characters that the id begins or ends with.
    """
    with explained():
        with looking(load(locate(config))) as books:
            records = books.archive.find(text, limit=10) if text else []
        if not records:
            err.say(f"The ledger knows no transfer {text}. `fileferry status` lists them.")
            raise typer.Exit(FAILED)
        for record in records:
            show.details(record, out, json=json)


@config_app.command("check", epilog="Example: fileferry config check --config fileferry.yaml")
def config_check(config: Config = None) -> None:
    """Check the configuration file and the secrets it names; every fault with its place."""
    with explained():
        path = locate(config)
        settings = load(path)
        doubtful = (*doubts.faults(settings), *doubts.unknown_regions(settings))
        faults = (*doubtful, *check(settings, secrets_of(path)))
        for fault in faults:
            err.say(str(fault))
        if faults:
            raise typer.Exit(exit_code("secret.missing"))
        names = ", ".join(sorted(settings.destinations))
        out.say(f"{path} is in order. Destinations: {names}.")


app.command(epilog="Example: fileferry completion bash")(completion)
app.command("install", epilog="Example: fileferry install --credentials")(install)
app.command("doctor", epilog="Example: fileferry doctor bank")(doctor)
app.command("report", epilog="Example: fileferry report --since 30d -o report.html")(
    report_page.report
)
app.command("retry", epilog='Example: fileferry retry RITM0010028 --reason "key mended"')(
    operators.retry
)
app.command("cancel", epilog='Example: fileferry cancel RITM0010028 --reason "not wanted"')(
    cancel.cancel
)
app.command("sweep", epilog="Example: fileferry sweep bank --remove")(sweep.sweep)
app.command("logs", epilog="Example: fileferry logs RITM0010028")(logs.logs)


def main() -> None:
    """The `fileferry` command, with the commands that other installed parts hang on it."""
    steady()
    plug_in()
    if VARIABLE in os.environ:
        completion_init()
    try:
        app()
    finally:
        own_up()


def plug_in() -> None:
    for plugin in entry_points(group="fileferry.commands"):
        try:
            plugin.load()(app)
        except ModuleNotFoundError as error:
            # A bastion has no sandbox: its libraries are the `sandbox` extra.
            if (error.name or "").partition(".")[0] in ("daemon", "adapters", "cloud", "sandbox"):
                raise


if __name__ == "__main__":
    main()
