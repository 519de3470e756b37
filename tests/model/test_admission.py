"""Every interleaving of two tasks of one item, two daemons and an operator ends right."""

from __future__ import annotations

import pytest

from tests.model.admission import BLOCKED, DOUBLED, REPEATED, Variant, explore
from tests.model.walk import told

BROKEN = {
    "no key: each task is a transfer": (Variant(keyed=False), DOUBLED),
    "the item is looked at before the transaction": (Variant(atomic=False), DOUBLED),
    "what was cancelled lets go, though a part was sent": (Variant(by_files=False), DOUBLED),
    "what is refused as it comes in takes the item": (Variant(accepted_only=False), BLOCKED),
    "a retry does not wait for another task": (Variant(one_at_work=False), DOUBLED),
    "a retry does not wait for one in quarantine": (Variant(for_aside=False), DOUBLED),
    "what an operator has sent again lets go": (Variant(by_generation=False), DOUBLED),
}


def test_never_twice_without_a_word_and_never_blocked_by_what_sent_nothing() -> None:
    ways, ended = explore(Variant())
    wrong = [world for world in ways if world.wrong]
    assert not wrong, told(wrong[0], ways)
    assert len(ways) > 1000
    # An end can be reached from everywhere: no task is forgotten between two writes.
    assert ended == set(ways)
    assert any(world.rows[1].state == REPEATED for world in ended)


@pytest.mark.parametrize("name", BROKEN)
def test_a_design_without_one_of_its_parts_is_caught(name: str) -> None:
    variant, rule = BROKEN[name]
    ways, _ = explore(variant)
    found = {world.wrong for world in ways} - {""}
    assert found == {rule}
    shortest = next(world for world in ways if world.wrong)
    assert told(shortest, ways).count("\n") < 12
