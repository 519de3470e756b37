"""Real servers for the tests, each started on free loopback ports and ended by its process id."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

BESIDE_PYTHON = Path(sys.executable).parent
UNPACKED = Path(__file__).parents[2] / ".cache" / "servers"
"""Where .ci/servers unpacks the packages that cannot be installed beside each other."""


def need(program: str) -> str:
    """The path of a server binary. Without it the test is skipped at home and fails in CI."""
    unpacked = (str(UNPACKED / "usr/sbin"), str(UNPACKED / "usr/bin"))
    places = os.pathsep.join(
        (*unpacked, str(BESIDE_PYTHON), os.environ.get("PATH", ""), "/usr/sbin")
    )
    path = shutil.which(program, path=places)
    if path:
        return path
    absent(program)
    return None


def absent(program: str) -> NoReturn:
    """Skips the test at home, and fails it in CI."""
    reason = f"{program} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
