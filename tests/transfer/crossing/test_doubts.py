"""A line that breaks while lanes are opened: by itself, or because of them."""

from __future__ import annotations

from dataclasses import replace

from adapters.memory.remotes import ALL_POWERS, MemoryRemote
from tests.transfer.bench import Bench, HookedRemotes
from tests.transfer.crossing.test_engine import DATA
from tests.transfer.crossing.test_refusals import (
    HALF,
    Breaking,
    assert_delivered,
    carried,
    tools_of,
)
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE
from transfer.destination import Destination
from transfer.model import CHUNK
from transfer.ports import Powers, Remote
from transfer.width import Width


class Once(Breaking):
    """The line breaks while three lanes are opened, and is well again."""

    def __init__(self, powers: Powers) -> None:
        super().__init__(protocols=frozenset({"memory"}), powers=powers)
        self.left = [1, 2, 3]

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        if beside and self.left:
            self.left.pop()
            return super().connect(destination, beside=beside)
        return HookedRemotes.connect(self, destination, beside=beside)


def test_lanes_that_break_together_are_one_doubt() -> None:
    powers = replace(ALL_POWERS, digests=frozenset(), round_trip=1.0)
    remotes = Once(powers)
    bench = Bench(remotes=remotes)
    bench.objects.put(SOURCE, DATA)
    partner = replace(PARTNER, connections=4, connections_per_file=4)
    width = Width(wide=CHUNK, share=HALF, far_lanes=4)
    tools = replace(tools_of(bench, width=width), destinations={"partner": partner})
    assert_delivered(bench, carried(bench, tools))
    assert not remotes.left
    assert len(remotes.opened) > 2
    assert tools.refusals.left(partner, powers).ranges
