"""The connection to the SQLite file: one transaction at a time, and never on after harm."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.ledger.sqlite.naming import ERRORS, is_harmed, named
from adapters.ledger.sqlite.opening import connect
from transfer.errors import FerryError, Permanent

SYNCED = {True: "FULL", False: "NORMAL"}
"""Whether a commit waits for the disk; opening.prepare begins with the first."""


class Database:
    """One connection shared by the threads of this process.

    An empty or absent file gets its tables, unless `create` is false. Raises Permanent
    `ledger.unusable` and Transient `ledger.busy`, `ledger.full`, here and in every transaction.
    After an error of the disk or a damaged page every call raises: the file is not touched again.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False, create: bool = True) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._harm: FerryError | None = None
        self._lasting = True
        try:
            self._connection = connect(self.path, read_only=read_only, create=create)
        except ERRORS as error:
            raise named(error, path) from error

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[sqlite3.Connection]:
        """Everything within is durable when it ends, or has not happened.

        Without `lasting` it outlives the process at once, and a power failure only from the next
        lasting one that writes, which syncs all before it (SQLite, "PRAGMA synchronous").
        """
        with self._begun("BEGIN IMMEDIATE", "COMMIT", lasting=lasting) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        with self._begun("BEGIN", "ROLLBACK") as connection:
            yield connection

    def close(self) -> None:
        """Put the connection away; twice is fine."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _begun(
        self, first: str, last: str, *, lasting: bool | None = None
    ) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._harm:
                raise Permanent(self._harm.code, self._harm.message, action=self._harm.action)
            try:
                if lasting not in (None, self._lasting):
                    self._connection.execute(f"PRAGMA synchronous = {SYNCED[bool(lasting)]}")
                    self._lasting = bool(lasting)
                self._connection.execute(first)
                yield self._connection
                self._connection.execute(last)
            except ERRORS as error:
                raise self._noted(error) from error
            finally:
                self._roll_back()

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
