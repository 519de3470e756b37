"""`fileferry servicenow …`: the configured instance looked at, told of destinations, set up."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from adapters.terminal import Terminal
from config.loading import load, locate
from config.secrets import operators
from config.settings import Settings
from daemon.commands import guide, survey_show, synced_show
from daemon.commands.exits import FAILED, explained
from daemon.commands.options import Config, Json
from transfer.errors import Code, Permanent

servicenow_app = typer.Typer(
    help="Look at the ServiceNow instance, and set it up.",
    epilog="Example: fileferry servicenow check",
    no_args_is_help=True,
)


@servicenow_app.callback()
def root() -> None:
    """Look at the ServiceNow instance, and set it up."""


@servicenow_app.command(epilog="Example: fileferry servicenow check --cleanup --report check.md")
def check(
    config: Config = None,
    cleanup: Annotated[
        bool, typer.Option("--cleanup", help="Delete, or else cancel, the two tickets.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only read: make no tickets.")
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

    if read_only and cleanup:
        raise typer.BadParameter("there is nothing to clean up", param_hint="--read-only")
    with explained():
        path = locate(config)
        settings = load(path)
        configure(settings.log.model_copy(update={"level": "error"}))
        made = survey(settings, operators(path))
        with _progress() as progress:
            asked = progress.add_task("", total=None)
            found = made.report(
                lambda name: progress.update(asked, description=name),
                cleanup=cleanup,
                read_only=read_only,
            )
        shown = survey_show.document(found, clock())
        survey_show.show(shown, Terminal(), json=json)
        if report is not None:
            _write(report, survey_show.markdown(shown))
        if not found.good:
            raise typer.Exit(FAILED)


@servicenow_app.command(epilog="Example: fileferry servicenow sync --dry-run")
def sync(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it, and write nothing.")] = False,
    json: Json = False,
) -> None:
    """Offer the configured destinations in the catalog: names and descriptions, never hosts.

    Creates and updates the rows of FileFerry's application, and takes back those of its own that
    are no destination any more. Deletes nothing, and leaves what another FileFerry offers.
    """
    from adapters.instance import offer_of  # noqa: PLC0415
    from config.logging import configure  # noqa: PLC0415

    out = Terminal()
    with explained():
        path = locate(config)
        settings = load(path)
        configure(settings.log.model_copy(update={"level": "error"}))
        offer = offer_of(settings, operators(path))
        changes = []
        for change in offer.changes():
            changes.append(change if dry_run else offer.make(change))
            if not json:
                out.say(synced_show.line(changes[-1], dry_run=dry_run))
        if json:
            out.document(synced_show.document(changes, dry_run=dry_run))
        else:
            out.say(synced_show.sum_up(changes, dry_run=dry_run))


@servicenow_app.command(name="install-guide", epilog="Example: fileferry servicenow install-guide")
def install_guide(config: Config = None, json: Json = False) -> None:
    """Print the steps by which FileFerry's application gets into the configured instance.

    Asks nobody and writes nothing: the values are those of the configuration and the package.
    """
    with explained():
        path = locate(config)
        site = _site(load(path), path)
        if json:
            Terminal().document({"steps": guide.document(site)})
        else:
            Terminal().say(*guide.lines(site))


def _site(settings: Settings, path: Path) -> guide.Site:
    from adapters.servicenow.look.expected import expected  # noqa: PLC0415

    part, shipped = settings.servicenow, expected()
    answers = [each.values for each in shipped.pieces if each.table == "item_option_new"]
    variables = sorted(values["name"] for values in answers)
    return guide.Site(
        version=version("fileferry"),
        url=part.url,
        scope=part.application or guide.SCOPE,
        auth=part.auth,
        user=part.user,
        destinations=sorted(settings.destinations),
        expected=shipped.settings,
        queue=bool(settings.queue.url),
        variables=[name for name in variables if name not in ("source", "destination", "path")],
        config=str(path),
    )


def _progress() -> Progress:
    """On standard error, which a terminal sees and a pipe does not take for the report."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Terminal(stderr=True).rich,
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
