"""Chromium without a window, which .ci/servers fetches where it can: it draws a page, or reads it.

It asks no network. Where there is none, or it does not end, the test is skipped, in CI too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import UNPACKED

ALONE = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--hide-scrollbars", "--disable-background-networking", "--disable-component-update"),
    *("--disable-extensions", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"),
)


def _program() -> str:
    unpacked = UNPACKED / "usr/lib/chromium/chromium"
    found = shutil.which("chromium") or (str(unpacked) if unpacked.exists() else None)
    if found is None:
        pytest.skip("there is no Chromium")
    return found


def look(page: Path, *words: str) -> str:
    """What it says of the page on standard output; its profile lies beside the page."""
    libraries, folder = UNPACKED / "usr/lib/x86_64-linux-gnu", page.parent
    try:
        done = subprocess.run(
            [_program(), *ALONE, f"--user-data-dir={folder}/profile", *words, page.as_uri()],
            env={**os.environ, "HOME": str(folder)}
            | {"LD_LIBRARY_PATH": f"{libraries}:{libraries}/pulseaudio"},
            capture_output=True,
            timeout=240,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("Chromium did not end")
    return done.stdout.decode()
