"""Servers of Debian's that log in users of the system, and ProFTPD as its program comes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from tests.servers import need
from tests.servers.accounts import accounts, write_accounts
from tests.servers.ftp_server import LIBRARIES, FtpServer
from tests.servers.openssh import is_root
from tests.servers.proftpd import Proftpd
from tests.servers.proftpd_sftp import ProftpdSftp

PROGRAMS = Path(__file__).parent / "programs"


class Whole(FtpServer):
    """Shows its whole file system."""

    protocol: ClassVar[str] = "ftp"
    host_key = ""

    @property
    def seen(self) -> str:
        return str(self.root)

    def settle(self) -> None:
        """Nothing is kept back."""


class Bare(Whole, Proftpd):
    """Without the lines about overwriting and restarting that administrators add."""

    def prepare(self) -> None:
        super().prepare()
        config = self.home / "config"
        config.write_text(re.sub(r"(?m)^Allow(Overwrite|\w+Restart) .*$", "", config.read_text()))


class BareSftp(Bare, ProftpdSftp):
    protocol = "sftp"

    def __init__(self) -> None:
        ProftpdSftp.__init__(self)


class Dropbear(Whole):
    """Has no SFTP program of its own: it runs OpenSSH's."""

    program = "dropbear"
    protocol = "sftp"

    def prepare(self) -> None:
        if not is_root():
            pytest.skip("only root can log in another user")
        write_accounts(self, "dropbear")
        self._make_key("rsa")
        self.host_key = self._make_key("ed25519")

    def command(self, path: str) -> list[str]:
        keys = [word for kind in ("rsa", "ed25519") for word in ("-r", str(self.home / kind))]
        return [
            path,
            "-F",
            "-E",
            "-P",
            str(self.home / "pid"),
            *keys,
            "-p",
            f"{self.host}:{self.port}",
        ]

    def _make_key(self, kind: str) -> str:
        make = [need("dropbearkey"), "-t", kind, "-f", str(self.home / kind)]
        environment = os.environ | {"LD_LIBRARY_PATH": LIBRARIES}
        shown = subprocess.run(make, check=True, capture_output=True, text=True, env=environment)
        return str(re.findall(r"SHA256:\S+", shown.stdout)[0])

    def mounts(self) -> Mapping[Path, str]:
        return accounts(self.home)


class Inetutils(Whole):
    """GNU's ftpd, which an inetd starts for each connection."""

    program = "ftpd"

    def prepare(self) -> None:
        if not is_root():
            pytest.skip("only root can log in another user")
        write_accounts(self, "ftp")

    def command(self, path: str) -> list[str]:
        return [sys.executable, str(PROGRAMS / "inetd.py"), self.host, str(self.port), path]

    def mounts(self) -> Mapping[Path, str]:
        return accounts(self.home)
