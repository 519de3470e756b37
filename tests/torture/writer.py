"""A small owner of a SQLite ledger: saves, says what was acknowledged, and obeys the refusals.

`python -m tests.torture.writer LEDGER` prints a line for each thing that happened: `saved N` once a
save has returned, `refused CODE` when it has not. It tries again after a Transient; after a
Permanent it ends, and `refused for good` says that the handle serves nobody any more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from adapters.ledger.sqlite.books import sqlite_books
from tests.ports.rows import delivery, post, received
from transfer.books import Books
from transfer.errors import FerryError
from transfer.model import Transfer

SAVES = 6
TRIES = 3
UNUSABLE = 3
"""The exit code after a Permanent."""

Result = TypeVar("Result")


def main(path: Path) -> int:
    try:
        books = sqlite_books(path, "writer", 60.0)
    except FerryError as error:
        _say(f"refused {error.code}")
        return UNUSABLE
    try:
        _write(books)
    except FerryError as error:
        _say(f"refused {error.code}")
        _try_once_more(books)
        return UNUSABLE
    books.close()
    _say("closed")
    return 0


def _write(books: Books) -> None:
    ledger = books.ledger
    admitted = _again(lambda: ledger.admit(received()))
    transfer = _again(lambda: ledger.claim(admitted.id))
    if transfer is None:
        raise AssertionError("a claim that was given back, or whose owner is dead, must be free")
    begun = len(_again(lambda: ledger.deliveries(transfer.id)))
    for number in range(begun + 1, begun + 1 + SAVES):
        _save(books, transfer, number)
        _say(f"saved {number}")
    _again(lambda: ledger.renew(transfer, 0))


def _save(books: Books, transfer: Transfer, number: int) -> None:
    both = delivery(number=number), post(transfer, str(number))
    _again(lambda: books.ledger.save(transfer, *both))


def _again(call: Callable[[], Result]) -> Result:
    for _ in range(TRIES - 1):
        try:
            return call()
        except FerryError as error:
            if error.permanent:
                raise
            _say(f"refused {error.code}")
    return call()


def _try_once_more(books: Books) -> None:
    try:
        books.ledger.admit(received())
    except FerryError as error:
        if error.permanent:
            _say("refused for good")


def _say(line: str) -> None:
    # One system call of its own: what is printed was true before the process could die.
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
