"""Partners that speak FTP and FTPS: vsftpd, ProFTPD and pure-ftpd, each with its own strictness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

from adapters.remotes import Register
from sandbox.tls import Certificate
from tests.servers.ftp_server import FtpServer
from tests.servers.odd_ftp import OddFtp
from tests.servers.ports import free_port
from tests.servers.proftpd import Proftpd
from tests.servers.pureftpd import PureFtpd
from tests.servers.vsftpd import Vsftpd
from transfer.destination import Destination, Tls
from transfer.errors import Code, Permanent
from transfer.ports import Remote

SERVERS: Mapping[str, type[FtpServer]] = {
    "vsftpd": Vsftpd,
    "proftpd": Proftpd,
    "pureftpd": PureFtpd,
}
# Debian builds pure-ftpd without implicit TLS.
KINDS = [
    *(f"{server}-{protocol}" for server in SERVERS for protocol in ("ftp", "ftps")),
    "vsftpd-ftps-implicit",
    "proftpd-ftps-implicit",
]
# vsftpd keeps no session for TLS unless it is told to insist on it.
STRICT = {"vsftpd": ["require_ssl_reuse=YES"]}


ServerT = TypeVar("ServerT", FtpServer, OddFtp)


class FtpPartner(Generic[ServerT]):
    """A server on loopback, and the destination that a configuration would hold for it."""

    def __init__(self, server: ServerT, protocol: str) -> None:
        self.server: ServerT = server
        self.root = str(server.root)
        self.locked = f"{self.root}/locked"
        self.secrets = {"password": server.password, "mistyped": "wrong"}
        self.remotes = Register(self._secret)
        self.destination = Destination(
            name="partner", protocol=protocol, host=server.host, port=server.port,
            username=server.username, root=self.root, password="password",
            tls=Tls(ca_file=str(server.tls.ca_file) if server.tls else None),
            clear_text="loopback only" if protocol == "ftp" else "",
        )  # fmt: skip

    def connect(self, **changes: object) -> Remote:
        """`changes` are of the destination."""
        return self.remotes.connect(replace(self.destination, **changes))  # type: ignore[arg-type]

    def _secret(self, name: str) -> str:
        try:
            return self.secrets[name]
        except KeyError:
            raise Permanent(Code.SECRET_MISSING, f"There is no secret {name}.") from None

    def read(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def mistyped(self) -> Destination:
        return replace(self.destination, password="mistyped")

    def silent(self) -> Destination:
        return replace(self.destination, port=free_port(self.server.host))


@contextmanager
def ftp_partner(
    kind: str, certificate: Certificate, **options: object
) -> Iterator[FtpPartner[FtpServer]]:
    """`kind` is one of KINDS, `options` are those of FtpServer."""
    name, _, protocol = kind.partition("-")
    options.setdefault("options", STRICT.get(name, []))
    if protocol != "ftp":
        options["tls"], options["implicit"] = certificate, protocol == "ftps-implicit"
    with SERVERS[name](**options) as server:  # type: ignore[arg-type]
        (server.root / "locked").mkdir(mode=0o555)
        yield FtpPartner(server, protocol)
