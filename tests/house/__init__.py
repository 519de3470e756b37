"""The rules of the house itself: budgets, names, locks, documents, the unit."""

from __future__ import annotations

import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]
PACKAGES = ("adapters", "cloud", "config", "daemon", "sandbox", "transfer")


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository, those not yet committed included, ignored ones not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout
    files = [TOP / name for name in sorted(set(listed.split("\0"))) if name]
    return [file for file in files if file.is_file()]


def name(path: Path) -> str:
    """The path from the top of the repository."""
    return str(path.relative_to(TOP))
