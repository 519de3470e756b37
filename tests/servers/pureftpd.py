"""A real pure-ftpd on loopback (root only): virtual users of its own, no hashes."""

from __future__ import annotations

import subprocess

import pytest

from tests.servers import need
from tests.servers.ftp_server import LIBRARIES, FtpServer
from tests.servers.openssh import SHADOW, is_root


class PureFtpd(FtpServer):
    """`options` are command line arguments. Debian's is built without implicit TLS."""

    program = "pure-ftpd"

    def prepare(self) -> None:
        if not is_root():
            pytest.skip("only root can run pure-ftpd")
        # Without "/./" behind it the directory is no chroot: both sides use the same paths.
        user = f"ferry:{SHADOW}:{self.uid}:{self.uid}::{self.root}" + ":" * 12
        (self.home / "passwd").write_text(f"{user}\n")
        subprocess.run(
            [need("pure-pw"), "mkdb", str(self.home / "pdb"), "-f", str(self.home / "passwd")],
            check=True,
            env={"LD_LIBRARY_PATH": LIBRARIES},
        )

    def command(self, path: str) -> list[str]:
        tls = []
        if self.tls:
            tls = ["-Y", "3", "-2", f"{self.tls.cert_file},{self.tls.key_file}"]
        where = ["-S", f"{self.host},{self.port}", "-g", str(self.home / "pid")]
        users = ["-l", f"puredb:{self.home / 'pdb'}", "-E"]
        quiet = ["-H", "-O", f"clf:{self.home / 'transfers.log'}"]
        return [path, *where, *users, *quiet, *tls, *self.options]
