"""However large the object, the memory stays what it was after its first gigabyte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("files", "amounts", "most"), [(1, (1, 2, 3), 160), (5, (1, 2), 320)], ids=["one", "five"]
)
def test_memory_does_not_grow_with_the_file(
    files: int, amounts: tuple[int, ...], most: int
) -> None:
    """`most` is far above the figure of docs/performance.md: other Pythons need more or less."""
    words = [sys.executable, "-m", "tests.faults.flood", str(files), *map(str, amounts)]
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    resident = [int(word) for word in done.stdout.split()]
    assert len(resident) == len(amounts)
    assert max(resident) - resident[0] <= 16
    assert max(resident) <= most
