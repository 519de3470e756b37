"""Whose the ledger is, where it is not ours: a person is told before SQLite is asked."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from transfer.errors import Code, Permanent


def open_to_us(path: Path) -> None:
    """Raises Permanent `ledger.unusable` with the file or directory that is closed, and its owner.

    One that is not there is another's business.
    """
    try:
        path.stat()
    except PermissionError:
        # /var/lib/fileferry is a link, where the service's user exists only while it runs.
        real = path.absolute().parent.resolve()
        ways = (*reversed(real.parents), real)
        raise _closed(path, next((way for way in ways if _shut(way)), real)) from None
    except OSError:
        return
    if not os.access(path, os.R_OK):
        raise _closed(path, path)


def unwritable(ledger: Path) -> Permanent | None:
    """Why nothing can be written to the file or beside it, as each start has to; None where it can.

    Not even a look at a ledger works there: its reader makes an index beside it.
    """
    folder = ledger.absolute().parent
    for place in (folder, ledger):
        if place.exists() and not os.access(place, os.W_OK):
            return _kept(ledger, place)
    return None


def _kept(ledger: Path, place: Path) -> Permanent:
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return Permanent(
            Code.LEDGER_UNUSABLE,
            f"The ledger {ledger} cannot be written: {place} is on a disk mounted read-only.",
            action="Look in the kernel's log why, and mount it again to be written.",
        )
    status = place.stat()
    whose = f"{place} belongs to {_name(status.st_uid)} (mode {status.st_mode & 0o7777:04o})"
    return Permanent(
        Code.LEDGER_UNUSABLE,
        f"The ledger {ledger} cannot be written by {_name(os.geteuid())}: {whose}.",
        action="Run it as the owner of the ledger or as root, and give that user the directory.",
    )


def _shut(directory: Path) -> bool:
    return not os.access(directory, os.X_OK)


def _closed(ledger: Path, closed: Path) -> Permanent:
    try:
        status = closed.stat()
        whose = f"{closed} belongs to {_name(status.st_uid)} (mode {status.st_mode & 0o7777:04o})"
    except OSError:
        whose = f"{closed} is closed to others"
    return Permanent(
        Code.LEDGER_UNUSABLE,
        f"The ledger {ledger} is not open to {_name(os.geteuid())}: {whose}.",
        action="Run the command as the owner of the ledger, or as root.",
    )


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
