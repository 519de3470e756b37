"""A release becomes a virtual environment below /opt/fileferry, and then the current one."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import platform
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from daemon.installing.layout import Act, Layout, linked, put, run
from transfer.errors import Code, Permanent

MANIFEST = "release.json"
HIDDEN = ("/root", "/home", "/run/user")
"""What the unit hides from the service (ProtectHome=)."""
PYTHONS = ("/usr/bin/python3.11", "/usr/local/bin/python3.11")
# The way of pip where a path is too long or has a blank: a shell finds the Python beside the file,
# wherever the links of /usr/local/bin and /opt/fileferry/current point, and below a --root too. -I
# keeps the variables and the folder of whoever calls out of it.
PROGRAM = b"""\
#!/bin/sh
'''exec' "$(dirname "$(readlink -f "$0")")/python" -I "$0" "$@"
' '''
from daemon.cli import main
main()
"""


@dataclass(frozen=True, slots=True)
class Release:
    """A file that `packing.py` made; `digest` is its SHA-256."""

    archive: Path
    version: str
    python: str
    machine: str
    digest: str

    @property
    def share(self) -> zipfile.Path:
        return zipfile.Path(self.archive, "share/")


def read(archive: Path) -> Release:
    with zipfile.ZipFile(archive) as opened:
        told = json.loads(opened.read(MANIFEST))
    release = Release(archive, **told, digest=hashlib.sha256(archive.read_bytes()).hexdigest())
    libc = platform.libc_ver()[0]
    if release.machine != platform.machine() or libc != "glibc":
        raise Permanent(
            Code.INSTALL_FAILED,
            f"The release {archive} is for Linux on {release.machine} with glibc, and this is "
            f"{platform.machine()} with {libc or 'another libc'}.",
        )
    return release


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """While nobody else changes the installation. Raises Permanent where somebody does."""
    layout.versions.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(layout.versions, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Permanent(
            Code.INSTALL_FAILED, f"Another `fileferry install` is at work in {layout.versions}."
        ) from None
    finally:
        os.close(descriptor)


def unpacked(release: Release, layout: Layout) -> tuple[Path, list[Act]]:
    """The folder of this release, and what makes it; only a whole one has the manifest."""
    for number in itertools.count(1):
        directory = layout.versions / f"{release.version}-{number}"
        there = _digest(directory)
        if there in ("", release.digest):
            break
    if there:
        return directory, [Act("keep", str(directory))]
    make = partial(_make, release, layout, directory)
    return directory, [Act("make", f"{directory} (virtual environment)", make)]


def switched(layout: Layout, directory: Path) -> list[Act]:
    """The links `current` and, to the one that was it until now, `previous`."""
    before = layout.current.readlink().name if layout.current.is_symlink() else None
    acts = [linked(layout.current, directory.name)]
    if before not in (None, directory.name):
        acts.insert(0, linked(layout.previous, str(before)))
    return acts


def rolled_back(layout: Layout) -> tuple[Path, list[Act]]:
    """The version before, and what makes it the current one. Raises Permanent without one."""
    if not layout.previous.is_symlink() or not layout.previous.is_dir():
        raise Permanent(Code.INSTALL_FAILED, f"There is no version before: {layout.previous}.")
    version = layout.versions / layout.previous.readlink()
    return version, switched(layout, version)


def _digest(directory: Path) -> str:
    try:
        digest = json.loads((directory / MANIFEST).read_bytes())["digest"]
    except (OSError, ValueError, KeyError):
        return ""
    return str(digest)


def _make(release: Release, layout: Layout, directory: Path) -> None:
    # One without its manifest is what a kill has left.
    shutil.rmtree(directory, ignore_errors=True)
    _must(interpreter(layout), "-I", "-m", "venv", "--without-pip", str(directory))
    site = directory / "lib" / f"python{release.python}" / "site-packages"
    with zipfile.ZipFile(release.archive) as archive:
        for member in archive.infolist():
            beside = directory if member.filename.startswith("share/") else site
            if member.filename not in (MANIFEST, "__main__.py"):
                archive.extract(member, beside)
    python = directory / "bin" / "python"
    # Now, for the service may not write there: every start would compile all of it again.
    _must(str(python), "-I", "-m", "compileall", "-q", "-s", str(layout.root), str(site))
    put(directory / "bin" / "fileferry", PROGRAM, 0o755)
    told = {"version": release.version, "digest": release.digest}
    put(directory / MANIFEST, json.dumps(told).encode())


def interpreter(layout: Layout, own: str = "", pythons: Sequence[str] = PYTHONS) -> str:
    """A Python that the service can reach: the one that runs this, else the system's.

    Raises Permanent where there is none; below a `--root` for a trial any will do.
    """
    own = own or os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]  # noqa: SLF001
    for python in (own, *pythons):
        if os.access(python, os.X_OK) and not _barred(Path(python)):
            return python
    if layout.root != Path("/"):
        return own
    raise Permanent(
        Code.INSTALL_FAILED,
        f"The service cannot run by {own}: {_barred(Path(own))} is closed to other users.",
        action="Install Python 3.11 for all users, e.g. as /usr/bin/python3.11.",
    )


def _barred(python: Path) -> Path | None:
    """The first folder on the way to it that the service may not enter."""
    real = python.resolve()
    for parent in real.parents:
        if str(parent) in HIDDEN or not parent.stat().st_mode & 0o001:
            return parent
    return None


def _must(*command: str) -> None:
    code, said = run(*command)
    if code:
        last = said.rpartition("\n")[2] or "no words"
        raise Permanent(Code.INSTALL_FAILED, f"{' '.join(command[:4])} failed: {last}.")
