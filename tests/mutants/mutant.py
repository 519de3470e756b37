"""One mutant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` stands exactly once in `file`, and is replaced by `new`. `killer` fails then."""

    name: str
    file: str
    old: str
    new: str
    killer: str
