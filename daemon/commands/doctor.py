"""`fileferry doctor`: one destination tried out, or the whole house looked over."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.terminal import Terminal
from config.loading import load, locate
from config.secrets import Secrets, operators
from config.settings import Settings
from daemon.commands.exits import FAILED, explained
from daemon.commands.options import Config, Json
from daemon.doctor.findings import Finding, Mark, ok, warn
from transfer.errors import Code, Permanent

if TYPE_CHECKING:
    from daemon.doctor.profile import Shown
    from transfer.destination import Destination

DESTINATION = typer.Argument(metavar="DESTINATION", help="A configured one; else the house.")
SAVE = typer.Option(metavar="FILE", help="Write settings to merge, as YAML.")


def doctor(
    name: Annotated[str, DESTINATION] = "",
    config: Config = None,
    json: Json = False,
    save: Annotated[Path | None, SAVE] = None,
) -> None:
    """Try out a destination, or look over the whole house, while the service runs.

    A destination is logged in to once, and 1 MiB is written, continued, read
    back, renamed and removed under a name of ours. Of the house: credentials,
    clocks, disk, ledger, ServiceNow, buckets, queue and each login; no writing.
    Ends with 0 when nothing has to be mended, else with 1.
    """
    # It brings structlog, which every other command would have to load.
    from config.logging import configure  # noqa: PLC0415

    with explained():
        path = locate(config)
        settings, secrets = load(path), operators(path)
        if save is not None:
            _refuse_place(save, name)
        configure(settings.log.model_copy(update={"level": "critical"}))
        # SIGTERM ends it as Ctrl-C does: what was written to a server is removed first.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        report = Report(Terminal(), quiet=json)
        if name:
            destination, shown = _one(settings, secrets, name, report)
            if save is not None and shown is not None:
                write_settings(save, destination, shown)
        else:
            _house(settings, secrets, report)
        report.close()
        if not report.good:
            raise typer.Exit(FAILED)


def _refuse_place(file: Path, name: str) -> None:
    """Before a partner is troubled for settings that nobody could keep. Raises BadParameter."""
    trouble = ""
    if not name:
        trouble = "needs the name of a destination"
    elif os.path.lexists(file):
        trouble = f"{file} is there already: name a new file"
    elif not os.access(file.absolute().parent, os.W_OK):
        trouble = f"nothing can be written into {file.absolute().parent}"
    if trouble:
        raise typer.BadParameter(trouble, param_hint="--save")


def _one(
    settings: Settings, secrets: Secrets, name: str, report: Report
) -> tuple[Destination, Shown | None]:
    # Here and below, for the modules are slow to load, and every command loads this one.
    from adapters.remotes import Register  # noqa: PLC0415
    from config.values import destinations  # noqa: PLC0415
    from daemon.doctor.destination import look_over  # noqa: PLC0415
    from daemon.doctor.profile import plan  # noqa: PLC0415

    known = destinations(settings)
    if name not in known:
        raise Permanent(
            Code.DESTINATION_UNKNOWN,
            f"There is no destination {name}; configured: {', '.join(sorted(known))}.",
            action="Name one of them, or none for the whole house.",
        )
    shown = look_over(known[name], Register(secrets), partial(report.tell, name))
    if shown is not None:
        report.settings = plan(known[name], shown)
    return known[name], shown


def _house(settings: Settings, secrets: Secrets, report: Report) -> None:
    from daemon.doctor.house import look_round  # noqa: PLC0415

    def tell(part: str) -> partial[None]:
        return partial(report.tell, part)

    look_round(settings, secrets, lambda: _ledger(settings), tell)


def _ledger(settings: Settings) -> Iterator[Finding]:
    from adapters.wiring import ledger_place  # noqa: PLC0415
    from daemon.commands.ledgers import looking  # noqa: PLC0415

    place = ledger_place(settings)
    if settings.ledger.kind == "sqlite" and not settings.ledger.path.exists():
        yield warn("books", f"There is no {place} yet.", "None: the service makes it at its start.")
        return
    with looking(settings) as books:
        books.archive.search(limit=1)
        waiting, held = len(books.archive.unfinished()), len(books.archive.quarantined())
        running = books.running
    yield ok("books", f"{place} can be read; {waiting} transfers are under way.")
    if held:
        yield warn("quarantine", f"{held} transfers are held.", "See `fileferry quarantine list`.")
    if running is not None:
        words = "The service runs." if running else "The service does not run."
        yield ok("service", words) if running else warn("service", words, "Start it.")


def write_settings(file: Path, destination: Destination, shown: Shown) -> None:
    """Never over a file that is there: it may be the configuration itself, with its comments."""
    from adapters.wiring import clock  # noqa: PLC0415
    from daemon.doctor.profile import fragment  # noqa: PLC0415

    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(fragment(destination, shown, clock()))
    except OSError as error:
        raise Permanent(
            Code.CONFIG_INVALID,
            f"The settings cannot be written to {file}: {error.strerror}.",
            action="Name a new file with --save.",
        ) from error


@dataclass
class Report:
    """Shows each finding when it is made, under the name of its part; or all of them at the end."""

    out: Terminal
    quiet: bool
    found: list[tuple[str, Finding]] = field(default_factory=list)
    settings: dict[str, str] | None = None

    @property
    def good(self) -> bool:
        return not self._count(Mark.FAIL)

    def tell(self, part: str, finding: Finding) -> None:
        new = not self.found or self.found[-1][0] != part
        self.found.append((part, finding))
        if self.quiet:
            return
        if new:
            self.out.say(part)
        code = f"[{finding.code}] " if finding.code else ""
        self.out.say(f"  {finding.mark.value:5} {finding.name:20} {code}{finding.seen}")
        if finding.advice:
            self.out.say(f"{'':29}→ {finding.advice}")

    def close(self) -> None:
        if self.quiet:
            self.out.document(self._document())
            return
        mend, know = self._count(Mark.FAIL), self._count(Mark.WARN)
        more = f" {know} to know of." if know else ""
        self.out.say("", f"{mend or 'Nothing'} to mend.{more}")

    def _count(self, mark: Mark) -> int:
        return sum(finding.mark is mark for _, finding in self.found)

    def _document(self) -> dict[str, Any]:
        rows = [{"part": part, **asdict(finding)} for part, finding in self.found]
        return {"good": self.good, "findings": rows, "settings": self.settings}
