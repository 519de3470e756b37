"""Sweeps over many points: a share of them in `make test`, all of them in `make test-faults`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Point = TypeVar("Point")

WHOLE = os.environ.get("SWEEPS") == "whole"
EVERY = 9
"""Of the points one in so many is the share: not chosen by chance, so that a failure comes back."""
figures: list[str] = []
"""What the sweeps have found, printed at the end of the run."""


def share(points: Sequence[Point], first: int = 0, every: int = EVERY) -> Sequence[Point]:
    """All of them, or every ninth from `first` on, so that several sweeps take different ones."""
    return points if WHOLE else points[first % every :: every]


def tell(figure: str) -> None:
    figures.append(figure)
