"""What partners' servers claim to be able to do and were seen not to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from transfer.destination import Destination
from transfer.ports import Powers

Power = Literal["resumes", "ranges", "digests"]
"""Fields of Powers that only the attempt can prove."""


class Refusals:
    """For all threads of the process, until it ends: a server may be mended meanwhile."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int, Power]] = set()

    def note(self, destination: Destination, power: Power) -> None:
        # Adding to a set is one step for all threads.
        self._seen.add((*_place(destination), power))

    def left(self, destination: Destination, powers: Powers) -> Powers:
        """The powers without those that this destination was seen to refuse."""
        place = _place(destination)
        return replace(
            powers,
            resumes=powers.resumes and (*place, "resumes") not in self._seen,
            ranges=powers.ranges and (*place, "ranges") not in self._seen,
            digests=frozenset() if (*place, "digests") in self._seen else powers.digests,
        )


def _place(destination: Destination) -> tuple[str, str, int]:
    return destination.name, destination.host, destination.port
