"""Fixture: `world` is a fresh table on moto, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.ledger.dynamo.scenes import World, worlds


@pytest.fixture
def world() -> Iterator[World]:
    yield from worlds()
