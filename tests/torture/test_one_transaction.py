"""A state and the words about it become durable together, whatever comes in between."""

from __future__ import annotations

from pathlib import Path

from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from tests.ports.books import delivery, post, received


def test_a_save_is_one_transaction(tmp_path: Path) -> None:
    database = Database(tmp_path / "ledger.db")
    books = over(database, "one")
    taken = books.ledger.claim(books.ledger.admit(received()).id)
    assert taken
    statements: list[str] = []
    database._connection.set_trace_callback(statements.append)
    books.ledger.save(taken, delivery(number=1), post(taken, "a"), delivery(number=2))
    database._connection.set_trace_callback(None)
    books.close()
    assert statements.count("COMMIT") == 1
    assert sum("INTO posts" in line for line in statements) == 1
    assert sum("INTO deliveries" in line for line in statements) == 2
