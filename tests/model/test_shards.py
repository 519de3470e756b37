"""Whatever of heads, shards and late calls comes in between: each file once, and all or none."""

from __future__ import annotations

import pytest

from tests import sweeps
from tests.model.shards import (
    BEGUN,
    DOUBLED,
    EARLY,
    OPEN,
    PUBLISHED,
    STALE,
    Variant,
    explore,
)
from tests.model.walk import told

BROKEN = {
    "no fence": (Variant(fence=False), "shards are to verify", STALE),
    "an heir of the head leaves the shards open": (
        Variant(close=False),
        "shards are to publish",
        DOUBLED,
    ),
    "opened to publish before all is seen": (Variant(seen=False), "nothing is open yet", EARLY),
}


@pytest.mark.parametrize("begun", OPEN)
def test_each_file_is_published_once_and_none_before_all_are_there(begun: str) -> None:
    first = OPEN[begun]
    if sweeps.WHOLE and first is not BEGUN:
        first = first._replace(calls=3)
    ways, stuck = explore(Variant(), first)
    sweeps.tell(f"shards, {begun}: {len(ways):,} states, {len(stuck)} without an end")
    wrong = [world for world in ways if world.wrong]
    assert not wrong, told(wrong[0], ways)
    assert not stuck, told(stuck[0], ways)
    assert any(all(file.state == PUBLISHED for file in world.files) for world in ways)


@pytest.mark.parametrize("name", BROKEN)
def test_a_design_without_one_of_its_parts_is_caught(name: str) -> None:
    variant, begun, rule = BROKEN[name]
    first = OPEN[begun]._replace(claims=1, calls=2 if rule is EARLY else 1)
    ways, _ = explore(variant, first)
    assert rule in {world.wrong for world in ways}
    shortest = next(world for world in ways if world.wrong)
    assert told(shortest, ways).count("\n") < 25
