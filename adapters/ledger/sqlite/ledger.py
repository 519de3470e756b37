"""The embedded ledger: one SQLite file, one host, one running daemon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.known import Known
from adapters.ledger.sqlite.rows import Row, Rows, new_head, stamp, transfer_of
from transfer import history
from transfer.approval import items
from transfer.audit.chain import Entry
from transfer.books import Beat
from transfer.errors import ClaimLost
from transfer.history import Event, EventKind
from transfer.model import Delivery, DeliveryState, Route, Transfer
from transfer.tickets import Post

LEASE = 60.0
"""Seconds that a claim holds without being renewed."""
BEFORE = (DeliveryState.WAITING, DeliveryState.PINNED)
"""States of a file of which nothing is anywhere yet."""


@contextmanager
def writing(database: Database, *, lasting: bool = True) -> Iterator[Rows]:
    """The rows within one transaction that is durable at its end; see Database.transaction."""
    with database.transaction(lasting=lasting) as connection:
        yield Rows(connection, database.path)


@contextmanager
def reading(database: Database) -> Iterator[Rows]:
    """The rows within one consistent view."""
    with database.reading() as connection:
        yield Rows(connection, database.path)


class SqliteLedger:
    """The Ledger port on SQLite. `owner` names this process, `now` counts seconds on this host.

    The time line of a claim (epoch n, lease L):

        claim(n) ──renew──renew──renew──┬── renew(0): free, anybody may claim n+1
                                        └── silence for L: free, anybody may claim n+1
        a save with epoch n after claim n+1 ⇒ ClaimLost, nothing written
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        now: Callable[[], float] = time.monotonic,
        lease: float = LEASE,
    ) -> None:
        self._database = database
        self._owner = owner
        self._now = now
        self._lease = lease
        self._known = Known()

    def bury(self) -> None:
        """End every lease and every wait. For who holds the HostLock: all others are dead.

        An owner that did not give back stays named, so its claim counts (Transfer.claims). The
        monotonic times of an earlier boot mean nothing here.
        """
        with writing(self._database) as rows:
            rows.execute("UPDATE transfers SET lease_until = 0 WHERE at_rest = 0")
            rows.execute("UPDATE posts SET due_at = 0, held = NULL WHERE sent = 0")

    def admit(self, transfer: Transfer) -> Transfer:
        with writing(self._database) as rows:
            row = rows.head(transfer.id)
            if row is not None:
                return transfer_of(row)
            holder = _holder(rows, transfer) if items.takes(transfer) else None
            if holder is None:
                _insert(rows, transfer)
            return holder or transfer

    def claim(
        self, transfer_id: str, *, over: str = "", seen: Beat | None = None
    ) -> Transfer | None:
        # Before anything outside is done under the new epoch a lasting write says what.
        with writing(self._database, lasting=False) as rows:
            row = rows.head(transfer_id)
            if row is None or row["at_rest"] or self._is_live(rows, row, over, seen):
                return None
            rows.hold(transfer_id, over + self._owner, self._now() + self._lease)
            standing = transfer_of(row)
            claimed = standing.evolve(epoch=standing.epoch + 1, claims=standing.claims + 1)
            rows.write_head(claimed, row)
            event = history.taken_up(claimed, over + self._owner, datetime.now(UTC))
            rows.tell(transfer_id, event)
            return claimed

    def beat(self, transfer_id: str) -> Beat | None:
        with reading(self._database) as rows:
            row = rows.head(transfer_id)
            return _beat(row, *rows.holder(transfer_id)) if row else None

    def renew(self, transfer: Transfer, seconds: float) -> None:
        # Its time is that of this boot: after a power failure nobody holds anything.
        with writing(self._database, lasting=False) as rows:
            row = mine(rows, transfer)
            owner, _ = rows.holder(transfer.id)
            if not seconds:
                rows.hold(transfer.id, None, self._now())
                rows.write_head(transfer_of(row).evolve(claims=0), row)
                rows.untell_claim(transfer.id, transfer.epoch)
            elif owner is None:
                raise ClaimLost(transfer.id)
            else:
                rows.hold(transfer.id, owner, self._now() + seconds)

    def _is_live(self, rows: Rows, row: Row, over: str, seen: Beat | None) -> bool:
        owner, until = rows.holder(row.text("id"))
        if owner is None or until <= self._now() or (over and owner.startswith(over)):
            return False
        return seen is None or seen != _beat(row, owner, until)

    def save(self, transfer: Transfer, *changes: Delivery | Post | Entry | Event) -> None:
        with writing(self._database, lasting=must_last(transfer, changes)) as rows:
            row = mine(rows, transfer)
            rows.write_head(transfer.evolve(claims=row.number("claims")), row)
            rows.write(transfer.id, changes)
            if transfer.at_rest:
                self._known.drop(transfer.id)

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        with reading(self._database) as rows:
            return self._known.deliveries(rows, transfer_id)


def must_last(transfer: Transfer, changes: Sequence[Delivery | Post | Entry | Event]) -> bool:
    """Something outside follows from it, or has happened, that the ledger must know of whatever
    befalls the host: a temp, a rename, a receipt, an execution, an object that is about to be read,
    an operator who is told that it is done.

    All else is a step that can be run again to the same end, and words that are synced when they
    are handed out to be sent.
    """
    session = transfer.session
    if transfer.route is not Route.IN_PROCESS or (session is not None and session.least):
        return True
    return any(
        isinstance(each, Entry)
        or (isinstance(each, Event) and each.kind is EventKind.DECIDED)
        or (isinstance(each, Delivery) and each.state not in BEFORE)
        for each in changes
    )


def _beat(row: Row, owner: str | None, until: float) -> Beat | None:
    """Each renewal ends at another microsecond."""
    if owner is None or row["at_rest"]:
        return None
    return Beat(epoch=row.number("epoch"), count=int(until * 1e6), owner=owner)


def _holder(rows: Rows, transfer: Transfer) -> Transfer | None:
    others = rows.takers(transfer)
    return next((each for each in others if items.holds(each, rows.deliveries)), None)


def _insert(rows: Rows, transfer: Transfer) -> None:
    now = stamp(datetime.now(UTC))
    rows.put("transfers", new_head(transfer, now, now))
    rows.tell(transfer.id, *history.admitted(transfer, datetime.now(UTC)))
    if items.takes(transfer):
        # Those before it have let go.
        rows.execute("DELETE FROM takers WHERE item = ?", (items.key_of(transfer.request),))
        rows.take_item(transfer)


def mine(rows: Rows, transfer: Transfer) -> Row:
    """The row of the transfer, when its epoch is still the latest. Raises ClaimLost."""
    row = rows.head(transfer.id)
    if row is None or row["epoch"] != transfer.epoch:
        raise ClaimLost(transfer.id)
    return row


class SqliteLocks:
    """The Locks port; save and amend let go of the names of what is at rest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, transfer: Transfer, names: Sequence[str]) -> Transfer | None:
        # Who waits for a name waits on this host; the names come before the first temp.
        with writing(self._database, lasting=False) as rows:
            mine(rows, transfer)
            for name in sorted(names):
                rows.put("locks", (name, transfer.id), "ON CONFLICT (name) DO NOTHING")
                row = rows.one("locks", "name = ?", (name,))
                if row and row["transfer_id"] != transfer.id:
                    return _head_of(rows, row)
            return None


def _head_of(rows: Rows, lock: Row) -> Transfer:
    head = rows.head(lock.text("transfer_id"))
    if head is None:
        raise lock.damaged()
    return transfer_of(head)
