"""Real servers for the tests, each started on free loopback ports and ended by its process id."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

BESIDE_PYTHON = Path(sys.executable).parent


def need(program: str) -> str:
    """The path of a server binary. Without it the test is skipped at home and fails in CI."""
    places = os.pathsep.join((str(BESIDE_PYTHON), os.environ.get("PATH", ""), "/usr/sbin"))
    path = shutil.which(program, path=places)
    if path:
        return path
    reason = f"{program} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
