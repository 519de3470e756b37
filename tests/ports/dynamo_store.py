"""The DynamoDB books over moto's server, for the conformance suites and for their own tests."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from adapters.ledger.dynamo.books import dynamodb_books, dynamodb_shelf
from sandbox.aws import Aws
from transfer.books import Books

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@cache
def server() -> Aws:
    """One for all tests of this process: moto keeps its state by process anyway."""
    aws = Aws().start()
    atexit.register(aws.stop)
    return aws


@cache
def client() -> DynamoDBClient:
    made: DynamoDBClient = server().client("dynamodb")
    return made


def table() -> Iterator[str]:
    """The name of a fresh one, which is gone afterwards."""
    name = f"ledger-{uuid4().hex[:12]}"
    dynamodb_shelf(client(), name).init()
    yield name
    client().update_table(TableName=name, DeletionProtectionEnabled=False)
    client().delete_table(TableName=name)


def opener(
    name: str, now: Callable[[], float], lease: float, through: Any = None
) -> Callable[[str], Books]:
    """Opens the books of an owner; `through` stands in the place of the client."""
    return lambda owner: dynamodb_books(through or client(), name, owner, lease, now, wall=now)
