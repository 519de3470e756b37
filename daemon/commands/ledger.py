"""`fileferry ledger …`: make the ledger, look it over, bring it up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.filesize import decimal

from adapters.ledger.shelf import Findings
from adapters.terminal import Terminal
from config.loading import load, locate
from daemon.commands.exits import LEDGER, explained
from daemon.commands.ledgers import linked, shelf
from daemon.commands.options import Config, Json
from transfer.errors import ACTIONS, Code, FerryError

if TYPE_CHECKING:
    from config.settings import Settings

ledger_app = typer.Typer(
    help="Create the ledger, look it over, bring it up to date.",
    epilog="Example: fileferry ledger check",
    no_args_is_help=True,
)

out = Terminal()


@ledger_app.command(epilog="Example: fileferry ledger init --print")
def init(
    config: Config = None,
    show_definition: Annotated[
        bool, typer.Option("--print", help="Print what it would create, and create nothing.")
    ] = False,
) -> None:
    """Create the ledger that the configuration names.

    One that is there already is left as it is; anything else in its place is refused.
    """
    with explained():
        place = shelf(load(locate(config)))
        told = place.definition().rstrip() if show_definition else place.init()
        out.say(*told.split("\n"))


@ledger_app.command(epilog="Example: fileferry ledger check --json")
def check(config: Config = None, json: Json = False) -> None:
    """Read the whole ledger and say whether it is good, while the service runs or not.

    Ends with 0 when it is good, with 4 when it is not.
    """
    with explained():
        settings = load(locate(config))
        findings = shelf(settings).check()
        findings = replace(findings, faults=(*findings.faults, *_chain_faults(settings, findings)))
        if json:
            out.document(_document(findings))
        else:
            out.say(*_lines(findings))
        if not findings.good:
            raise typer.Exit(LEDGER)


@ledger_app.command(epilog="Example: fileferry ledger migrate")
def migrate(config: Config = None) -> None:
    """Bring an older ledger to the version that this FileFerry works with.

    The service must be stopped. The old ledger is copied first; the copy stays beside it.
    """
    with explained():
        out.say(shelf(load(locate(config))).migrate())


def _chain_faults(settings: Settings, findings: Findings) -> Iterator[str]:
    """Where the chain of receipts does not hold, from the links alone."""
    from adapters.servicenow.line.wire import instance_name  # noqa: PLC0415  it brings requests
    from transfer.audit.chain import marks_of  # noqa: PLC0415
    from transfer.audit.proof import Found, walked  # noqa: PLC0415

    instance = instance_name(settings.servicenow.url)
    for name in (instance, marks_of(instance)):
        try:
            with linked(settings) as (_, chain):
                broken = walked((Found(link=e) for e in chain.links(name)), whole=True).broken
        except FerryError as error:
            # What the pages and seals say was said already.
            if error.message not in findings.faults:
                yield error.message
            return
        if broken:
            yield f"The chain of receipts is broken: {broken.words} {broken.means}"


def _document(findings: Findings) -> dict[str, Any]:
    oldest = findings.oldest.isoformat() if findings.oldest else None
    return {"good": findings.good, **asdict(findings), "oldest": oldest}


def _lines(findings: Findings) -> list[str]:
    if findings.good:
        first = [f"The ledger {findings.place} is good."]
    else:
        first = [f"The ledger {findings.place} is NOT good. {ACTIONS[Code.LEDGER_UNUSABLE]}"]
        first += [f"- {fault}" for fault in findings.faults]
    return first + [f"{name:<15} {value}" for name, value in _facts(findings).items()]


def _facts(findings: Findings) -> dict[str, str]:
    facts = {
        "Schema version": str(findings.version or "–"),
        "Transfers": f"{sum(findings.stages.values())}{_counts(findings.stages)}",
        "Outcomes": _counts(findings.outcomes).removeprefix(": ") or "–",
        "Unfinished": str(findings.unfinished)
        + (f", oldest {findings.oldest:%Y-%m-%d %H:%M:%S} UTC" if findings.oldest else ""),
        "Quarantined": str(findings.quarantined),
        "Unsent notes": str(findings.unsent),
        "Size": ", ".join(f"{name} {decimal(size)}" for name, size in findings.sizes.items()),
    }
    if findings.running is not None:
        facts["Service"] = "running" if findings.running else "not running"
    return facts


def _counts(counted: Mapping[str, int]) -> str:
    words = ", ".join(f"{count} {word}" for word, count in sorted(counted.items()))
    return f": {words}" if words else ""
