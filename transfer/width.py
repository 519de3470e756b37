"""Over how many connections one file goes: what the size and the round trip ask for."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from transfer.model import MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """Sizes in bytes, times in seconds; measured on loopback and over a delaying proxy.

    From `wide` bytes on a second connection fills the gaps of the first. From a round trip of
    `far` on, one connection's `window` is the limit of its speed: then `far_lanes` share the file,
    or as many as carry `rate` bytes a second. A further connection is not worth its login for less
    than `share`.
    """

    wide: int = 256 * MIB
    far: float = 0.010
    far_lanes: int = 4
    window: int = 2 * MIB
    rate: int = 400 * 1000 * 1000
    share: int = 32 * MIB

    def lanes(self, size: int, round_trip: float) -> int:
        """How many connections `size` bytes are worth; at least 1."""
        wanted = 2 if size >= self.wide else 1
        if round_trip > self.far:
            wanted = max(self.far_lanes, ceil(round_trip * self.rate / self.window))
        return max(1, min(wanted, size // self.share))
