"""The hourly budget of all doors together, over the limits that they share."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.memory.ledger import MemoryStore
from adapters.memory.limits import MemoryLimits
from adapters.servicenow.line.answers import Call
from adapters.servicenow.line.budget import Budget, Need
from adapters.servicenow.line.common import Common
from transfer.errors import Transient
from transfer.limits import HOUR, WINDOW, Lease

CALL = Call(host="i", method="GET", table="incident")


class Doors:
    """Several processes over one store, whose writes are counted."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.store = MemoryStore()
        self.writes = 0
        self._limits = MemoryLimits(self.store, lambda: self.now)

    def calls(self, name: str, wanted: int, most: int, back: Lease | None = None) -> Lease:
        self.writes += 1
        return self._limits.calls(name, wanted, most, back)

    def budget(self, per_hour: int) -> Budget:
        limits: Any = self
        common = Common(limits, per_hour, lambda: self.now)
        return Budget(per_hour, lambda: self.now, common)


def sent(budget: Budget, most: int) -> int:
    for number in range(most):
        try:
            budget.take(CALL)
        except Transient:
            return number
    return most


def test_two_doors_together_make_no_more_calls_than_the_hour_has() -> None:
    doors = Doors()
    one, two = doors.budget(1000), doors.budget(1000)
    made = [sent(one, 200), sent(two, 2000), sent(one, 2000)]
    assert 950 <= sum(made) <= 1000
    doors.now += HOUR - WINDOW - 60
    assert sent(one, 1) == sent(two, 1) == 0


def test_no_call_is_made_in_any_hour_beyond_the_limit_however_long_it_goes_on() -> None:
    doors = Doors()
    budgets, calls = [doors.budget(60), doors.budget(60), doors.budget(60)], []
    for minute in range(400):
        calls += [minute] * sent(budgets[minute % 3], 2)
        doors.now += 60
    assert max(len([c for c in calls if at <= c < at + 60]) for at in range(340)) <= 60
    assert len(calls) > 5 * 60


def test_one_door_alone_is_not_slowed_down_by_what_it_did_not_use() -> None:
    doors = Doors()
    budget = doors.budget(200)
    for _ in range(240):
        assert sent(budget, 2) == 2
        doors.now += 60
    assert doors.writes < 240


def test_nobody_writes_for_each_call() -> None:
    doors = Doors()
    assert sent(doors.budget(5000), 1000) == 1000
    assert doors.writes < 15


def test_a_door_that_died_holds_its_calls_for_an_hour() -> None:
    doors = Doors()
    assert sent(doors.budget(100), 1000) == 100
    heir = doors.budget(100)
    assert sent(heir, 1) == 0
    doors.now += HOUR + WINDOW + 60
    assert sent(heir, 1) == 1


def test_no_page_is_asked_for_again_before_it_can_have_changed() -> None:
    doors = Doors()
    budget = doors.budget(100)
    assert sent(budget, 1000) == 100
    writes = doors.writes
    for _ in range(50):
        assert sent(budget, 1) == 0
    assert doors.writes == writes


@pytest.mark.parametrize("need", [Need.HINTS, Need.INTAKE])
def test_what_others_have_filled_leaves_no_room_for_what_can_wait(need: Need) -> None:
    doors = Doors()
    assert sent(doors.budget(1000), 900) == 900
    late = doors.budget(1000)
    assert not late.room(need)
    assert late.room(Need.DUTY)
    assert sent(late, 5) == 5


def test_a_call_that_was_repeated_is_owed_by_the_next_lease() -> None:
    doors = Doors()
    budget = doors.budget(100)
    for _ in range(100):
        if budget.room(Need.DUTY):
            budget.take(CALL)
            budget.repeated()
    assert budget.made <= 101
