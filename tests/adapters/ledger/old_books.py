"""Books as the release before wrote them, word for word, when tasks of one item were not known.

`version_2.sql` is the dump of its SQLite file, `dynamo_1.jsonl` what stood in its table, an item a
line. Both hold the same transfers: task 1 and task 2 of item 1, both delivered; task 3 of item 2,
refused as it came in; tasks 4 and 5 of item 3, both under way; task 6 of item 4, in quarantine;
task 7 of item 5, cancelled in the middle; and an object of a standing approval.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapters.ledger.dynamo.books import dynamodb_shelf
from adapters.ledger.shelf import Shelf
from adapters.ledger.sqlite.books import books_beside
from adapters.ledger.sqlite.shelf import SqliteShelf
from tests.ports import dynamo_store
from tests.ports.books import LEASE, Time
from tests.transfer.made import NOON, request
from transfer.books import Books
from transfer.model import Transfer

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Old:
    """`open` gives its books to this FileFerry; `table` is its name at DynamoDB."""

    shelf: Shelf
    open: Callable[[], Books]
    table: str = ""


def sqlite(folder: Path) -> Iterator[Old]:
    path = folder / "ledger.db"
    write_sqlite(path)
    yield Old(SqliteShelf(path), lambda: books_beside(path, "new", LEASE))


def write_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((HERE / "version_2.sql").read_text())
        connection.execute("PRAGMA journal_mode = WAL")


def dynamodb(_folder: Path) -> Iterator[Old]:
    for name in dynamo_store.table():
        for line in (HERE / "dynamo_1.jsonl").read_text().splitlines():
            dynamo_store.client().put_item(TableName=name, Item=json.loads(line))
        shelf = dynamodb_shelf(dynamo_store.client(), name)
        yield Old(shelf, partial(dynamo_store.opener(name, Time(), LEASE), "new"), name)


def task_id(task: int) -> str:
    return f"i:sc_task:{task:032}"


def task_of(item: int, task: int = 9) -> Transfer:
    """A further task of one of its items."""
    names = {"number": f"RITM{item}", "task_number": f"SCTASK{task}"}
    asked = request(id=task_id(task), item_id=f"{item:032}", task_id=f"{task:032}", **names)
    return Transfer(request=asked, received_at=NOON)
