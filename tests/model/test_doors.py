"""Every interleaving of a daemon, executions that die, stop and are redriven, and an operator."""

from __future__ import annotations

import pytest

from tests import sweeps
from tests.model.doors import (
    BACK,
    CLOSED,
    ENDED,
    FEW,
    ROBBED,
    STALE,
    STRANGE,
    Variant,
    explore,
)
from tests.model.walk import told

BROKEN = {
    "no fence": (Variant(fence=False), STALE),
    "an execution takes a claim from anybody": (Variant(own=False), ROBBED),
    "a function does not ask whose the transfer is": (Variant(look=False), STRANGE),
    "a step that is run again sets the stage back": (Variant(onward=False), BACK),
}


def test_two_doors_and_one_fence() -> None:
    ways, stuck = explore(Variant())
    sweeps.tell(f"two doors: {len(ways):,} states, {len(stuck)} without an end")
    wrong = [world for world in ways if world.wrong]
    assert not wrong, told(wrong[0], ways)
    assert not stuck, told(stuck[0], ways)
    # By the daemon after an execution, by an execution after a redrive, and by a second one.
    assert any(world.stage == CLOSED and len(world.runs) == 2 for world in ways)
    assert any(world.stage == CLOSED and not world.redrives for world in ways)
    assert any(world.stage == CLOSED and (1, ENDED) in world.runs for world in ways)


@pytest.mark.parametrize("name", BROKEN)
def test_a_design_without_one_of_its_parts_is_caught(name: str) -> None:
    variant, rule = BROKEN[name]
    ways, _ = explore(variant, FEW)
    assert rule in {world.wrong for world in ways}
    assert not any(world.wrong for world in explore(Variant(), FEW)[0])
    shortest = next(world for world in ways if world.wrong)
    assert told(shortest, ways).count("\n") < 15


def test_an_eviction_that_leaves_the_name_in_the_head_never_comes_home() -> None:
    ways, stuck = explore(Variant(home=False), FEW)
    assert stuck
    assert "evict" in told(stuck[0], ways)
