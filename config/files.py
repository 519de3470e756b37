"""Reading the small files that rule FileFerry, with an eye on who else may touch them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

LONGEST = 1024 * 1024
"""Bytes. No configuration and no secret is longer; systemd draws the same line for credentials."""


@dataclass(frozen=True, slots=True)
class Open:
    """`words` begin a sentence that ends with the name of the file; `action` mends it."""

    words: str
    action: str


def open_file(path: Path) -> Open | None:
    """What is wrong with a file that others may write to; None for one that is not there."""
    mode = _mode(path)
    if not mode & (stat.S_IWGRP | stat.S_IWOTH):
        return None
    who = "Everybody" if mode & stat.S_IWOTH else "A group"
    return Open(f"{who} may write (mode {mode:04o}) to", _take_away("go-w", path))


def open_directory(path: Path) -> Open | None:
    """The first directory on the way to `path` that everybody may write to.

    Who may write to a directory can put another file in the place of any below it; the sticky bit,
    as of /tmp, forbids that.
    """
    for directory in (*path.absolute().parents, *path.resolve().parents):
        mode = _mode(directory)
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            words = f"Everybody may write to the directory {directory} (mode {mode:04o}), and so "
            return Open(f"{words}replace", _take_away("o-w", directory))
    return None


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def _take_away(right: str, path: Path) -> str:
    return f"Take that right away: chmod {right} {path}"


def read(path: Path) -> tuple[bytes, int]:
    """The bytes of a regular file and its permission bits, taken from the same open file.

    Raises OSError; a file longer than LONGEST, a pipe or a directory counts as one.
    """
    # Without O_NONBLOCK a pipe that nobody writes to would hold up the start for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise OSError(0, f"longer than {LONGEST} bytes")
    return data, stat.S_IMODE(status.st_mode)
