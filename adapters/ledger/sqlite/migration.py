"""Brings a SQLite ledger of an older schema up to date: a copy first, then one transaction."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from adapters.ledger.codec import TRANSFER
from adapters.ledger.sqlite import opening, schema
from adapters.ledger.sqlite.inspection import EVERYTHING, damage
from adapters.ledger.sqlite.naming import ERRORS, named
from adapters.ledger.sqlite.rows import Rows, new_head, stamp, transfer_of
from adapters.ledger.sqlite.seal import damaged
from transfer.approval import items
from transfer.errors import Code, Permanent

TABLES_1 = ("transfers", "deliveries", "posts", "tickets")
INDEXES_1 = ("transfers_open", "transfers_number", "posts_unsent", "posts_transfer")


def migrate(path: Path) -> Path | None:
    """Returns the copy of the old file; None when it has this version already.

    For who holds the HostLock. Raises what Database raises; the file is then as it was.
    """
    opening.suitable(path)
    opening.present(path)
    try:
        with closing(opening.opened(path, "rw")) as connection:
            known = opening.version_of(connection, path)
            if known not in STEPS:
                opening.recognise(connection, path)
                return None
            _refuse_broken_pages(connection, path)
            copy = _copied(connection, path, known)
            opening.prepare(connection)
            _in_one_transaction(connection, path, known)
            return copy
    except ERRORS as error:
        raise named(error, path) from error


def _refuse_broken_pages(connection: sqlite3.Connection, path: Path) -> None:
    for fault in damage(connection, path, {}):
        raise fault


def _copied(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """The whole file under a name with its version and the time (UTC), proven to be readable."""
    copy = path.with_name(f"{path.name}.v{version}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    # Half a copy must not look like one that can be restored.
    half = copy.with_name(f"{copy.name}.part")
    try:
        file = os.open(half, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, opening.MODE)
    except OSError as error:
        raise Permanent(
            Code.LEDGER_UNUSABLE, f"The copy {copy} cannot be made: {error.strerror}."
        ) from error
    try:
        with closing(opening.opened(half, "rw")) as target:
            connection.backup(target)
            _refuse_broken_pages(target, half)
        os.fsync(file)
        half.rename(copy)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)
    _sync_directory(path.absolute().parent)
    return copy


def _sync_directory(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _in_one_transaction(connection: sqlite3.Connection, path: Path, known: int) -> None:
    # Renamed tables would drag the references of the others along.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        while known in STEPS:
            step, known = STEPS[known]
            step(Rows(connection, path), path)
        connection.execute(f"PRAGMA user_version = {known}")
        for fault in damage(connection, path, EVERYTHING):
            raise fault
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _from_1(rows: Rows, path: Path) -> None:
    """Version 1 had no claims, no rest, no locks, no holds and no seals."""
    for index in INDEXES_1:
        rows.execute(f"DROP INDEX {index}")
    for table in TABLES_1:
        rows.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    schema.create(rows.execute)
    _heads_from_1(rows, path)
    old = rows.execute("SELECT transfer_id, number, document FROM old_deliveries")
    for values in old:
        rows.put("deliveries", values)
    old = rows.execute(
        "SELECT key, transfer_id, lane, document, tries, sent, last_error "
        "FROM old_posts ORDER BY sequence"
    )
    for values in old:
        rows.put("posts", values)
    for values in rows.execute("SELECT transfer_id, role, document FROM old_tickets"):
        rows.put("tickets", values)
    for table in reversed(TABLES_1):
        rows.execute(f"DROP TABLE old_{table}")
    _take_items(rows)


def _heads_from_1(rows: Rows, path: Path) -> None:
    found = rows.execute(
        "SELECT id, epoch, document, received_at, updated_at FROM old_transfers ORDER BY rowid"
    )
    for key, epoch, document, received_at, updated_at in found:
        try:
            transfer = TRANSFER.validate_json(document).evolve(epoch=epoch, claims=0)
        except ValueError as error:
            raise damaged(path, "transfers", key) from error
        rows.put("transfers", new_head(transfer, _stamped(received_at), _stamped(updated_at)))


def _stamped(text: str) -> str:
    return stamp(datetime.fromisoformat(text))


def _from_2(rows: Rows, path: Path) -> None:
    """Version 2 did not know which transfers are of one item."""
    del path
    for statement in schema.TAKERS:
        rows.execute(statement)
    _take_items(rows)


def _from_3(rows: Rows, path: Path) -> None:
    """Version 3 had no chain of receipts; it begins with the next report."""
    del path
    for statement in schema.CHAIN:
        rows.execute(statement)


def _from_4(rows: Rows, path: Path) -> None:
    """Version 4 kept no history: it begins now."""
    del path
    for statement in schema.EVENTS:
        rows.execute(statement)


def _from_5(rows: Rows, path: Path) -> None:
    """Version 5 kept no limits, remembered no digests, and went through all that was unsent for
    each look at what is due.
    """
    del path
    for statement in (*schema.LIMITS, *schema.RECOLLECTIONS, *schema.WAITING):
        rows.execute(statement)


def _take_items(rows: Rows) -> None:
    """Whatever was not refused as it came in; there may be several of one item."""
    for row in rows.select("transfers", "1"):
        transfer = transfer_of(row)
        if items.holds(transfer, rows.deliveries):
            rows.take_item(transfer)


STEPS: Mapping[int, tuple[Callable[[Rows, Path], None], int]] = {
    1: (_from_1, schema.VERSION),
    2: (_from_2, 3),
    3: (_from_3, 4),
    4: (_from_4, 5),
    5: (_from_5, 6),
}
"""From each older version to a later one, and which that is. Each step names what it makes, and
knows nothing of later ones; the first makes all tables anew."""
