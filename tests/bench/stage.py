"""The servers, the objects, and the look at what was delivered."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

from adapters.s3.checksums import available
from sandbox.tls import Certificate, make_certificate
from tests.bench.errand import Errand
from tests.bench.static_s3 import StaticS3
from tests.bench.workloads import Workload
from tests.servers.ftp_server import FtpServer
from tests.servers.openssh import OpenSSH
from tests.servers.proftpd import Proftpd
from tests.servers.proxy import Proxy
from tests.servers.vsftpd import Vsftpd
from transfer.model import MIB

SHELL = ("ForceCommand none", "MaxStartups 100")
"""rclone checks its hash by `md5sum` on the server, so it gets the shell that it needs for that."""
SIZE_ONLY = ("DigestEngine off",)
"""rclone never asks for ProFTPD's own hashes, so nobody is offered them; 1 GiB takes it 4 s."""
MEMORY = Path("/dev/shm")  # noqa: S108  a directory of its own is made in it


class Stage:
    """A context manager. Everything lies in memory where the machine has a /dev/shm."""

    def __init__(self, workloads: Sequence[Workload]) -> None:
        self._workloads = workloads
        self._stack = ExitStack()
        self._md5s: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        # The servers make their own homes wherever temporary files go.
        self._usual = tempfile.tempdir
        tempfile.tempdir = str(MEMORY) if os.access(MEMORY, os.W_OK) else None
        self.home = Path(tempfile.mkdtemp(prefix="bench-"))
        self.home.chmod(0o755)
        try:
            self._store = StaticS3(self.home, self._certificate)
            for workload in self._workloads:
                self._fill(workload)
            self._stack.enter_context(self._store)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()
        shutil.rmtree(self.home)
        tempfile.tempdir = self._usual

    def errand(self, workload: Workload) -> Errand:
        """What every client is to do; `digests` as usual."""
        server = self._server(workload.protocol)
        port = self._far.port if workload.round_trip else server.port
        return Errand(
            endpoint=self._store.tls_endpoint if workload.tls else self._store.endpoint,
            s3_ca_file=str(self._certificate.ca_file) if workload.tls else "",
            bucket=_bucket(workload),
            keys=_keys(workload),
            folder=str(self._store.folder(_bucket(workload))),
            md5s=self._md5s[_bucket(workload)],
            protocol=workload.protocol,
            host=server.host,
            port=port,
            username=server.username,
            password=server.password or "",
            root=str(server.root),
            key_file=str(self._key_file) if isinstance(server, OpenSSH) else "",
            host_key=server.host_key if isinstance(server, OpenSSH) else "",
            # Over a long way a partner has to allow more than is usual, or windows are the limit.
            connections=8 if workload.round_trip else 4,
            ca_file=str(self._certificate.ca_file) if workload.protocol == "ftps" else "",
        )

    def servers(self, workload: Workload) -> dict[str, int]:
        """The process ids of S3 and of the file server."""
        return {"s3": self._store.pid, "server": self._server(workload.protocol).pid}

    def clear(self, workload: Workload) -> None:
        for path in Path(self._server(workload.protocol).root).iterdir():
            path.unlink()

    def differences(self, workload: Workload) -> list[str]:
        """Names that are missing, too many, or not byte for byte what the store has."""
        delivered = Path(self._server(workload.protocol).root)
        source = self._store.folder(_bucket(workload))
        found, wanted = {path.name for path in delivered.iterdir()}, set(_keys(workload))
        same = (name for name in found & wanted if not _equal(source / name, delivered / name))
        return sorted((found ^ wanted) | set(same))

    def _server(self, protocol: str) -> OpenSSH | FtpServer:
        """Started when it is first asked for."""
        if protocol == "sftp":
            return self._openssh
        return self._vsftpd if protocol == "ftp" else self._proftpd

    @cached_property
    def _openssh(self) -> OpenSSH:
        return self._stack.enter_context(OpenSSH(options=SHELL))

    @cached_property
    def _far(self) -> Proxy:
        [round_trip] = {work.round_trip for work in self._workloads if work.round_trip}
        server = self._openssh
        return self._stack.enter_context(Proxy(server.host, server.port, delay=round_trip / 2))

    @cached_property
    def _vsftpd(self) -> Vsftpd:
        return self._stack.enter_context(Vsftpd())

    @cached_property
    def _proftpd(self) -> Proftpd:
        return self._stack.enter_context(Proftpd(tls=self._certificate, options=SIZE_ONLY))

    @cached_property
    def _certificate(self) -> Certificate:
        return make_certificate(self.home / "tls")

    @cached_property
    def _key_file(self) -> Path:
        path = self.home / "key"
        path.touch(0o600)
        path.write_text(self._openssh.private_key)
        return path

    def _fill(self, workload: Workload) -> None:
        folder = self._store.folder(_bucket(workload))
        if any(folder.iterdir()):
            return
        digests = []
        for number, key in enumerate(_keys(workload)):
            md5, crc = hashlib.md5(usedforsecurity=False), available()["crc64nvme"]()
            with (folder / key).open("wb") as file:
                for block in _content(number, workload.size):
                    file.write(block)
                    md5.update(block)
                    crc.update(memoryview(block))
            digests.append((key, md5.digest(), bytes.fromhex(crc.hexdigest())))
        self._md5s[_bucket(workload)] = {key: md5.hex() for key, md5, _ in digests}
        self._store.describe(_bucket(workload), digests)


NOISE = os.urandom(MIB)


def _content(number: int, size: int) -> Iterator[bytes]:
    """Blocks that tell file and place, so that none can stand for another."""
    for start in range(0, size, MIB):
        mark = number.to_bytes(8, "big") + start.to_bytes(8, "big")
        yield (mark + NOISE)[: min(MIB, size - start)]


def _bucket(workload: Workload) -> str:
    return f"bench-{workload.count}x{workload.size}"


def _keys(workload: Workload) -> tuple[str, ...]:
    return tuple(f"file-{number:05}.bin" for number in range(workload.count))


def _equal(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while block := left.read(4 * MIB):
            if block != right.read(4 * MIB):
                return False
    return True
