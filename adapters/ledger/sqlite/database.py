"""The connection to the SQLite file: one transaction at a time, and never on after harm."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.ledger.sqlite.naming import ERRORS, is_harmed, named, unsynced
from adapters.ledger.sqlite.opening import connect
from adapters.ledger.sqlite.syncing import Sync, Syncing, take_over
from transfer.errors import FerryError, Permanent


class Database:
    """One connection shared by the threads of this process.

    An empty or absent file gets its tables, unless `create` is false. Raises Permanent
    `ledger.unusable` and Transient `ledger.busy`, `ledger.full`, here and in every transaction.
    After an error of the disk or a damaged page every call raises: the file is not touched again.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        read_only: bool = False,
        create: bool = True,
        sync: Sync = os.fdatasync,
    ) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._harm: FerryError | None = None
        self._seen = 0
        try:
            self._connection = connect(self.path, read_only=read_only, create=create)
            wal = None if read_only else take_over(self._connection)
        except ERRORS as error:
            raise named(error, path) from error
        self._syncing = Syncing(wal, sync)

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[sqlite3.Connection]:
        """Everything within is durable when it ends, or has not happened.

        Without `lasting` it outlives the process at once, and a power failure only from the next
        lasting one, which syncs all before it.
        """
        with self._begun("BEGIN IMMEDIATE", "COMMIT") as connection:
            yield connection
            if lasting and self._others_committed(connection):
                self._syncing.committed()
        if lasting:
            self._last()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view. What is seen may still be on its way to the disk."""
        with self._begun("BEGIN", "ROLLBACK") as connection:
            yield connection

    def close(self) -> None:
        """Put the connection away; twice is fine."""
        with self._lock:
            self._connection.close()
        self._syncing.close()

    @contextmanager
    def _begun(self, first: str, last: str) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        with self._lock:
            self._refuse_harmed()
            try:
                connection.execute(first)
                before = connection.total_changes
                yield connection
                connection.execute(last)
                if connection.total_changes != before:
                    self._syncing.committed()
            except ERRORS as error:
                raise self._noted(error) from error
            finally:
                self._roll_back()

    def _others_committed(self, connection: sqlite3.Connection) -> bool:
        """Since the look before, or before the first: another process may not have synced it yet,
        or may have died before it could.
        """
        before, self._seen = self._seen, connection.execute("PRAGMA data_version").fetchone()[0]
        return bool(before != self._seen)

    def _last(self) -> None:
        """Wait for the disk, out of everybody's way, and also for what was committed before by
        others: who changed nothing may have seen it.
        """
        self._refuse_harmed()
        try:
            self._syncing.wait()
        except OSError as error:
            raise self._noted(unsynced(error)) from error

    def _refuse_harmed(self) -> None:
        if self._harm:
            raise Permanent(self._harm.code, self._harm.message, action=self._harm.action)

    def _noted(self, error: Exception) -> FerryError:
        told = named(error, self.path)
        if is_harmed(error, self.path):
            self._harm = told
        return told

    def _roll_back(self) -> None:
        # SQLite ends some broken transactions by itself, and some it leaves open.
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except ERRORS as error:
            self._harm = named(error, self.path)
