"""The command that the second door hangs on the command line: `deploy`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.terminal import Terminal

if TYPE_CHECKING:
    from cloud.deploy import Order
    from cloud.looking import Finding
    from cloud.package import Package
    from cloud.parts import Parts
    from cloud.show import Progressing
    from config.settings import Settings

    Build = Callable[[Settings, Path], Package]

LOOK_EVERY = 2.0
"""Seconds between two looks at what CloudFormation does."""
FAILED = 1

out, err = Terminal(), Terminal(stderr=True)


Config = Annotated[
    Path | None,
    typer.Option(
        help="The configuration file.", envvar="FILEFERRY_CONFIG", metavar="FILE", readable=False
    ),
]


class Export(StrEnum):
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: fileferry deploy --plan")(deploy)


def deploy(  # noqa: PLR0913  typer makes an option of each
    context: typer.Context,
    *,
    config: Config = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would change, only.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Say what differs from it.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Try whether it works, safely.")] = False,
    destroy: Annotated[
        bool, typer.Option("--destroy", help="Take all away but the ledger.")
    ] = False,
    export: Annotated[
        Export | None, typer.Option(help="Print the template instead.", metavar="FORMAT")
    ] = None,
    zip_: Annotated[
        Path | None, typer.Option("--zip", help="Keep the functions' zip there.", metavar="FILE")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Bring the second door to AWS: functions, queue, ledger, alarms.

    FORMAT is cloudformation or terraform. What was killed is completed by the next run.
    """
    if sum((plan, check, verify, destroy, export is not None)) > 1:
        raise typer.BadParameter("--plan, --check, --verify, --destroy, --export: one at a time.")
    from cloud.parts import ready  # noqa: PLC0415  boto3 costs half a second
    from config.loading import load, locate  # noqa: PLC0415

    ready(settings := load(locate(config)))
    build: Build | None = context.obj
    with tempfile.TemporaryDirectory(prefix="fileferry-deploy-") as scratch:
        path = zip_ or Path(scratch, "functions.zip")
        if export:
            _export(settings, _order(settings, path, build), export)
        else:
            run = _Run(settings, path, build, yes=yes)
            errand = {plan: run.plan, check: run.check, verify: run.verify, destroy: run.destroy}
            errand.get(True, run.deploy)()


def _order(settings: Settings, path: Path, build: Build | None) -> Order:
    """`build` is another way to make the zip than cloud/package.py, which takes half a minute."""
    from cloud import package  # noqa: PLC0415
    from cloud.parts import order  # noqa: PLC0415

    err.say("Make the zip of the functions.")
    return order(settings, (build or package.build)(settings, path))


def _export(settings: Settings, order: Order, form: Export) -> None:
    from cloud.template import as_terraform  # noqa: PLC0415

    terraform = form is Export.TERRAFORM
    out.document(as_terraform(order.template, settings) if terraform else order.template)


class _Run:
    def __init__(self, settings: Settings, path: Path, build: Build | None, *, yes: bool) -> None:
        self._settings = settings
        self._path = path
        self._build = build
        self._yes = yes

    def deploy(self) -> None:
        from cloud.show import deployed  # noqa: PLC0415

        order = self._order()
        with self._watching() as bar:
            done = self._parts(bar).deployment.deploy(order)
        if done.declined:
            self._unwanted()
        deployed(done.changes, done.ledger, done.outputs or {}, out)

    def plan(self) -> None:
        from cloud.show import planned  # noqa: PLC0415

        order = self._order()
        with self._watching() as bar:
            changes = self._parts(bar).deployment.plan(order)
        planned(changes, out)

    def check(self) -> None:
        order = self._order()
        with self._watching() as bar:
            findings = list(self._parts(bar).looking.check(order))
        self._found(findings)

    def verify(self) -> None:
        from cloud.rights import OPERATORS  # noqa: PLC0415

        with self._watching() as bar:
            built = self._parts(bar)
            findings = list(built.looking.verify(lambda: built.shelf.check().faults))
        try:
            self._found(findings)
        finally:
            out.say(*(f"you  {what}: {how}" for what, how in OPERATORS))

    def destroy(self) -> None:
        from cloud.show import destroyed  # noqa: PLC0415

        with self._watching() as bar:
            gone = self._parts(bar).deployment.destroy()
        if gone is None:
            self._unwanted()
        destroyed(gone or (), out)

    def _found(self, findings: Sequence[Finding]) -> None:
        from cloud.show import found  # noqa: PLC0415

        if not found(findings, out):
            raise typer.Exit(FAILED)

    def _order(self) -> Order:
        return _order(self._settings, self._path, self._build)

    def _watching(self) -> Progressing:
        from cloud.show import Progressing  # noqa: PLC0415

        return Progressing(err)

    def _parts(self, bar: Progressing) -> Parts:
        from cloud.parts import parts  # noqa: PLC0415

        def sure(lost: Sequence[str]) -> bool:
            bar.pause()
            err.say(*lost)
            if self._yes:
                return True
            if not sys.stdin.isatty():
                err.say("Nobody is there to be asked: --yes agrees to this.")
                return False
            return typer.confirm("Is this meant?", err=True)

        return parts(self._settings, bar, sure, lambda: time.sleep(LOOK_EVERY))

    def _unwanted(self) -> None:
        err.say("Nothing was changed.")
        raise typer.Exit(FAILED)
