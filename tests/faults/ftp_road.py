"""FTP by way of two proxies: one for the control line, one for the passive ports.

The server listens on 127.0.0.2 and names one of its passive ports; clients take the port and their
own idea of the address, 127.0.0.1, where a proxy listens on the same ports. So nothing needs to be
rewritten, and it works under TLS as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.servers.ftp_server import FtpServer
from tests.servers.proxy import Fault, Proxy

SERVER = "127.0.0.2"
PORTS = 4
"""How many passive ports: a session has one data connection at a time, and a server takes another
port than the last.
"""


class Road:
    """`control` and `data` are the proxies; both lines cross them."""

    def __init__(
        self, server: FtpServer, sightings: Sightings, control: Proxy, data: Proxy
    ) -> None:
        self.server, self.sightings = server, sightings
        self.control, self.data = control, data

    def voyage(self, contents: dict[str, bytes], **settings: Any) -> Voyage:
        settings = {"host": self.control.host} | settings
        return Voyage(
            self.server, self.sightings, contents, port=self.control.port, settings=settings
        )


class Partner:
    """A server that runs with `ports` for its passive data connections."""

    def __init__(self, server: FtpServer, sightings: Sightings, ports: Sequence[int]) -> None:
        self.server, self.sightings, self.ports = server, sightings, ports

    @contextmanager
    def road(
        self,
        *,
        control: Sequence[Fault] = (),
        data: Sequence[Fault] = (),
        rate: float | None = None,
    ) -> Iterator[Road]:
        """The faults befall the control line or the data lines; the rate is of each connection."""
        host, port = self.server.host, self.server.port
        with (
            Proxy(host, port, faults=control, rate=rate) as first,
            Proxy(host, port, faults=data, rate=rate, ports=self.ports) as second,
        ):
            yield Road(self.server, self.sightings, first, second)
