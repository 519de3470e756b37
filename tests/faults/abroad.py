"""The engine on others' servers: one of each kind a run, by way of a proxy that can cut the line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.ports.foreign_partners import ForeignPartner
from tests.servers.proxy import Fault, Proxy
from tests.servers.proxy_ftp import FtpProxy
from transfer.destination import Destination
from transfer.model import MIB
from transfer.tools import Tools
from transfer.width import Width

ONE, SEVERAL = Width(wide=1 << 40, far=60.0), Width(wide=MIB, share=8 * MIB)
PATIENCE: dict[str, Any] = {"timeout": 30.0, "connect_timeout": 30.0}


@dataclass
class Abroad(Voyage):
    """To a server that may show its files by other names than this machine does."""

    partner: ForeignPartner | None = None
    width: Width = ONE

    def destination(self) -> Destination:
        assert self.partner
        port = self.port or self.server.port
        return replace(self.partner.destination, port=port, **PATIENCE | self.settings)

    def local(self, path: str) -> Path:
        assert self.partner
        return self.server.root / path.removeprefix(self.partner.root).lstrip("/")

    def settle(self) -> None:
        assert self.partner
        self.partner.server.settle()

    def tools(self) -> Tools:
        return replace(super().tools(), width=self.width)


@contextmanager
def abroad(
    partner: ForeignPartner, contents: dict[str, bytes], *faults: Fault, **fields: Any
) -> Iterator[tuple[Abroad, Proxy]]:
    """`fields` are those of Abroad. Nothing of its request stays on the server."""
    server: Any = partner.server
    kind = FtpProxy if server.protocol == "ftp" else Proxy
    with (
        Sightings(server.root) as seen,
        kind(server.host, server.port, faults=faults) as proxy,
    ):
        voyage = Abroad(server, seen, contents, port=proxy.port, partner=partner, **fields)
        yield voyage, proxy
        for path in server.root.rglob(f"*{voyage.id}*"):
            path.unlink()
