"""The books in one DynamoDB table: several hosts share the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from adapters.aws import client as aws
from adapters.ledger.dynamo.archive import DynamoArchive
from adapters.ledger.dynamo.chain import DynamoChain
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.heads import Heads
from adapters.ledger.dynamo.keeper import DynamoKeeper
from adapters.ledger.dynamo.lanes import Lanes
from adapters.ledger.dynamo.ledger import DynamoLedger
from adapters.ledger.dynamo.limits import DynamoLimits
from adapters.ledger.dynamo.locks import DynamoLocks
from adapters.ledger.dynamo.outbox import DynamoOutbox
from adapters.ledger.dynamo.recollections import DynamoRecollections
from adapters.ledger.dynamo.shards import DynamoShards
from adapters.ledger.dynamo.shelf import DynamoShelf, recognise
from adapters.ledger.dynamo.store import Store
from adapters.ledger.dynamo.table import Table
from adapters.ledger.dynamo.watch import Watch, steady
from adapters.ledger.dynamo.writer import Writer
from transfer.books import Books

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LONGEST = 5.0
"""Seconds for one answer. Three tries end well before a claim (60 s, renewed every 15) runs out."""
TRIES = 3
POOL = 64


def make_client(
    region: str, endpoint_url: str | None = None, profile: str | None = None, timeout: float = 30.0
) -> DynamoDBClient:
    """A client safe to share between threads; `timeout` in seconds, at most LONGEST.

    Raises Permanent `config.invalid`.
    """
    seconds = min(timeout, LONGEST)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=seconds,
        read_timeout=seconds,
        tcp_keepalive=True,
        max_pool_connections=POOL,
        # One name for the firewall of the bastion: not one of each account's own.
        account_id_endpoint_mode="disabled",
    )
    with aws.settings_checked():
        session = boto3.session.Session(profile_name=profile, region_name=region)
        return aws.guarded(session.client("dynamodb", endpoint_url=endpoint_url, config=config))


def dynamodb_books(  # noqa: PLR0913 whose books, and by which clocks
    client: DynamoDBClient,
    table: str,
    owner: str,
    lease: float,
    now: Callable[[], float] = steady,
    *,
    wall: Callable[[], float] = time.time,
) -> Books:
    """The books of one process; `owner` names it, `lease` is in seconds of `now`; `wall` is the
    time that all hosts have in common.

    Raises Permanent `ledger.unusable` when the table is none of ours, Transient
    `ledger.unavailable`.
    """
    place = Table(client, table)
    recognise(place)
    documents = Documents(place)
    lanes = Lanes(place, documents)
    store = Store(
        table=place,
        documents=documents,
        heads=Heads(place, documents),
        lanes=lanes,
        writer=Writer(place, documents, lanes),
        watch=Watch(now),
        owner=owner,
        lease=lease,
    )
    return Books(
        ledger=DynamoLedger(store),
        locks=DynamoLocks(store),
        outbox=DynamoOutbox(store),
        archive=DynamoArchive(store),
        keeper=DynamoKeeper(store),
        chain=DynamoChain(store),
        recollections=DynamoRecollections(store),
        limits=DynamoLimits(store, wall),
        shared=True,
        close=client.close,
        shards=DynamoShards(store),
    )


def dynamodb_shelf(client: DynamoDBClient, table: str) -> DynamoShelf:
    """The place of the books, for `fileferry ledger`."""
    return DynamoShelf(client, table)
