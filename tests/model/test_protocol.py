"""Every interleaving of two daemons, crashes, lost leases and lost answers ends right."""

from __future__ import annotations

from functools import cache

import pytest

from tests import sweeps
from tests.model.explorer import (
    DOUBLED,
    LEFT,
    LOST,
    STALE,
    UNASKED,
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

SWAPPING = {
    "what stepped aside for nothing stays aside": (Variant(put_back=False), (0, 1, 0, 0)),
    "an heir does not know what stepped aside": (Variant(gather=False), (1, 0, 0, 1)),
    "what stands aside is removed without a look": (Variant(known=False), (0, 1, 1, 0)),
}


@cache
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


FURTHER = [(1, 1, 0, 1), (0, 1, 1, 1)]
WHOLE_FURTHER = [*FURTHER, (2, 1, 0, 1), (1, 1, 1, 1), (0, 2, 1, 1)]
"""(crashes, leases lost, answers lost, approvals withdrawn)."""


def withdrawing(
    troubles: tuple[int, int, int, int], variant: Variant | None = None, *, swap: bool
) -> Findings:
    crashes, losses, silences, withdrawals = troubles
    first = begin(
        crashes=crashes, losses=losses, silences=silences, withdrawals=withdrawals, swap=swap
    )
    return explore(first, variant)


@pytest.mark.parametrize("swap", [False, True], ids=["rename", "swap"])
@pytest.mark.parametrize("troubles", WHOLE_FURTHER if sweeps.WHOLE else FURTHER, ids=str)
def test_what_is_withdrawn_leaves_nothing_and_a_swap_gives_back_what_is_not_its_own(
    troubles: tuple[int, int, int, int], *, swap: bool
) -> None:
    found = withdrawing(troubles, swap=swap)
    sweeps.tell(
        f"{'swap' if swap else 'rename'}, approval withdrawn, {troubles[0]} crashes, {troubles[1]} "
        f"leases and {troubles[2]} answers lost: {found.states:,} states, "
        f"{found.ends:,} ends, {len(found.wrong)} rules broken"
    )
    assert not found.wrong, told(found)
    assert found.ends > 0


def test_a_withdrawn_file_that_stays_at_intent_is_caught() -> None:
    found = withdrawing((1, 0, 0, 1), Variant(let_go=False), swap=False)
    assert UNEXPLAINED in found.wrong


def test_a_withdrawn_file_whose_own_temp_is_taken_as_proof_is_caught() -> None:
    found = withdrawing((0, 0, 1, 1), Variant(void=False), swap=False)
    assert UNASKED in found.wrong


@pytest.mark.parametrize("name", SWAPPING)
def test_a_swap_without_one_of_its_parts_is_caught(name: str) -> None:
    variant, troubles = SWAPPING[name]
    found = withdrawing(troubles, variant, swap=True)
    assert LEFT in found.wrong, told(found)
    assert not withdrawing(troubles, swap=True).wrong
