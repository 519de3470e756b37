"""Where the programs of the bench are, and which versions they have."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from tests.servers import BESIDE_PYTHON, UNPACKED

VERSIONS = (
    (["ssh", "-V"], r"OpenSSH_\w+\.\w+"),
    (["nginx", "-v"], r"nginx/[\d.]+"),
    (["vsftpd", "-v"], r"vsftpd: version [\d.]+"),
    (["proftpd", "-v"], r"ProFTPD Version [\w.]+"),
    (["rclone", "version"], r"rclone v[\d.]+"),
)


def find(program: str) -> str | None:
    own = (BESIDE_PYTHON, UNPACKED / "usr/sbin", UNPACKED / "usr/bin")
    places = (*map(str, own), os.environ.get("PATH", ""), "/usr/sbin")
    return shutil.which(program, path=os.pathsep.join(places))


def versions() -> list[str]:
    """Of those that are here, as they say it themselves."""
    return [found for words, form in VERSIONS if (found := _version(words, form))]


def _version(words: list[str], form: str) -> str | None:
    path = find(words[0])
    if path is None:
        return None
    done = subprocess.run(
        [path, *words[1:]], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    found = re.search(form, done.stdout + done.stderr)
    return found[0].replace(": version", "").replace("_", " ") if found else words[0]
