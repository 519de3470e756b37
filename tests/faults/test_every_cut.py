"""A file of 64 MiB whose line is cut at every 10 MB, on every server, with and without lanes.

The exact bytes arrive once, or the failure has a name, nothing is left behind, and each run ends.
One connection carries every byte, whatever the lanes: they are sessions of it. So each cut strikes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.remotes import SftpServer
from tests import sweeps
from tests.faults.ftp_road import PORTS, SERVER
from tests.faults.ftp_road import Partner as FtpPartner
from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.noise import noise
from tests.servers.openssh import OpenSSH
from tests.servers.ports import free_ports
from tests.servers.proftpd import Proftpd
from tests.servers.proftpd_sftp import ProftpdSftp
from tests.servers.proxy import Fault, Kind, Proxy
from tests.servers.pureftpd import PureFtpd
from tests.servers.vsftpd import Vsftpd
from transfer.destination import HostKey
from transfer.model import CHUNK, MIB
from transfer.tools import Tools
from transfer.width import Width

SOURCE = "s3://exports/data.bin"
DATA = noise(64 * MIB)
CUTS = range(CHUNK, len(DATA), CHUNK)
ONE, SEVERAL = Width(wide=len(DATA) + 1, far=60.0), Width(wide=MIB, share=8 * MIB)
SETTINGS: dict[str, Any] = {"timeout": 60.0, "connect_timeout": 60.0}
SFTP = ("openssh", "proftpd", "sandbox")
FTP = ("vsftpd", "proftpd-ftp", "pureftpd")
POINTS = [
    *((name, at, lanes) for name in SFTP for at in CUTS for lanes in (False, True)),
    *((name, at, False) for name in FTP for at in CUTS),
]


@dataclass
class Trip(Voyage):
    width: Width = ONE

    def _credential(self) -> dict[str, Any]:
        if isinstance(self.server, OpenSSH):
            return super()._credential()
        assert isinstance(self.server, ProftpdSftp | SftpServer)
        pin = HostKey(fingerprint=self.server.host_key)
        return {"protocol": "sftp", "password": "password", "host_keys": (pin,)}

    def tools(self) -> Tools:
        return replace(super().tools(), width=self.width)

    def local(self, path: str) -> Path:
        own = isinstance(self.server, SftpServer)
        return Path(self.server.root, path.lstrip("/")) if own else Path(path)


@contextmanager
def over_sftp(name: str, at: int, lanes: bool, directory: Path) -> Iterator[Voyage]:
    with ExitStack() as stack:
        made: dict[str, Any] = {"openssh": OpenSSH, "proftpd": ProftpdSftp}
        server: Any = made[name]() if name in made else SftpServer(root=directory)
        stack.enter_context(server)
        seen = stack.enter_context(Sightings(server.root))
        fault = Fault(Kind.RESET, "up", at)
        proxy = stack.enter_context(Proxy(server.host, server.port, faults=[fault]))
        width, settings = SEVERAL if lanes else ONE, SETTINGS
        if name == "sandbox":
            settings = SETTINGS | {"root": "/"}
        trip = Trip(server, seen, {SOURCE: DATA}, proxy.port, settings=settings, width=width)
        yield trip
        assert proxy.faults == []


@contextmanager
def over_ftp(name: str, at: int) -> Iterator[Voyage]:
    ports = free_ports(PORTS, Proxy.host, SERVER)
    kind, options = {
        "vsftpd": (Vsftpd, [f"pasv_min_port={ports[0]}", f"pasv_max_port={ports[-1]}"]),
        "proftpd-ftp": (Proftpd, [f"PassivePorts {ports[0]} {ports[-1]}"]),
        "pureftpd": (PureFtpd, ["-p", f"{ports[0]}:{ports[-1]}"]),
    }[name]
    fault = Fault(Kind.RESET, "up", at)
    with (
        kind(host=SERVER, options=options) as server,
        Sightings(server.root) as seen,
        FtpPartner(server, seen, ports).road(data=[fault]) as road,
    ):
        yield road.voyage({SOURCE: DATA}, **SETTINGS)
        assert road.data.faults == []


def trip(point: tuple[str, int, bool], directory: Path) -> AbstractContextManager[Voyage]:
    name, at, lanes = point
    return over_ftp(name, at) if name in FTP else over_sftp(name, at, lanes, directory)


@pytest.mark.parametrize("point", sweeps.share(POINTS), ids=str)
def test_the_exact_bytes_arrive_once_wherever_the_line_is_cut(
    point: tuple[str, int, bool], tmp_path: Path
) -> None:
    with trip(point, tmp_path) as voyage:
        assert voyage.sail().judged().delivered
