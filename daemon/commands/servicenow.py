"""`fileferry servicenow check`: whether the daemon could work with the configured instance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from adapters.terminal import Terminal
from config.loading import load, locate
from config.secrets import operators
from daemon.commands import survey_show
from daemon.commands.exits import FAILED, explained
from daemon.commands.options import Config, Json
from transfer.errors import Code, Permanent

servicenow_app = typer.Typer(
    help="Look at the ServiceNow instance.",
    epilog="Example: fileferry servicenow check",
    no_args_is_help=True,
)


@servicenow_app.callback()
def root() -> None:
    """Look at the ServiceNow instance."""


@servicenow_app.command(epilog="Example: fileferry servicenow check --cleanup --report check.md")
def check(
    config: Config = None,
    cleanup: Annotated[
        bool, typer.Option("--cleanup", help="Delete, or else cancel, the two tickets.")
    ] = False,
    json: Json = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write a Markdown report as well.")
    ] = None,
) -> None:
    """Say whether the service could work with the instance, and which rights it lacks.

    Reads what the service reads, then makes a user and an audit ticket, marked as tests, writes
    to them and closes them. Ends with 0 when the service could work there, with 1 when not.
    """
    # Here, for its modules are slow to load, and every command loads this one.
    from adapters.instance import survey  # noqa: PLC0415
    from adapters.wiring import clock  # noqa: PLC0415
    from config.logging import configure  # noqa: PLC0415

    with explained():
        path = locate(config)
        settings = load(path)
        configure(settings.log.model_copy(update={"level": "error"}))
        made = survey(settings, operators(path))
        with _progress() as progress:
            asked = progress.add_task("", total=None)
            found = made.report(
                lambda name: progress.update(asked, description=name), cleanup=cleanup
            )
        shown = survey_show.document(found, clock())
        survey_show.show(shown, Terminal(), json=json)
        if report is not None:
            _write(report, survey_show.markdown(shown))
        if not found.good:
            raise typer.Exit(FAILED)


def _progress() -> Progress:
    """On standard error, which a terminal sees and a pipe does not take for the report."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Terminal(stderr=True),
        transient=True,
    )


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Permanent(
            Code.CONFIG_INVALID,
            f"The report cannot be written to {file}: {error.strerror}.",
            action="Name another file with --report.",
        ) from error
