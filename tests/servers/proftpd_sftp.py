"""A real ProFTPD that speaks SFTP by mod_sftp, which hashes files itself as OpenSSH cannot."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.openssh import make_key
from tests.servers.proftpd import Proftpd

SFTP = """
LoadModule mod_sftp.c
SFTPEngine on
SFTPLog {home}/sftp.log
SFTPHostKey {home}/host_ed25519
SFTPAuthorizedUserKeys file:{home}/authorized
SFTPExtensions +checkFile +fsync +posixRename +statvfs
MaxLoginAttempts 6
"""


class ProftpdSftp(Proftpd):
    """`private_key` opens, as `password` does; `stranger` is a private key that does not."""

    def __init__(self, *, options: Sequence[str] = (), capacity: int | None = None) -> None:
        super().__init__(options=options, capacity=capacity)

    def prepare(self) -> None:
        home = self.home
        self.host_key = make_key(home / "host_ed25519", "ed25519")
        make_key(home / "user", "ed25519")
        make_key(home / "stranger", "ed25519")
        self.private_key = (home / "user").read_text()
        self.stranger = (home / "stranger").read_text()
        (home / "authorized").write_text(_rfc4716(home / "user.pub"))
        self.options = [SFTP.format(home=home), *self.options]
        super().prepare()


def _rfc4716(public: Path) -> str:
    command = ["ssh-keygen", "-e", "-m", "RFC4716", "-f", str(public)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
