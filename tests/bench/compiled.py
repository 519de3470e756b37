"""Everything that the bench runs is compiled before anything is measured, whoever calls it.

With PYTHONDONTWRITEBYTECODE in the caller's environment each run of a client would compile all anew
(0.05 to 0.5 s), and with a cache elsewhere it would find nothing of what was compiled here.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from sandbox.children import clean_environment

TOP = Path(__file__).parents[2]
ROOMS = ("adapters", "cloud", "config", "daemon", "sandbox", "tests/bench", "transfer")


def environment() -> dict[str, str]:
    """What a measured program gets: nothing of the caller's that alters how Python runs."""
    return {
        name: value for name, value in clean_environment().items() if not name.startswith("PYTHON")
    }


def compile_all(places: Sequence[Path] = ()) -> None:
    """Our rooms and the packages beside them, or these places. What is up to date costs a look.

    The standard library comes compiled.
    """
    packages = Path(sysconfig.get_path("purelib"))
    wanted = places or (*(TOP / room for room in ROOMS), packages)
    words = [sys.executable, "-m", "compileall", "-q", *map(str, wanted)]
    # Some packages bring examples for other Pythons, which nobody imports.
    subprocess.run(words, env=environment(), capture_output=True, check=False)
