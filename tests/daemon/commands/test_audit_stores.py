"""What `fileferry audit verify` and `ledger check` say of the chain, over every ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from adapters.ledger.dynamo.items import Item, Key, key_of, link_key, partition
from adapters.ledger.dynamo.keeper import EVERYTHING
from adapters.ledger.dynamo.table import Table
from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.rows import SEALED
from adapters.ledger.sqlite.seal import seal
from daemon.commands.root import app
from tests.daemon.commands.test_audit import EXAMPLE, INSTANCE, audit, broken, carried, told
from tests.ports import dynamo_store
from tests.ports.books import LEASE, Time
from transfer.audit.chain import KEPT, marks_of
from transfer.books import Books

NOW = datetime.now(UTC)
OLD, YOUNG = NOW - KEPT - timedelta(days=2), NOW - timedelta(days=2)
TABLES = ("deliveries", "locks", "takers", "posts", "tickets", "endings", "events")


def id_of(number: int) -> str:
    return f"{INSTANCE}:sc_task:{number:032}"


class Kept(Protocol):
    """A ledger, and the harm that somebody does who may write it and knows how."""

    environment: dict[str, str]

    def books(self) -> Any: ...

    def take_out(self, transfer_id: str) -> None: ...

    def take_out_link(self, instance: str, number: int) -> None: ...

    def alter_link(self, instance: str, number: int, old: str, new: str) -> None: ...

    def alter_file(self, transfer_id: str, old: str, new: str) -> None: ...


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger.db"
        self.environment = {"FILEFERRY_LEDGER__PATH": str(self._file)}

    @contextmanager
    def books(self) -> Iterator[Books]:
        with closing(Database(self._file)) as database:
            yield over(database, "one")

    def take_out(self, transfer_id: str) -> None:
        with closing(sqlite3.connect(self._file)) as connection, connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table} WHERE transfer_id = ?", [transfer_id])  # noqa: S608 of this test
            connection.execute("DELETE FROM transfers WHERE id = ?", [transfer_id])

    def take_out_link(self, instance: str, number: int) -> None:
        with closing(sqlite3.connect(self._file)) as connection, connection:
            link = (instance, number)
            connection.execute("DELETE FROM links WHERE instance = ? AND number = ?", link)

    def alter_link(self, instance: str, number: int, old: str, new: str) -> None:
        self._alter("links", "instance = ? AND number = ?", (instance, number), old, new)

    def alter_file(self, transfer_id: str, old: str, new: str) -> None:
        self._alter("deliveries", "transfer_id = ?", (transfer_id,), old, new)

    def _alter(self, table: str, where: str, which: tuple[object, ...], old: str, new: str) -> None:
        columns = SEALED[table]
        with closing(sqlite3.connect(self._file)) as connection, connection:
            asked = f"SELECT {', '.join(columns)} FROM {table} WHERE {where}"  # noqa: S608 likewise
            [values] = connection.execute(asked, which)
            row = dict(zip(columns, values, strict=True))
            assert old in row["document"]
            row["document"] = row["document"].replace(old, new)
            connection.execute(
                f"UPDATE {table} SET document = ?, seal = ? WHERE {where}",  # noqa: S608 likewise
                (row["document"], seal(tuple(row.values())), *which),
            )


class Dynamo:
    def __init__(self, name: str) -> None:
        self._table = Table(dynamo_store.client(), name)
        self._open = dynamo_store.opener(name, Time(), LEASE)
        self.environment = {
            "FILEFERRY_LEDGER__KIND": "dynamodb",
            "FILEFERRY_LEDGER__TABLE": name,
            "FILEFERRY_LEDGER__REGION": dynamo_store.client().meta.region_name,
            "FILEFERRY_LEDGER__ENDPOINT_URL": dynamo_store.server().endpoint_url,
            "AWS_ACCESS_KEY_ID": "audit",
            "AWS_SECRET_ACCESS_KEY": "audit",
        }

    @contextmanager
    def books(self) -> Iterator[Books]:
        yield self._open("one")

    def take_out(self, transfer_id: str) -> None:
        found = self._table.query(partition(transfer_id), EVERYTHING)
        self._table.erase(list(map(key_of, found)))

    def take_out_link(self, instance: str, number: int) -> None:
        self._table.erase([link_key(instance, number)])

    def alter_link(self, instance: str, number: int, old: str, new: str) -> None:
        self._alter(link_key(instance, number), old, new)

    def alter_file(self, transfer_id: str, old: str, new: str) -> None:
        self._alter((partition(transfer_id), f"file#{1:08}"), old, new)

    def _alter(self, key: Key, old: str, new: str) -> None:
        item: Item | None = self._table.get(key)
        assert item
        text = item["document"]
        assert isinstance(text, str)
        assert old in text
        self._table.put_all([item | {"document": text.replace(old, new)}])


def _sqlite(folder: Path) -> Iterator[Kept]:
    yield Sqlite(folder)


def _dynamo(_folder: Path) -> Iterator[Kept]:
    for name in dynamo_store.table():
        yield Dynamo(name)


@dataclass(frozen=True)
class Filled:
    """Two transfers that are old enough to be forgotten, and one that is not."""

    kept: Kept

    def forget(self, before: datetime, count: int) -> None:
        with self.kept.books() as books:
            assert books.keeper.forget(before) == count


@pytest.fixture(params=[_sqlite, _dynamo], ids=["sqlite", "dynamodb"])
def filled(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Filled]:
    for kept in request.param(tmp_path):
        with kept.books() as books:
            for number, at in enumerate((OLD, OLD, YOUNG), 1):
                carried(books, number, at=at)
        monkeypatch.setenv("FILEFERRY_CONFIG", str(EXAMPLE))
        for name, value in kept.environment.items():
            monkeypatch.setenv(name, value)
        yield Filled(kept)


def check() -> tuple[int, str]:
    done = CliRunner().invoke(app, ["ledger", "check"])
    return done.exit_code, " ".join(done.output.split())


def test_a_transfer_that_was_taken_out_is_not_taken_for_forgotten(filled: Filled) -> None:
    assert told("verify")["contents"] == 3
    filled.forget(NOW - KEPT, 2)
    found = told("verify")
    assert (found["holds"], found["contents"], found["forgotten"]) == (True, 1, 2)
    assert "told: 1; by their hashes alone: 2 forgotten." in audit("verify").stdout
    assert check()[0] == 0
    filled.kept.take_out(id_of(3))
    assert broken("verify") == ("gone", 3)
    said = audit("verify").output
    assert "[audit.broken] The transfer of link 3 is gone from the ledger." in said
    assert f"Does not hold: {id_of(3)}" in said


def test_what_is_too_young_to_be_forgotten_is_covered_by_no_mark(filled: Filled) -> None:
    filled.forget(NOW, 3)
    assert broken("verify") == ("gone", 3)


def test_a_mark_that_was_altered_or_taken_out_is_named(filled: Filled) -> None:
    filled.forget(NOW - KEPT, 2)
    marks = marks_of(INSTANCE)
    filled.kept.alter_link(marks, 2, id_of(2), id_of(3))
    said = audit("verify").output
    assert broken("verify") == ("gone", 2)
    filled.kept.alter_link(marks, 2, id_of(3), id_of(2))
    assert told("verify")["holds"]
    filled.kept.alter_link(marks, 1, '"generation":1', '"generation":2')
    assert broken("verify") == ("altered", 1)
    said = audit("verify").output
    assert "Of what was forgotten: Link 1 is not what its hash says." in said
    code, said = check()
    assert (code, "The chain of receipts is broken: Link 1 is not what" in said) == (4, True)
    filled.kept.take_out_link(marks, 1)
    assert broken("verify") == ("gone", 1)


def test_the_check_of_the_ledger_follows_the_chain(filled: Filled) -> None:
    assert check()[0] == 0
    filled.kept.alter_link(INSTANCE, 2, '"generation":1', '"generation":2')
    assert broken("verify") == ("altered", 2)
    code, said = check()
    assert (code, "broken: Link 2 is not what its hash says." in said) == (4, True)
    filled.kept.take_out_link(INSTANCE, 2)
    assert broken("verify") == ("missing", 2)
    assert "broken: Link 2 is missing: after 1 comes 3." in check()[1]


def test_what_a_file_tells_is_compared(filled: Filled) -> None:
    filled.kept.alter_file(id_of(2), "/inbox/pay/nov.csv", "/inbox/pay/dec.csv")
    assert broken("verify") == ("content", 2)
