"""A user of the system's own for one server, in its private mount namespace (root only)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.servers.ftp_server import FtpServer
from tests.servers.openssh import SHADOW

PAM = "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n"


def write_accounts(server: FtpServer, service: str) -> None:
    """Copies of the account files with one user more, who may log in to the PAM `service`."""
    uid = server.uid
    lines = {
        "passwd": f"ferry:x:{uid}:{uid}::{server.root}:/bin/sh",
        "group": f"ferry:x:{uid}:",
        "shadow": f"ferry:{SHADOW}:19000:0:99999:7:::",
    }
    for name, line in lines.items():
        copy = server.home / name
        shutil.copy(f"/etc/{name}", copy)
        copy.write_text(f"{copy.read_text().rstrip()}\n{line}\n")
    (server.home / "pam.d").mkdir()
    (server.home / "pam.d" / service).write_text(PAM)


def accounts(home: Path) -> Mapping[Path, str]:
    """Where they are mounted."""
    return {home / name: f"/etc/{name}" for name in ("passwd", "group", "shadow", "pam.d")}
