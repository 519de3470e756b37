"""`fileferry install`: from a release to a running service, and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from adapters.terminal import Terminal
from daemon.commands.exits import explained
from daemon.installing import checking, furnishing, unpacking
from daemon.installing.layout import CREDENTIALS, UNIT, Act, Layout, done, plainly, refuse_stranger
from transfer.errors import Code, Permanent

out, err = Terminal(), Terminal(stderr=True)


def install(
    *,
    root: Annotated[
        Path, typer.Option(metavar="DIR", help="Put all of it below DIR, for a trial or an image.")
    ] = Path("/"),
    print_only: Annotated[
        bool, typer.Option("--print", help="Say what it would do, only.")
    ] = False,
    credentials: Annotated[
        bool, typer.Option("--credentials", help="Only hand the configured secrets over anew.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the version before.")
    ] = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Remove all but configuration, secrets, ledger.")
    ] = False,
) -> None:
    """Install FileFerry as a service, or upgrade it; safe to run again.

    The first time, and to upgrade: python3 fileferry-VERSION.pyz install
    """
    layout = Layout(root.absolute())
    with explained(), plainly():
        if not print_only:
            refuse_stranger(layout)
        if uninstall:
            _uninstall(layout, print_only=print_only)
        elif credentials:
            _hand(layout, print_only=print_only)
        elif rollback:
            _settle(layout, *unpacking.rolled_back(layout), print_only=print_only)
        else:
            version = _installed(layout, print_only=print_only)
            _settle(layout, version, unpacking.switched(layout, version), print_only=print_only)


def _installed(layout: Layout, *, print_only: bool) -> Path:
    """The version that we are; a release alone knows how to become one."""
    prefix = Path(sys.prefix)
    there = prefix.parent.resolve() == layout.versions.resolve()
    if not there and not (print_only and (prefix / "share" / furnishing.OWN).is_dir()):
        raise Permanent(
            Code.INSTALL_FAILED,
            f"This FileFerry, in {prefix}, is not installed below {layout.versions}.",
            action="Install a release: python3 fileferry-VERSION.pyz install",
        )
    return prefix


def _settle(layout: Layout, version: Path, acts: list[Act], *, print_only: bool) -> None:
    """A version that is there becomes the one that the host uses."""
    if print_only:
        out.say(*map(str, [*acts, *furnishing.furnished(layout, version / "share")]))
        names = _names(layout)
        handed = furnishing.handed(layout, names) if names else Act("write", str(layout.handed))
        out.say(str(handed))
        return
    with unpacking.alone(layout):
        done(acts)
        done(furnishing.furnished(layout, version / "share"))
    names = _names(layout)
    if names:
        done([furnishing.handed(layout, names)])
    _look(layout)
    out.say("", *checking.steps(_absent(layout, names), running=_runs(layout)))


def _hand(layout: Layout, *, print_only: bool) -> None:
    from config.loading import load  # noqa: PLC0415  slow to load, and a release has no pydantic
    from config.secrets import names_of_all  # noqa: PLC0415

    names = [*names_of_all(load(layout.configuration))]
    act = furnishing.handed(layout, names)
    if print_only:
        out.say(str(act))
        return
    done([act])
    _look(layout)
    for name in _absent(layout, names):
        err.say(f"Not there yet: install -m 600 /dev/stdin {CREDENTIALS}/{name}")


def _names(layout: Layout) -> list[str]:
    """Of the secrets; none while the configuration cannot be used: `config check` says why."""
    from config.loading import load  # noqa: PLC0415  as above
    from config.secrets import names_of_all  # noqa: PLC0415

    try:
        return [*names_of_all(load(layout.configuration))]
    except Permanent:
        return []


def _absent(layout: Layout, names: list[str]) -> list[str]:
    return [name for name in names if not (layout.credentials / name).exists()]


def _runs(layout: Layout) -> bool:
    return checking.systemctl(layout, "is-active", UNIT)


def _look(layout: Layout) -> None:
    """Whether it would run: the unit in the eyes of systemd, the configuration in its version's."""
    checking.systemctl(layout, "daemon-reload")
    out.say(checking.verify(layout))
    command = (layout.current / "bin" / "fileferry", "config", "check")
    subprocess.run((*command, "--config", layout.configuration), check=False)  # noqa: S603


def _uninstall(layout: Layout, *, print_only: bool) -> None:
    if _runs(layout):
        raise Permanent(
            Code.INSTALL_FAILED,
            "The service runs.",
            action="Stop it first: systemctl disable --now fileferry",
        )
    acts = [*furnishing.removed(layout)]
    out.say(*map(str, acts))
    kept = (layout.configuration.parent, layout.place("/var/lib/private/fileferry"))
    out.say(*(str(Act("keep", str(path))) for path in kept))
    if not print_only:
        for act in acts:
            act.do()
        checking.systemctl(layout, "daemon-reload")
