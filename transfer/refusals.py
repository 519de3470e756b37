"""What partners' servers claim to be able to do and were seen not to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from transfer.destination import Destination
from transfer.ports import Powers

Power = Literal["resumes", "ranges", "digests"]
"""Fields of Powers that only the attempt can prove."""
DOUBTS = 2


class Refusals:
    """For all threads of the process, until it ends: a server may be mended meanwhile."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int, Power]] = set()
        self._doubts: dict[tuple[str, str, int, Power], int] = {}

    def note(self, destination: Destination, power: Power) -> None:
        # Adding to a set is one step for all threads.
        self._seen.add((*_place(destination), power))

    def doubts(self, destination: Destination, power: Power) -> int:
        """How many in a row there are by now."""
        return self._doubts.get((*_place(destination), power), 0)

    def doubt(self, destination: Destination, power: Power, before: int) -> None:
        """The line broke over it, which lines do by themselves too: the second time in a row it is
        a refusal. `before` are the doubts when it was begun: what broke together is one.
        """
        self._doubts[*_place(destination), power] = before + 1
        if before + 1 >= DOUBTS:
            self.note(destination, power)

    def shown(self, destination: Destination, power: Power) -> None:
        """It was done, so that earlier doubts were the line's."""
        self._doubts.pop((*_place(destination), power), None)

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
