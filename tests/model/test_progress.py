"""Whenever an owner is killed, its heir goes on at a place before which nothing is missing."""

from __future__ import annotations

import pytest

from tests.model.progress import CHUNKS, Variant, explore


def test_no_order_of_hands_threads_and_answers_leaves_a_hole() -> None:
    states, bad = explore(Variant())
    assert states > 1_000
    assert bad is None


@pytest.mark.parametrize(
    "variant", [Variant(known_at_once=False), Variant(in_order=False)], ids=str
)
def test_progress_without_one_of_its_parts_passes_over_a_hole(variant: Variant) -> None:
    _, bad = explore(variant)
    assert bad is not None
    assert 0 < bad.saved <= CHUNKS
