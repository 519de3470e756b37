"""Sweeps over many points: a share of them in `make test`, all of them in `make test-faults`.

`SWEEPS=whole` takes all, `SWEEPS=2/4` the second quarter of all: what takes hours may be run in
pieces, on several machines or one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Point = TypeVar("Point")

_PART, _, _PARTS = os.environ.get("SWEEPS", "").replace("whole", "1/1").partition("/")
PARTS = int(_PARTS or 0)
"""Into how many pieces the whole is cut; none where a share of it is run."""
PIECE = int(_PART or 1) - 1
WHOLE = PARTS > 0 and PIECE == 0
"""What has sizes instead of points has no pieces: it is run whole with the first one."""
EVERY = 9
"""Of the points one in so many is the share: not chosen by chance, so that a failure comes back."""
figures: list[str] = []
"""What the sweeps have found, printed at the end of the run."""


def share(points: Sequence[Point], first: int = 0, every: int = EVERY) -> Sequence[Point]:
    """All of them, the piece that was asked for, or every ninth from `first` on, so that several
    sweeps take different ones.
    """
    return points[PIECE::PARTS] if PARTS else points[first % every :: every]


def tell(figure: str) -> None:
    figures.append(figure)
