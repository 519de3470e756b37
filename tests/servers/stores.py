"""Fixtures of the S3 servers, each started once a run and only when a test asks for it.

tests/conftest.py takes them in; importing a session's fixture would start its server twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from moto import backends
from moto.core import responses
from moto.core.utils import method_names_from_class

from sandbox.aws import Aws
from tests.servers.seaweedfs import SeaweedFS

# For each request moto lists its own folder and the methods of a class: a quarter of its cost.
_MODULES = tuple(backends.list_of_moto_modules())
for _place, _name, _known in (
    (backends, "list_of_moto_modules", lambda: _MODULES),
    (responses, "method_names_from_class", cache(method_names_from_class)),
):
    setattr(_place, _name, _known)


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS(tmp_path_factory.mktemp("seaweedfs"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Aws]:
    with Aws() as server:
        yield server


@pytest.fixture
def moto(moto_server: Aws) -> Aws:
    """With its bucket and its queues: all such servers of a process share what they hold, and
    another one that stopped has emptied it.
    """
    moto_server.furnish()
    return moto_server
