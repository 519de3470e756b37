"""The engine on others' servers, by way of a proxy that can cut the line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.ports.foreign_partners import ForeignPartner
from tests.servers.proxy import Fault, Proxy
from tests.servers.proxy_ftp import FtpProxy
from transfer.destination import Destination
from transfer.errors import Stopping
from transfer.model import MIB
from transfer.tools import Tools
from transfer.width import Width

ONE, SEVERAL = Width(wide=1 << 40, far=60.0), Width(wide=MIB, share=8 * MIB)
PATIENCE: dict[str, Any] = {"timeout": 60.0, "connect_timeout": 60.0}


@dataclass
class Abroad(Voyage):
    """To a server that may show its files by other names than this machine does."""

    partner: ForeignPartner | None = None
    width: Width = ONE
    stop: threading.Event = field(default_factory=threading.Event)
    pause: Callable[[float], object] = time.sleep

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
        return replace(super().tools(), width=self.width, halt=self._halt, pause=self.pause)

    def _halt(self) -> None:
        if self.stop.is_set():
            raise Stopping


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
