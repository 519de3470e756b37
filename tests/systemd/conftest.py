"""One boot, one installation and one world around it, for all tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.ledger.sqlite.archive import SqliteArchive
from sandbox.configuration import plain_yaml
from sandbox.demo.visitor import Placed
from sandbox.servicenow import ServiceNow
from sandbox.tls import make_certificate
from tests.crossing.world import World
from tests.servers.openssh import OpenSSH
from tests.servers.ports import free_port
from tests.servers.proxy import Proxy
from tests.servers.seaweedfs import SeaweedFS
from tests.systemd.box import DEADLINE, Box
from tests.systemd.release import build
from transfer.books import Record
from transfer.model import MIB

RATE = 2 * MIB
"""Bytes a second: a drain of a second never reaches the end."""
LEDGER = "private/fileferry/ledger.db"
# What the site of these tests has beside the unit: credentials for its S3, no pause before it is
# started again, and patience with a machine that does much else.
SITE = """\
[Service]
Environment=AWS_ACCESS_KEY_ID=ADMIN AWS_SECRET_ACCESS_KEY=admin-secret
RestartSec=100ms
TimeoutStartSec=300
TimeoutStopSec=300
WatchdogSec=300
"""


@dataclass
class Grounds(World):
    """The world, and the daemon in a box."""

    box: Box | None = None
    line: Proxy | None = None

    @property
    def host(self) -> Box:
        assert self.box
        return self.box

    def configure(self) -> None:
        """The configuration, and the authority that it names, as an operator would put them."""
        folder = self.host.inside("/etc/fileferry")
        (folder / "ca.pem").write_bytes(self.ca_file.read_bytes())
        (folder / "fileferry.yaml").write_text(plain_yaml(self.config))

    def record(self, placed: Placed) -> Record | None:
        file = self.host.folder / LEDGER
        found = SqliteArchive.at(file).search(placed.number) if file.exists() else []
        return found[0] if found else None

    def until(self, happened: Callable[[], object], seconds: float = DEADLINE) -> None:
        self.host.until(happened, seconds)

    def logs(self) -> str:
        return self.host.journal()[-4000:]


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture(scope="session")
def release(box: Box, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its file as the box sees it."""
    archive = build(tmp_path_factory.mktemp("release"))
    (box.folder / archive.name).hardlink_to(archive)
    return f"/srv/{archive.name}"


@pytest.fixture(scope="session")
def grounds(
    box: Box, seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Grounds]:
    folder: Path = tmp_path_factory.mktemp("grounds")
    certificate = make_certificate(folder)
    seaweedfs.client().create_bucket(Bucket="boxed")
    with (
        OpenSSH() as partner,
        ServiceNow(tls=certificate, port=free_port()) as servicenow,
        Proxy(partner.host, partner.port) as line,
    ):
        grounds = Grounds(folder, servicenow, certificate.ca_file, seaweedfs, partner, "boxed")
        grounds.box, grounds.line = box, line
        grounds.config["ledger"] = {}
        grounds.config["servicenow"]["ca_file"] = "/etc/fileferry/ca.pem"
        grounds.config["transfers"]["drain"] = 1.0
        grounds.config["poll"]["every"] = 1.0
        for destination in grounds.config["destinations"].values():
            # No line that was quick is kept for the transfer that is to be met in the middle.
            destination |= {"port": line.port, "keep_idle": 0}
        yield grounds
        grounds.visitor.close()
