"""Where the parts of an installation lie, and how a file is put there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.terminal import Terminal
from transfer.errors import Code, Permanent

UNIT = "fileferry.service"
NAME_OF_CONFIGURATION = "fileferry.yaml"
CONFIGURATION = f"/etc/fileferry/{NAME_OF_CONFIGURATION}"
CREDENTIALS = "/etc/fileferry/credentials"
COMMAND = "/opt/fileferry/current/bin/fileferry"


@dataclass(frozen=True, slots=True)
class Layout:
    """The places below `root`: `/`, or the folder of a trial or of an image."""

    root: Path = Path("/")

    def place(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    @property
    def versions(self) -> Path:
        return self.place("/opt/fileferry")

    @property
    def current(self) -> Path:
        return self.versions / "current"

    @property
    def previous(self) -> Path:
        return self.versions / "previous"

    @property
    def command(self) -> Path:
        return self.place("/usr/local/bin/fileferry")

    @property
    def units(self) -> Path:
        return self.place("/etc/systemd/system")

    @property
    def unit(self) -> Path:
        return self.units / UNIT

    @property
    def handed(self) -> Path:
        """The drop-in by which systemd hands the secrets over."""
        return self.units / f"{UNIT}.d" / "credentials.conf"

    @property
    def configuration(self) -> Path:
        return self.place(CONFIGURATION)

    @property
    def credentials(self) -> Path:
        return self.place(CREDENTIALS)

    @property
    def shared(self) -> Path:
        return self.place("/usr/local/share")


@dataclass(frozen=True, slots=True)
class Act:
    """One change of the host, told before it is done; without `do` it tells what stays."""

    verb: str
    what: str
    do: Callable[[], None] = lambda: None

    def __str__(self) -> str:
        return f"{self.verb:7} {self.what}"


def written(path: Path, data: bytes, mode: int = 0o644) -> Act:
    """The file with these bytes, in one step, and nothing where it has them already."""
    if path.is_file() and path.read_bytes() == data and path.stat().st_mode & 0o777 == mode:
        return Act("keep", str(path))
    return Act("write", str(path), lambda: put(path, data, mode))


def put(path: Path, data: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    beside.write_bytes(data)
    beside.chmod(mode)
    beside.replace(path)


def linked(path: Path, target: str) -> Act:
    """The link to `target`, switched in one step."""
    if path.is_symlink() and str(path.readlink()) == target:
        return Act("keep", f"{path} -> {target}")
    return Act("link", f"{path} -> {target}", lambda: point(path, target))


def point(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(path)


def folder(path: Path, mode: int) -> Act:
    if path.is_dir() and path.stat().st_mode & 0o777 == mode:
        return Act("keep", str(path))

    def make() -> None:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)

    return Act("make", f"{path} (mode {mode:04o})", make)


def run(*command: str) -> tuple[int, str]:
    """Its exit code, and what it said to whomever."""
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said, _ = process.communicate()
    return process.returncode, said.strip()


def refuse_stranger(layout: Layout) -> None:
    """Before anything is changed. Raises Permanent where it is this host, and we are not root."""
    if layout.root == Path("/") and os.geteuid() != 0:
        raise Permanent(
            Code.INSTALL_FAILED,
            "This changes the host, which root alone may.",
            action="Run the same command as root, or with --print or --root DIR.",
        )


def done(acts: Iterable[Act]) -> None:
    """One after the other, each told when it is done."""
    for act in acts:
        act.do()
        Terminal().say(str(act))


@contextmanager
def plainly() -> Iterator[None]:
    """What the system refuses, as a sentence, and no umask in the way. Raises Permanent."""
    before = os.umask(0o022)
    try:
        yield
    except PermissionError as error:
        raise Permanent(
            Code.INSTALL_FAILED,
            f"{error.filename2 or error.filename} may be changed by the superuser only.",
            action="Run the same command as root.",
        ) from error
    except OSError as error:
        raise Permanent(Code.INSTALL_FAILED, f"{error.filename}: {error.strerror}.") from error
    finally:
        os.umask(before)
