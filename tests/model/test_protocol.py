"""Every interleaving of two daemons, crashes, lost leases and lost answers ends right."""

from __future__ import annotations

import pytest

from tests import sweeps
from tests.model.explorer import (
    DOUBLED,
    LOST,
    STALE,
    UNEXPLAINED,
    Findings,
    explore,
)
from tests.model.world import Variant, begin

TROUBLES = [(3, 1, 1)]
WHOLE_TROUBLES = [*TROUBLES, (3, 2, 0), (4, 1, 0), (5, 1, 0), (2, 2, 1), (2, 1, 2), (1, 3, 0)]
"""(crashes, leases lost, answers lost)."""

BROKEN = {
    "no fence": (Variant(fence=False), (0, 1, 0), {DOUBLED, STALE}),
    "the list of candidates is not persisted": (
        Variant(list_persisted=False),
        (1, 1, 1),
        {LOST, UNEXPLAINED},
    ),
    "temps of epochs without INTENT prove something": (
        Variant(intent_only=False),
        (1, 1, 1),
        {DOUBLED},
    ),
    "candidates in descending order": (Variant(ascending=False), (1, 1, 1), {LOST, UNEXPLAINED}),
    "its own temp is asked for first": (Variant(own_last=False), (1, 1, 1), {LOST, UNEXPLAINED}),
    "INTENT keeps the candidate of a VERIFIED temp that was taken over": (
        Variant(own_candidate=False),
        (1, 1, 1),
        {LOST, UNEXPLAINED},
    ),
}


def explored(troubles: tuple[int, int, int], variant: Variant | None = None) -> Findings:
    crashes, losses, silences = troubles
    return explore(begin(crashes=crashes, losses=losses, silences=silences), variant)


def told(found: Findings) -> str:
    return "\n\n".join(f"{rule}:\n{way}" for rule, way in found.wrong.items())


@pytest.mark.parametrize("troubles", WHOLE_TROUBLES if sweeps.WHOLE else TROUBLES, ids=str)
def test_never_twice_never_lost_never_half_and_never_by_an_old_epoch(
    troubles: tuple[int, int, int],
) -> None:
    found = explored(troubles)
    sweeps.tell(
        f"protocol, {troubles[0]} crashes, {troubles[1]} leases and {troubles[2]} answers lost: "
        f"{found.states:,} states, {found.ends:,} ends, {len(found.wrong)} rules broken"
    )
    assert not found.wrong, told(found)
    assert found.ends > 0


def test_an_end_can_be_reached_from_everywhere() -> None:
    found = explore(begin(crashes=2, losses=1, silences=1), ends=True)
    assert found.states > 10_000
    assert found.stuck == 0


@pytest.mark.parametrize("name", BROKEN)
def test_a_protocol_without_one_of_its_parts_is_caught(name: str) -> None:
    variant, troubles, rules = BROKEN[name]
    found = explored(troubles, variant)
    assert rules <= found.wrong.keys(), f"{name}: only this was found\n{told(found)}"
    assert all(way.count("\n") < 40 for way in found.wrong.values())
    assert not explored(troubles).wrong
