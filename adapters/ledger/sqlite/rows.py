"""The rows of the SQLite ledger: each is read with its seal checked, and written with a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from adapters.ledger.codec import DELIVERY, EVENT, LINK, POST, TRANSFER, Form, dump
from adapters.ledger.sqlite.seal import damaged, seal, seal_of_read
from transfer import history
from transfer.approval import items
from transfer.audit.chain import Entry, Link, follows, mark, marks_of
from transfer.errors import ChainMoved, Permanent
from transfer.history import Event
from transfer.model import Delivery, Transfer
from transfer.tickets import Post

Value = TypeVar("Value")

SEALED: Mapping[str, Sequence[str]] = {
    "transfers": (
        *("id", "number", "task_number", "epoch", "claims", "at_rest", "quarantined"),
        *("closed_at", "document", "received_at", "updated_at"),
    ),
    "deliveries": ("transfer_id", "number", "document"),
    "locks": ("name", "transfer_id"),
    "takers": ("item", "transfer_id"),
    "posts": ("key", "transfer_id", "lane", "document", "tries", "sent", "last_error"),
    "tickets": ("transfer_id", "role", "document"),
    "links": ("instance", "number", "document"),
    "endings": ("transfer_id", "generation", "instance", "number", "document"),
    "events": ("transfer_id", "document"),
    "limits": ("name", "page"),
    "recollections": ("name", "transfer_id", "document"),
}
"""The columns under the seal, the row's own name first. Leases and waits are not: a start ends
them."""

COLUMNS = {table: ", ".join((*columns, "seal")) for table, columns in SEALED.items()}


class Row:
    """One row whose seal holds, by the names of its columns."""

    __slots__ = ("_values", "place", "table")

    def __init__(self, place: Path, table: str, values: Sequence[object]) -> None:
        """Raises Permanent `ledger.unusable` when the seal (the last value) does not hold."""
        self.place, self.table = place, table
        names = SEALED[table]
        if seal_of_read(values[: len(names)]) != values[len(names)]:
            raise damaged(place, table, _label(table, values))
        self._values = dict(zip((*names, "seal"), values, strict=True))

    def __getitem__(self, column: str) -> object:
        return self._values[column]

    def text(self, column: str) -> str:
        return str(self._values[column])

    def number(self, column: str) -> int:
        value = self._values[column]
        return value if isinstance(value, int) else 0

    def value(self, form: Form[Value]) -> Value:
        """The frozen value of its document."""
        try:
            return form.validate_json(self.text("document"))
        except ValueError as error:
            raise self.damaged() from error

    def evolve(self, **changes: object) -> Row:
        """The row as it then is, with its new seal; of columns under the seal."""
        values = self._values | changes
        values["seal"] = seal(tuple(values.values())[:-1])
        changed = object.__new__(Row)
        changed.place, changed.table, changed._values = self.place, self.table, values
        return changed

    def damaged(self) -> Permanent:
        return damaged(self.place, self.table, _label(self.table, tuple(self._values.values())))


def _label(table: str, values: Sequence[object]) -> object:
    two = table in ("deliveries", "tickets", "takers", "links", "endings")
    return f"{values[0]} {values[1]}" if two else values[0]


class Rows:
    """The tables within one transaction."""

    def __init__(self, connection: sqlite3.Connection, place: Path) -> None:
        self.execute = connection.execute
        self._place = place

    def select(self, table: str, where: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of `WHERE …`; an ORDER BY and a LIMIT may follow in `where`."""
        return (Row(self._place, table, each) for each in self._raw(table, where, values))

    def broken(self, table: str, where: str = "1") -> Iterator[Permanent]:
        """What reading each of these rows would raise."""
        for values in self._raw(table, where, ()):
            try:
                Row(self._place, table, values)
            except Permanent as error:
                yield error

    def _raw(self, table: str, where: str, values: Sequence[object]) -> sqlite3.Cursor:
        return self.execute(f"SELECT {COLUMNS[table]} FROM {table} WHERE {where}", values)  # noqa: S608 names of ours

    def one(self, table: str, where: str, values: Sequence[object]) -> Row | None:
        return next(self.select(table, where, values), None)

    def head(self, transfer_id: str) -> Row | None:
        """The row of a transfer."""
        return self.one("transfers", "id = ?", (transfer_id,))

    def write_head(self, transfer: Transfer, standing: Row) -> None:
        """The head anew; its epoch and claims go into the columns."""
        fixed = (standing["id"], standing["number"], standing["task_number"])
        changed = _changing(transfer)
        now = stamp(datetime.now(UTC))
        sealed = seal((*fixed, *changed, standing["received_at"], now))
        self.execute(
            "UPDATE transfers SET epoch = ?, claims = ?, at_rest = ?, quarantined = ?, "
            "closed_at = ?, document = ?, updated_at = ?, seal = ? WHERE id = ?",
            (*changed, now, sealed, transfer.id),
        )
        if transfer.at_rest:
            self.execute("DELETE FROM locks WHERE transfer_id = ?", (transfer.id,))

    def holder(self, transfer_id: str) -> tuple[str | None, float]:
        """Who has claimed it, and until when."""
        asked = "SELECT owner, lease_until FROM transfers WHERE id = ?"
        owner, until = self.execute(asked, (transfer_id,)).fetchone() or (None, 0.0)
        return owner, until

    def hold(self, transfer_id: str, owner: str | None, until: float) -> None:
        """Nobody holds it without an owner."""
        self.execute(
            "UPDATE transfers SET owner = ?, lease_until = ? WHERE id = ?",
            (owner, until, transfer_id),
        )

    def write(self, transfer_id: str, changes: Iterable[Delivery | Post | Entry | Event]) -> None:
        """Deliveries over what stands there, posts only where their key is new, a link behind the
        last one. Raises ChainMoved.
        """
        events: list[Event] = []
        for change in changes:
            if isinstance(change, Post):
                self.add_post(change)
            elif isinstance(change, Entry):
                self.add_link(change)
            elif isinstance(change, Event):
                events.append(change)
            else:
                self.put(
                    "deliveries",
                    (transfer_id, change.number, dump(DELIVERY, change)),
                    "ON CONFLICT (transfer_id, number) "
                    "DO UPDATE SET document = excluded.document, seal = excluded.seal",
                )

        self.tell(transfer_id, *events)

    def tell(self, transfer_id: str, *events: Event) -> None:
        """At the end of its history; of too many the middle goes."""
        for event in events:
            self.put("events", (transfer_id, dump(EVENT, event)))
        if not events:
            return
        asked = "SELECT count(*) FROM events WHERE transfer_id = ?"
        if self.execute(asked, (transfer_id,)).fetchone()[0] > history.MOST:
            left = history.bounded(self.history(transfer_id))
            self.execute("DELETE FROM events WHERE transfer_id = ?", (transfer_id,))
            for event in left:
                self.put("events", (transfer_id, dump(EVENT, event)))

    def untell_claim(self, transfer_id: str, epoch: int) -> None:
        """history.without_claim, by the last row alone."""
        last = "(SELECT max(sequence) FROM events WHERE transfer_id = ?)"
        row = self.one("events", f"sequence = {last}", (transfer_id,))
        if row and not history.without_claim([row.value(EVENT)], epoch):
            self.execute(f"DELETE FROM events WHERE sequence = {last}", (transfer_id,))  # noqa: S608 words of ours

    def history(self, transfer_id: str) -> list[Event]:
        """As it was written."""
        found = self.select("events", "transfer_id = ? ORDER BY sequence", (transfer_id,))
        return [row.value(EVENT) for row in found]

    def add_post(self, post: Post) -> None:
        """Into the outbox, once: a key that stands there is left as it is."""
        values = (post.key, post.transfer_id, post.lane, dump(POST, post), 0, 0, None)
        self.put("posts", values, "ON CONFLICT (key) DO NOTHING")

    def add_link(self, entry: Entry) -> None:
        """Raises ChainMoved."""
        link = entry.link
        if not follows(link, self.last_link(link.instance)):
            raise ChainMoved(link.instance)
        self._put_link(link)
        about = (link.transfer, link.generation, link.instance, link.number)
        self.put("endings", (*about, entry.ending))

    def mark(self, transfer_id: str, now: datetime) -> None:
        """Beside the chain, that this transfer was forgotten; nothing where it has no link."""
        latest = "transfer_id = ? ORDER BY generation DESC LIMIT 1"
        ending = self.one("endings", latest, (transfer_id,))
        if ending is None:
            return
        link = self.link(ending["instance"], ending["number"])
        if link:
            self._put_link(mark(self.last_link(marks_of(link.instance)), link, now))

    def _put_link(self, link: Link) -> None:
        self.put("links", (link.instance, link.number, dump(LINK, link)))

    def link(self, instance: object, number: object) -> Link | None:
        found = self.one("links", "instance = ? AND number = ?", (instance, number))
        return found.value(LINK) if found else None

    def last_link(self, instance: str) -> Link | None:
        found = self.one("links", "instance = ? ORDER BY number DESC LIMIT 1", (instance,))
        return found.value(LINK) if found else None

    def put(self, table: str, values: Sequence[object], conflict: str = "") -> int:
        """Insert the sealed values; returns how many rows that made or changed."""
        marks = ", ".join("?" * (len(values) + 1))
        return self.execute(
            f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks}) {conflict}",  # noqa: S608 names of ours
            (*values, seal(values)),
        ).rowcount

    def change_post(
        self, row: Row, held: str | None, due_at: float, **changes: object
    ) -> Row | None:
        """The row of a post as it then is; None where it stands no longer as it was.

        Columns that are not named are left alone: two indexes are kept anew where `sent` is.
        """
        new = row.evolve(**changes)
        columns = "".join(f"{name} = ?, " for name in changes)
        changed = self.execute(
            f"UPDATE posts SET {columns}seal = ?, held = ?, due_at = ? WHERE key = ? AND seal = ?",  # noqa: S608 names of ours
            (*changes.values(), new["seal"], held, due_at, row["key"], row["seal"]),
        )
        return new if changed.rowcount else None

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        """The files of a transfer by number."""
        return tuple(read() for _, read in self.sealed(transfer_id))

    def sealed(self, transfer_id: str) -> Iterator[tuple[tuple[int, str], Callable[[], Delivery]]]:
        """Number and seal of each of its files by number, and what reads it."""
        where = "transfer_id = ? ORDER BY number"
        for each in self._raw("deliveries", where, (transfer_id,)):
            yield (each[1], each[-1]), partial(_delivery, self._place, each)

    def takers(self, transfer: Transfer) -> list[Transfer]:
        """The other transfers that took its item, the first one first."""
        took = "id <> ?1 AND id IN (SELECT transfer_id FROM takers WHERE item = ?2)"
        values = (transfer.id, items.key_of(transfer.request))
        found = self.select("transfers", f"{took} ORDER BY received_at, rowid", values)
        return [transfer_of(row) for row in found]

    def take_item(self, transfer: Transfer) -> None:
        """Nothing where it stands already, or where there is no item."""
        if items.key_of(transfer.request):
            values = (items.key_of(transfer.request), transfer.id)
            self.put("takers", values, "ON CONFLICT (item, transfer_id) DO NOTHING")


def _delivery(place: Path, values: Sequence[object]) -> Delivery:
    return Row(place, "deliveries", values).value(DELIVERY)


def transfer_of(row: Row) -> Transfer:
    """The head of a row: its columns win over its document."""
    transfer = row.value(TRANSFER)
    return transfer.evolve(epoch=row.number("epoch"), claims=row.number("claims"))


def new_head(transfer: Transfer, received_at: str, updated_at: str) -> tuple[object, ...]:
    """The values of a new row, in the order of SEALED."""
    fixed = (transfer.id, transfer.request.number, transfer.request.task_number)
    return (*fixed, *_changing(transfer), received_at, updated_at)


def _changing(transfer: Transfer) -> tuple[object, ...]:
    """The columns from epoch to document."""
    closed_at = stamp(transfer.closed_at) if transfer.finished and transfer.closed_at else None
    waits = transfer.quarantined_at is not None and not transfer.finished
    document = dump(TRANSFER, transfer)
    numbers = (transfer.epoch, transfer.claims, int(transfer.at_rest), int(waits))
    return (*numbers, closed_at, document)


def stamp(moment: datetime) -> str:
    """UTC with microseconds, so that the texts sort as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
