"""The lock beside the SQLite file: one daemon a file, seen by whoever looks."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from adapters.ledger.sqlite.rights import open_to_us, unwritable
from transfer.errors import Code, Permanent

PATIENCE = 1.0
"""Seconds to wait for the lock: who only looks whether it is held has it for an instant."""


class HostLock:
    """Keeps a second daemon off the same file. The kernel drops it when the process dies."""

    def __init__(self, path: Path) -> None:
        """Raises Permanent `ledger.busy` when another process has it, `ledger.unusable`."""
        open_to_us(path)
        try:
            self._file = os.open(_beside(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritable(path) or Permanent(
                Code.LEDGER_UNUSABLE,
                f"The ledger {path} cannot be locked: {error.strerror}.",
                action="Create its directory, writable for the user of the service.",
            ) from error
        if not _taken(self._file):
            os.close(self._file)
            raise Permanent(Code.LEDGER_BUSY, f"Another FileFerry is running on the ledger {path}.")

    def release(self) -> None:
        os.close(self._file)

    @staticmethod
    def held(path: Path) -> bool | None:
        """A daemon is running on this file; None when we may not look."""
        try:
            file = os.open(_beside(path), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False


def _beside(path: Path) -> str:
    return f"{path}.lock"


def _taken(file: int) -> bool:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        else:
            return True
