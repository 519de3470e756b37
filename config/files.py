"""Reading the small files that rule FileFerry, with an eye on who else may touch them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

LONGEST = 1024 * 1024
"""Bytes. No configuration and no secret is longer; systemd draws the same line for credentials."""


def open_directory(path: Path) -> str | None:
    """The first directory on the way to `path` that everybody may write to, with its mode.

    Who may write to a directory can put another file in the place of any below it; the sticky bit,
    as of /tmp, forbids that.
    """
    for directory in (*path.absolute().parents, *path.resolve().parents):
        with suppress(OSError):
            mode = stat.S_IMODE(directory.stat().st_mode)
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                return f"{directory} (mode {mode:04o})"
    return None


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
