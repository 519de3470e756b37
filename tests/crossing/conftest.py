"""The world of a test: servers of the session, a simulator and a bucket of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.servicenow import ServiceNow
from sandbox.servicenow.seed import Setup
from sandbox.tls import Certificate, make_certificate
from tests.crossing.world import World
from tests.servers.openssh import OpenSSH
from tests.servers.ports import free_port
from tests.servers.proxy import Proxy
from tests.servers.seaweedfs import SeaweedFS
from transfer.model import MIB


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def openssh() -> Iterator[OpenSSH]:
    with OpenSSH() as server:
        yield server


RATE = 12 * MIB
"""Bytes a second to the partner: slow enough to be met in the middle."""


@pytest.fixture
def line(world: World) -> Iterator[Proxy]:
    """The partner of this world by a slow line, until it is told to hasten."""
    with Proxy(world.partner.host, world.partner.port, rate=RATE) as proxy:
        world.config["destinations"]["partner"]["port"] = proxy.port
        yield proxy


@pytest.fixture
def instance_setup() -> Setup:
    """How the instance of the world is set up; a module may have another."""
    return Setup()


@pytest.fixture
def world(
    tmp_path: Path,
    certificate: Certificate,
    seaweedfs: SeaweedFS,
    openssh: OpenSSH,
    instance_setup: Setup,
) -> Iterator[World]:
    bucket = f"exports-{uuid4().hex[:8]}"
    seaweedfs.client().create_bucket(Bucket=bucket)
    # A port that nobody else is given while the instance is away.
    port = free_port()
    with ServiceNow(tls=certificate, port=port, setup=instance_setup) as servicenow:
        world = World(tmp_path, servicenow, certificate.ca_file, seaweedfs, openssh, bucket)
        yield world
        world.visitor.close()
