"""Fixtures of the S3 servers, each started once a run and only when a test asks for it.

tests/conftest.py takes them in; importing a session's fixture would start its server twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.aws import Aws
from tests.servers.seaweedfs import SeaweedFS


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS(tmp_path_factory.mktemp("seaweedfs"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def moto() -> Iterator[Aws]:
    with Aws() as server:
        yield server
