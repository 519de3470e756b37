"""Partners' servers with a way to look at their files from behind, for the suites that deliver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from adapters.memory.remotes import MemoryRemotes
from adapters.remotes import Register
from sandbox.remotes import SftpServer
from tests.servers.openssh import OpenSSH
from tests.servers.ports import free_port
from tests.servers.proftpd_sftp import ProftpdSftp
from transfer.destination import Destination, HostKey
from transfer.errors import Code, FerryError, Permanent
from transfer.model import MIB
from transfer.ports import Remote, Remotes

ROOM = 4 * MIB
OTHER_KEY = "SHA256:" + "A" * 43


class Partner(Protocol):
    """`root` exists, is empty at first and takes files; `locked` is below it and takes none."""

    @property
    def remotes(self) -> Remotes: ...

    @property
    def destination(self) -> Destination: ...

    @property
    def root(self) -> str: ...

    @property
    def locked(self) -> str: ...

    def read(self, path: str) -> bytes:
        """The bytes behind `path`, not by way of the Remote."""

    def mistyped(self) -> Destination:
        """The destination with a wrong password or, where there is none, a wrong key."""

    def silent(self) -> Destination:
        """The destination with nobody listening."""


class MemoryPartner:
    def __init__(self, capacity: int | None = None) -> None:
        self.root = "/in"
        self.locked = "/in/locked"
        self.remotes = MemoryRemotes(
            capacity=capacity,
            missing={"/in/missing"},
            read_only={self.locked},
            host_key=OTHER_KEY.replace("A", "B"),
            password="right",
            secrets={"password": "right", "mistyped": "wrong"},
        )
        pin = HostKey(fingerprint=self.remotes.host_key or "")
        self.destination = Destination(
            name="partner", protocol="sftp", host="memory", port=22, username="ferry",
            root=self.root, password="password", host_keys=(pin,),
        )  # fmt: skip

    def read(self, path: str) -> bytes:
        return bytes(self.remotes.files[path])

    def mistyped(self) -> Destination:
        return replace(self.destination, password="mistyped")

    def silent(self) -> Destination:
        self.remotes.reachable = False
        return self.destination


class ServerPartner:
    """A server on loopback. `root` is what the client calls the directory `local`."""

    def __init__(self, server: OpenSSH | ProftpdSftp | SftpServer, root: str, local: Path) -> None:
        self.server, self.root, self.local = server, root, local
        self.locked = f"{root}/locked"
        self.secrets = {"password": server.password or "", "mistyped": "wrong"}
        self.remotes: Remotes = Register(self._secret)
        by_key = server.password is None
        if isinstance(server, OpenSSH | ProftpdSftp):
            self.secrets["key"], self.secrets["other key"] = server.private_key, server.stranger
        self.destination = Destination(
            name="partner", protocol="sftp", host=server.host, port=server.port,
            username=server.username, root=root, host_keys=(HostKey(fingerprint=server.host_key),),
            password=None if by_key else "password", private_key="key" if by_key else None,
        )  # fmt: skip

    def connect(self) -> Remote:
        return self.remotes.connect(self.destination)

    def _secret(self, name: str) -> str:
        try:
            return self.secrets[name]
        except KeyError:
            raise Permanent(Code.SECRET_MISSING, f"There is no secret {name}.") from None

    def read(self, path: str) -> bytes:
        return (self.local / path.removeprefix(self.root).lstrip("/")).read_bytes()

    def mistyped(self) -> Destination:
        if self.destination.password is None:
            return replace(self.destination, private_key="other key")
        return replace(self.destination, password="mistyped")

    def silent(self) -> Destination:
        return replace(self.destination, port=free_port())


@contextmanager
def openssh(**options: object) -> Iterator[ServerPartner]:
    """`options` are those of OpenSSH."""
    with OpenSSH(**options) as server:  # type: ignore[arg-type]
        (server.root / "locked").mkdir(mode=0o555)
        yield ServerPartner(server, str(server.root), server.root)


@contextmanager
def proftpd(**options: object) -> Iterator[ServerPartner]:
    """`options` are those of ProftpdSftp."""
    with ProftpdSftp(**options) as server:  # type: ignore[arg-type]
        (server.root / "locked").mkdir(mode=0o555)
        yield ServerPartner(server, str(server.root), server.root)


@contextmanager
def sandbox(directory: Path) -> Iterator[ServerPartner]:
    # Root may write everywhere; a link that leads out of the server's root is denied to all.
    (directory / "outside").mkdir()
    (directory / "root").mkdir()
    (directory / "root" / "locked").symlink_to(directory / "outside")
    with SftpServer(root=directory / "root") as server:
        yield ServerPartner(server, "", directory / "root")


def exactly(found: bytes, wanted: bytes) -> bool:
    """For megabytes: where `==` fails pytest looks for the difference line by line, for minutes."""
    return found == wanted


def send(remote: Remote, path: str, data: bytes) -> None:
    upload = remote.create(path)
    upload.write(data, 0)
    upload.finish()


def refused(action: object, *args: object, **kwargs: object) -> FerryError:
    """The error that the call ends in."""
    assert callable(action)
    with pytest.raises(FerryError) as caught:
        action(*args, **kwargs)
    return caught.value
