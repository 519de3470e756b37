"""Private keys of many kinds, made for one test each."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.servers import need


def make_key(directory: Path, *options: str, passphrase: str = "") -> tuple[str, str]:
    """Private and public half by ssh-keygen, e.g. `-t rsa -b 2048 -m PEM`."""
    path = directory / "-".join(["key", *options])
    command = [need("ssh-keygen"), "-q", "-N", passphrase, "-f", str(path), *options]
    subprocess.run(command, check=True)
    return path.read_text(), Path(f"{path}.pub").read_text()
