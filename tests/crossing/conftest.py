"""The world of a test: servers of the session, a simulator and a bucket of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.servicenow import ServiceNow
from sandbox.tls import Certificate, make_certificate
from tests.crossing.world import World
from tests.servers.openssh import OpenSSH
from tests.servers.seaweedfs import SeaweedFS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def openssh() -> Iterator[OpenSSH]:
    with OpenSSH() as server:
        yield server


@pytest.fixture
def world(
    tmp_path: Path, certificate: Certificate, seaweedfs: SeaweedFS, openssh: OpenSSH
) -> Iterator[World]:
    bucket = f"exports-{uuid4().hex[:8]}"
    seaweedfs.client().create_bucket(Bucket=bucket)
    with ServiceNow(tls=certificate) as servicenow:
        world = World(tmp_path, servicenow, certificate.ca_file, seaweedfs, openssh, bucket)
        yield world
        world.visitor.close()
