"""Makes the environment of the embedded AWS from its hashed lock: `python installing.py`.

It is no part of ours: what ministack asks for is not what FileFerry runs on, and a function must
find nothing there that its zip does not bring.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
LOCKS = (Path(__file__).with_name("requirements.lock"), CHECKOUT / "requirements" / "aws.lock")
"""Where the lock is in an installation, and in a checkout."""
MARK = "made-from.lock"


class NotThere(Exception):
    """There is no embedded AWS; the message says in a sentence what to do."""


def lock() -> Path:
    """Raises NotThere."""
    found = next((path for path in LOCKS if path.exists()), None)
    if found is None:
        raise NotThere("This installation has no lock of the embedded AWS: install it anew.")
    return found


def place() -> Path:
    """In a checkout beside its other caches, else below the user's."""
    if LOCKS[1].exists():
        return CHECKOUT / ".cache" / "aws"
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches, "fileferry", "aws")


def is_there() -> bool:
    """Whole, and of today's lock."""
    mark = place() / MARK
    return mark.exists() and mark.read_bytes() == lock().read_bytes()


def install() -> None:
    """Wheels only, each with its hash; the mark comes last. Raises NotThere."""
    where, wanted = place(), lock()
    pip = [str(where / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    try:
        shutil.rmtree(where, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(where)])
        _run([*pip, "-r", str(wanted)])
        shutil.copyfile(wanted, where / MARK)
    except OSError as error:
        raise NotThere(f"{where} cannot be written ({error.strerror}): let it be.") from error


def _run(command: list[str]) -> None:
    try:
        subprocess.check_output(command, stderr=subprocess.STDOUT, text=True)  # noqa: S603  ours
    except subprocess.CalledProcessError as error:
        said = error.output.strip().splitlines() or ["it says no reason"]
        raise NotThere(
            f"The embedded AWS cannot be installed from {lock().name}: {said[-1].rstrip('.')}. "
            f"Let this machine reach its package index, or bring {place()} from one that does."
        ) from None


def main() -> None:
    if not is_there():
        install()


if __name__ == "__main__":
    try:
        main()
    except NotThere as error:
        sys.exit(str(error))
