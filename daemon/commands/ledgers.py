"""The ledger for commands that do not run the service: without what the service imports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from adapters.ledger.shelf import Shelf
from adapters.ledger.sqlite.archive import SqliteArchive
from adapters.ledger.sqlite.books import books_beside
from adapters.ledger.sqlite.chain import SqliteChain
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.hostlock import HostLock
from adapters.ledger.sqlite.shelf import SqliteShelf
from transfer.books import Archive, Books, Chain

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from config.glimpse import Glimpse
    from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Look:
    """`running`: a daemon works on these books; None where nobody can tell."""

    archive: Archive
    running: bool | None


def running(settings: Settings | Glimpse) -> bool | None:
    """A daemon works on the ledger, or is about to; None where nobody can tell."""
    part = settings.ledger
    return HostLock.held(part.path) if part.kind == "sqlite" else None


@contextmanager
def looking(settings: Settings | Glimpse) -> Iterator[Look]:
    """For commands that only read. Raises `ledger.*`."""
    part = settings.ledger
    if part.kind == "sqlite":
        archive = SqliteArchive.at(part.path)
        try:
            yield Look(archive, running(settings))
        finally:
            archive.close()
    else:
        # Of another kind of ledger everybody has asked for all settings.
        with keeping(cast("Settings", settings)) as books:
            yield Look(books.archive, None)


@contextmanager
def linked(settings: Settings) -> Iterator[tuple[Archive, Chain]]:
    """For a look at the chain of receipts. Raises `ledger.*`."""
    if settings.ledger.kind == "sqlite":
        database = Database(settings.ledger.path, read_only=True)
        try:
            yield SqliteArchive(database), SqliteChain(database)
        finally:
            database.close()
    else:
        with keeping(settings) as books:
            yield books.archive, books.chain


def shelf(settings: Settings) -> Shelf:
    """The place of the books, for `fileferry ledger`."""
    part = settings.ledger
    if part.kind == "sqlite":
        return SqliteShelf(part.path)
    # Here, for its modules cost time that a SQLite bastion need not pay.
    from adapters.ledger.dynamo.books import dynamodb_shelf  # noqa: PLC0415

    return dynamodb_shelf(_client(settings), part.table)


@contextmanager
def keeping(settings: Settings) -> Iterator[Books]:
    """For commands that write, beside a daemon or without one. Raises `ledger.*`."""
    books = _beside(settings)
    try:
        yield books
    finally:
        books.close()


def _beside(settings: Settings) -> Books:
    part = settings.ledger
    owner = f"operator/{uuid4().hex[:8]}"
    if part.kind == "sqlite":
        return books_beside(part.path, owner, part.lease)
    from adapters.ledger.dynamo.books import dynamodb_books  # noqa: PLC0415

    return dynamodb_books(_client(settings), part.table, owner, part.lease)


def _client(settings: Settings) -> DynamoDBClient:
    from adapters.ledger.dynamo.books import make_client  # noqa: PLC0415

    part, aws = settings.ledger, settings.aws
    return make_client(part.region or aws.region, part.endpoint_url, aws.profile, aws.timeout)


def documented(kind: Any, value: Any) -> Any:
    """A value of this kind as JSON has it."""
    # Here, for to find out what a record is made of takes longer than to print one.
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(kind).dump_python(value, mode="json")
