"""The arenas, one for each ledger: their servers serve every point of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.ledger.dynamo.books import dynamodb_books
from adapters.ledger.sqlite.archive import SqliteArchive
from sandbox.servicenow import ServiceNow
from sandbox.tls import make_certificate
from tests.crossing.world import World
from tests.ports import dynamo_store
from tests.servers.openssh import OpenSSH
from tests.servers.seaweedfs import SeaweedFS
from tests.torture.arena import Arena
from transfer.books import Archive

LEASE = 3.0
"""Seconds: soon over, and longer than a busy processor keeps a living owner from renewing."""

Kept = tuple[dict[str, Any], Callable[[], Archive]]
"""The ledger's settings, and the way to look into it."""


@pytest.fixture(scope="module", params=["sqlite", "dynamodb"])
def arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seaweedfs: SeaweedFS
) -> Iterator[Arena]:
    directory = tmp_path_factory.mktemp(f"arena-{request.param}")
    certificate = make_certificate(directory)
    bucket = f"torture-{uuid4().hex[:8]}"
    seaweedfs.client().create_bucket(Bucket=bucket)
    kept = _sqlite(directory) if request.param == "sqlite" else _dynamodb()
    with OpenSSH() as partner, ServiceNow(tls=certificate) as servicenow:
        world = World(directory, servicenow, certificate.ca_file, seaweedfs, partner, bucket)
        for settings, archive in kept:
            # Each round asks DynamoDB, and moto answers on the processor that the daemons need.
            world.config["poll"] = {"every": 0.5, "max_backoff": 1.0}
            world.config["ledger"] = settings | {"lease": LEASE}
            world.config["destinations"]["partner"]["connections"] = 1
            yield Arena(world, archive, kind=request.param)
        world.visitor.close()


def _sqlite(directory: Path) -> Iterator[Kept]:
    path = directory / "ledger.db"
    yield {"path": str(path)}, lambda: SqliteArchive.at(path)


def _same(archive: Archive) -> Archive:
    return archive


def _dynamodb() -> Iterator[Kept]:
    for table in dynamo_store.table():
        archive = dynamodb_books(dynamo_store.client(), table, "looking", LEASE).archive
        settings = {
            "kind": "dynamodb",
            "table": table,
            "region": dynamo_store.server().region,
            "endpoint_url": dynamo_store.server().endpoint_url,
        }
        yield settings, partial(_same, archive)
