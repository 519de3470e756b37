"""Waits for the disk: one sync for all that was committed before it, by whichever threads."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable

Sync = Callable[[int], None]
"""Brings what was written to that file to the disk; returns when it is there, or raises OSError."""


class Syncing:
    """The commits that must last, of the threads of one process.

        A ──commit─┬─sync──────────────────┐    B committed before the sync began: it is in it.
        B ──commit─┴─(A's)─────────────────┤
        C ───────────commit─(waits)────────┴─sync─┐    Whoever commits while one runs goes into
        D ──────────────commit─(waits)────────────┤    the next, together.

    Nobody waits for others to come: alone it is one sync for one commit.
    """

    def __init__(self, wal: int | None, sync: Sync) -> None:
        """`wal` is open, and closed here; there is none where nobody writes."""
        self._wal = wal
        self._sync = sync
        self._turn = threading.Condition()
        self._runs = False
        self._committed = 0
        self._synced = 0
        self._failed: OSError | None = None

    def committed(self) -> None:
        """One more. Called by one thread at a time: the one whose commit it was, or who saw it."""
        self._committed += 1

    def wait(self) -> None:
        """Until all is on the disk that was committed before the call.

        Raises OSError, then and ever after: a second sync would say of lost pages that they are
        there.
        """
        with self._turn:
            mine = self._committed
            while self._synced < mine:
                if self._runs:
                    self._turn.wait()
                else:
                    self._lead()

    def close(self) -> None:
        """Put the file away; twice is fine."""
        with self._turn:
            # Its number may be another file's at once, which would be synced instead.
            self._turn.wait_for(lambda: not self._runs)
            if self._wal is not None:
                os.close(self._wal)
                self._wal = None

    def _lead(self) -> None:
        """Sync for all that has committed by now; they wait meanwhile, and others go on."""
        if self._failed or self._wal is None:
            raise self._failed or OSError(errno.EBADF, "it was closed")
        covered, self._runs = self._committed, True
        try:
            self._turn.release()
            self._sync(self._wal)
        except OSError as error:
            self._failed = error
            raise
        else:
            self._synced = covered
        finally:
            self._turn.acquire()
            self._runs = False
            self._turn.notify_all()


def take_over(connection: sqlite3.Connection) -> int:
    """From now on it syncs no commit; returns the file that they are written to, opened.

    Raises sqlite3.Error.
    """
    # Checkpoints are synced as before, the log before the file (SQLite, "PRAGMA synchronous").
    connection.execute("PRAGMA synchronous = NORMAL")
    # A look has SQLite make the log, and it stays while somebody is connected. SQLite's locks,
    # which a close of ours would drop, are on the other two files.
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    _, _, path = connection.execute("PRAGMA database_list").fetchone()
    try:
        return os.open(f"{path}-wal", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open its log: {error.strerror}") from error
