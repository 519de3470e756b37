"""SQLite's errors in the words of the house, by their result codes (sqlite.org/rescode.html)."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from adapters.ledger.sqlite.rights import unwritable
from transfer.errors import Code, FerryError, Permanent, Transient

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
HARMED = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
GROWING = frozenset(
    {
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
        sqlite3.SQLITE_IOERR_SHMOPEN,
        sqlite3.SQLITE_IOERR_SHMMAP,
        sqlite3.SQLITE_IOERR_TRUNCATE,
    }
)
"""What SQLite calls an I/O error when there is no room to grow the WAL or its index."""
UNWRITTEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
ERRORS = (sqlite3.Error, UnicodeDecodeError, MemoryError)
"""What the driver raises; the last two for damaged text and damaged lengths only."""
CROWDED = 64 * 1024
"""Bytes of free space below which an error of the disk is taken for a full one."""


def named(error: Exception, path: Path | str) -> FerryError:
    """Transient `ledger.busy` or `ledger.full`, or Permanent `ledger.unusable`."""
    code = _code(error)
    reason = str(error).rstrip(".")
    if code & 0xFF in BUSY:
        return Transient(
            Code.LEDGER_BUSY,
            f"The ledger {path} is locked by another process.",
            action="Find what holds it, with `fuser` or `lsof`; FileFerry tries again by itself.",
        )
    if code == sqlite3.SQLITE_FULL or (code in GROWING and _crowded(path)):
        return Transient(Code.LEDGER_FULL, f"There is no room for the ledger {path}.")
    if code & 0xFF in UNWRITTEN and (closed := unwritable(Path(path))):
        return closed
    if code & 0xFF == sqlite3.SQLITE_NOTADB:
        return Permanent(Code.LEDGER_UNUSABLE, f"{path} is not a database.")
    if code & 0xFF == sqlite3.SQLITE_CORRUPT or _is_garbled(error):
        return Permanent(Code.LEDGER_UNUSABLE, f"The ledger {path} is damaged: {reason}.")
    return Permanent(
        Code.LEDGER_UNUSABLE,
        f"The ledger {path} cannot be used: {reason} ({_name(error)}).",
        action="Look at the disk and at the rights of the file, then start FileFerry again.",
    )


def unsynced(error: OSError) -> sqlite3.OperationalError:
    """A sync of ours that failed, as SQLite says it of its own."""
    told = sqlite3.OperationalError(f"disk I/O error: {error.strerror}")
    told.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    told.sqlite_errorname = "SQLITE_IOERR_FSYNC"
    return told


def is_harmed(error: Exception, path: Path | str) -> bool:
    """The handle must not be used again: what it believes to be on the disk may not be there."""
    code = _code(error)
    # After a failed fsync the kernel takes the lost pages for written: a second one succeeds.
    if _is_garbled(error):
        return True
    return code & 0xFF in HARMED and not (code in GROWING and _crowded(path))


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))


def _name(error: Exception) -> str:
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def _is_garbled(error: Exception) -> bool:
    """Text that is not UTF-8 any more, or a length that cannot be."""
    return not isinstance(error, sqlite3.Error) or "decode to UTF-8" in str(error)


def _crowded(path: Path | str) -> bool:
    try:
        disk = os.statvfs(Path(path).parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < CROWDED
