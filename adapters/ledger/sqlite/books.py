"""The books over one SQLite file: for the daemon, for an operator beside it, and for a look."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from adapters.ledger.sqlite.archive import SqliteArchive
from adapters.ledger.sqlite.chain import SqliteChain
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.hostlock import HostLock
from adapters.ledger.sqlite.inspection import look_over, refuse_damage
from adapters.ledger.sqlite.keeper import SqliteKeeper
from adapters.ledger.sqlite.ledger import LEASE, SqliteLedger, SqliteLocks
from adapters.ledger.sqlite.limits import SqliteLimits
from adapters.ledger.sqlite.outbox import SqliteOutbox
from adapters.ledger.sqlite.recollections import SqliteRecollections
from transfer.books import Books


def sqlite_books(path: Path, owner: str, lease: float) -> Books:
    """For the daemon: takes the HostLock, looks at what it relies on, ends what the dead held.

    Creates an absent file. Raises Permanent `ledger.busy`, `ledger.unusable`.
    """
    lock = HostLock(path)
    with ExitStack() as undone:
        undone.callback(lock.release)
        database = Database(path)
        undone.callback(database.close)
        refuse_damage(database)
        SqliteLedger(database, owner).bury()
        close = undone.pop_all().close
    books = over(database, owner, lease)
    return replace(books, close=close, look_over=partial(look_over, path))


def books_beside(path: Path, owner: str, lease: float) -> Books:
    """For an operator's command, whether a daemon runs or not. Creates nothing."""
    return over(Database(path, create=False), owner, lease)


def over(
    database: Database,
    owner: str,
    lease: float = LEASE,
    now: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> Books:
    """All of the ports over one open file."""
    return Books(
        ledger=SqliteLedger(database, owner, now, lease),
        locks=SqliteLocks(database),
        outbox=SqliteOutbox(database, now, lease),
        archive=SqliteArchive(database),
        keeper=SqliteKeeper(database),
        chain=SqliteChain(database),
        limits=SqliteLimits(database, lease, wall),
        recollections=SqliteRecollections(database),
        close=database.close,
    )
