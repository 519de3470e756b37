"""What a release does when Python is given its file: `python3 fileferry-….pyz install`."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from adapters.terminal import Terminal, own_up, steady
from daemon.installing import furnishing, unpacking
from daemon.installing.layout import Act, Layout, done, plainly, refuse_stranger
from transfer.errors import FerryError

ARCHIVE = Path(__file__).parents[2]


def main(archive: Path = ARCHIVE) -> int:
    """The exit code. typer cannot be used here: it loads a library that no zip can hold."""
    steady()
    parser = argparse.ArgumentParser(
        prog=archive.name,
        description="A release of FileFerry. `install` puts it below /opt/fileferry.",
        epilog=f"Example: python3 {archive.name} install --print",
    )
    parser.add_argument("command", choices=["install"])
    parser.add_argument(
        "--root", metavar="DIR", type=Path, default=Path("/"), help="put all of it below DIR"
    )
    parser.add_argument("--print", action="store_true", help="say what it would do, only")
    asked = parser.parse_args()
    try:
        with plainly():
            return install(archive, Layout(asked.root.absolute()), print_only=asked.print)
    except FerryError as error:
        Terminal(stderr=True).say(f"fileferry: {error}")
        return 1
    finally:
        own_up()


def install(archive: Path, layout: Layout, *, print_only: bool) -> int:
    release = unpacking.read(archive)
    if print_only:
        version, acts = unpacking.unpacked(release, layout)
        acts += unpacking.switched(layout, version)
        acts += [*furnishing.furnished(layout, release.share), Act("write", str(layout.handed))]
        Terminal().say(*map(str, acts))
        return 0
    refuse_stranger(layout)
    with unpacking.alone(layout):
        version, acts = unpacking.unpacked(release, layout)
        done(acts)
    # The rest is the new version's own work.
    command = (version / "bin" / "fileferry", "install", "--root", layout.root)
    return subprocess.run(command, check=False).returncode  # noqa: S603
