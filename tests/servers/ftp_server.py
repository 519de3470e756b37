"""What vsftpd, ProFTPD and pure-ftpd have in common as test servers: one user, one directory."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import ClassVar, Self

from sandbox.tls import Certificate
from tests.servers import UNPACKED, need
from tests.servers.openssh import PASSWORD, PATIENCE, UID, descendants, is_root, strike
from tests.servers.ports import free_port

# A private mount namespace: own account files, and a small disk where the test asks for one.
NAMESPACE = """
[ -z "$1" ] || { mount -t tmpfs -o "size=$1,mode=777" tmpfs "$2/files"; } || exit 1
cd "$2" && shift 2
while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done
shift
exec "$@"
"""
OPENSSL = """
openssl_conf = main
[main]
ssl_conf = ssl
[ssl]
system_default = versions
[versions]
MinProtocol = {least}
MaxProtocol = {most}
CipherString = DEFAULT:@SECLEVEL=0
"""
LIBRARIES = os.pathsep.join(
    str(UNPACKED / place / "x86_64-linux-gnu") for place in ("usr/lib", "lib")
)


class FtpServer:
    """A context manager. `root` is the directory to deliver to, by the same path for the client.

    `options` are lines of the server's own configuration. `tls` demands FTPS with that
    certificate, `implicit` from the first byte on, `versions` between two protocol versions.
    `capacity` (bytes, root only) puts a tmpfs of that size on `root`, which the host does not see.
    """

    program: ClassVar[str]
    username = "ferry"
    password = PASSWORD

    def __init__(
        self,
        *,
        options: Sequence[str] = (),
        tls: Certificate | None = None,
        implicit: bool = False,
        versions: tuple[str, str] = ("TLSv1.2", "TLSv1.3"),
        capacity: int | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.host, self.options, self.tls, self.implicit = host, options, tls, implicit
        self.uid = UID if is_root() else os.geteuid()
        self._versions, self._capacity = versions, capacity

    def __enter__(self) -> Self:
        path = need(self.program)
        self.home = Path(tempfile.mkdtemp(prefix=f"{self.program}-"))
        try:
            self._make_room()
            self.prepare()
            self._start(path)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        if hasattr(self, "_process"):
            self.kill()
            self._process.wait(PATIENCE)
        shutil.rmtree(self.home)

    def prepare(self) -> None:
        """Write the configuration into `home`."""
        raise NotImplementedError

    def command(self, path: str) -> list[str]:
        """How to start the program in the foreground."""
        raise NotImplementedError

    def mounts(self) -> Mapping[Path, str]:
        """What is seen elsewhere by the server alone."""
        return {}

    @property
    def pid(self) -> int:
        """Of the listening server."""
        return self._process.pid

    @property
    def log(self) -> str:
        return "".join(log.read_text(errors="replace") for log in sorted(self.home.glob("*log")))

    def sessions(self) -> list[int]:
        """Process ids of the connections: what descends from the listening server."""
        return list(descendants(self._process.pid))

    def freeze(self) -> None:
        """Stop the connections, as a server does whose disk hangs; TCP stays up."""
        strike(self.sessions(), signal.SIGSTOP)

    def thaw(self) -> None:
        strike(self.sessions(), signal.SIGCONT)

    def drop(self) -> None:
        """Kill the connections; the listening server goes on."""
        strike(self.sessions(), signal.SIGKILL)

    def kill(self) -> None:
        sessions = self.sessions()
        self._process.kill()
        for pid in sessions:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _make_room(self) -> None:
        self.home.chmod(0o755)
        self.root = self.home / "files"
        self.root.mkdir()
        self.port = free_port(self.host)
        if is_root():
            os.chown(self.root, self.uid, self.uid)
        least, most = self._versions
        (self.home / "openssl.cnf").write_text(OPENSSL.format(least=least, most=most))

    def _start(self, path: str) -> None:
        command = self.command(path)
        if is_root():
            pairs = [str(part) for pair in self.mounts().items() for part in pair]
            size = str(self._capacity or "")
            inside = ["bash", "-c", NAMESPACE, "bash", size, str(self.home), *pairs, "--", *command]
            command = ["unshare", "--mount", "--propagation", "private", *inside]
        environment = os.environ | {
            "OPENSSL_CONF": str(self.home / "openssl.cnf"),
            "LD_LIBRARY_PATH": LIBRARIES,
        }
        # vsftpd tells of a bad configuration on its standard input.
        with (self.home / "out.log").open("w+") as log:
            command = ["setpriv", "--pdeathsig", "KILL", *command]
            self._process = subprocess.Popen(
                command, stdin=log, stdout=log, stderr=log, env=environment
            )
        self._await()

    def _await(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), closing(socket.create_connection((self.host, self.port))):
                return
            time.sleep(0.01)
        raise RuntimeError(f"{self.program} does not start: {self.log}")
