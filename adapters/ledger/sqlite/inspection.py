"""Looks a SQLite ledger over: its pages, its indexes, and the seals of its rows.

A start looks at what it is about to rely on. All else is looked at beside the work; who finds harm
there leaves a mark, and the next start looks at all of it first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.rows import SEALED, Rows
from transfer.errors import Code, FerryError, Permanent

_OPEN = "SELECT id FROM transfers WHERE at_rest = 0"
KNOWN = ("transfers", "takers", "locks")
"""Tables that say what was taken in before: their indexes must have lost nothing, or a closed
request would be taken for a new one."""
STILL_OPEN: Mapping[str, str] = {
    "transfers": "at_rest = 0 OR quarantined = 1",
    "locks": "1",
    "limits": "1",
    "deliveries": f"transfer_id IN ({_OPEN})",
    "posts": "sent = 0",
}
"""The rows whose seals a start looks at: what is still to be done."""
RECENT_FIRST: Mapping[str, str] = {
    "transfers": "1 ORDER BY received_at DESC",
    "takers": "1",
    **{table: where for table, where in STILL_OPEN.items() if table != "transfers"},
}
"""The rows whose seals are looked at beside the work, or by a start that has reason to."""
EVERYTHING: Mapping[str, str] = dict.fromkeys(SEALED, "1")
ENOUGH = 100
"""Faults after which nobody wants to hear more."""
_STEPS = 100_000
"""Of SQLite's, between two looks whether to go on: less than a tenth of a second."""


def refuse_damage(database: Database) -> None:
    """What a daemon asks of the file before it works. Raises Permanent `ledger.unusable`.

    It reads the table of the transfers and two small ones, not their files, posts and history.
    """
    mark = _mark(database.path)
    doubted = mark.exists()
    with database.reading() as connection:
        whole = damage(connection, database.path, RECENT_FIRST)
        for fault in whole if doubted else _first(connection, database.path):
            raise fault
    mark.unlink(missing_ok=True)


def look_over(path: Path, over: Callable[[], bool]) -> None:
    """What a start leaves out, on a connection of its own; ends early once `over` says so.

    Raises Permanent `ledger.unusable` at the first fault, and marks the file.
    """
    try:
        with closing(Database(path, read_only=True)) as database, database.reading() as connection:
            connection.set_progress_handler(over, _STEPS)
            for fault in damage(connection, path, RECENT_FIRST):
                raise fault
    except FerryError as error:
        if over():
            return
        if error.code is Code.LEDGER_UNUSABLE:
            with suppress(OSError):
                _mark(path).touch(0o600)
        raise


def damage(
    connection: sqlite3.Connection, path: Path, sealed: Mapping[str, str]
) -> Iterator[Permanent]:
    """What is wrong with the file; `sealed` names the rows of each table to look at."""
    # Not quick_check: it does not see what an index has lost.
    yield from _pages(connection, path, str(ENOUGH))
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield _told(path, f"a row of {table} is without its row of {parent}")
    yield from _seals(connection, path, sealed)


def _first(connection: sqlite3.Connection, path: Path) -> Iterator[Permanent]:
    for table in KNOWN:
        yield from _pages(connection, path, table)
    yield from _seals(connection, path, STILL_OPEN)


def _pages(connection: sqlite3.Connection, path: Path, what: str) -> Iterator[Permanent]:
    """Of one table with its indexes, or of the whole file; by integrity_check's own argument."""
    for (found,) in connection.execute(f"PRAGMA integrity_check({what})"):
        if found != "ok":
            yield _told(path, str(found))


def _seals(
    connection: sqlite3.Connection, path: Path, sealed: Mapping[str, str]
) -> Iterator[Permanent]:
    rows = Rows(connection, path)
    for table, where in sealed.items():
        yield from rows.broken(table, where)


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.doubted")


def _told(path: Path, what: str) -> Permanent:
    return Permanent(Code.LEDGER_UNUSABLE, f"The ledger {path} is damaged: {what}.")
