"""`fileferry run`, `send`, `submit`: what carries, or has others do it."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from adapters.terminal import Terminal
from config.loading import load, locate
from config.secrets import operators as secrets_of
from daemon.commands import show
from daemon.commands.exits import FAILED, exit_code, explained
from daemon.commands.faults import all_named, refuse_doubtful
from daemon.commands.options import Config, Json
from transfer.books import Books

out = Terminal()


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
