"""A destination's connections, shared by several doors."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.ledger import LEASE, MemoryStore
from adapters.memory.limits import MemoryLimits
from adapters.running.places import Places
from tests.transfer.made import NOON, PARTNER, VAULT, request
from transfer.errors import Code, Transient, Waiting
from transfer.model import Transfer
from transfer.slots import Slots

FOUR = replace(PARTNER, connections=4)


def transfer(number: int) -> Transfer:
    return Transfer(request=request(id=f"i:sc_task:{number:032}"), received_at=NOON)


class Doors:
    """Doors over one store, on one clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.limits: Any = MemoryLimits(MemoryStore(), lambda: self.now)

    def open(self, name: str) -> tuple[Places, Slots]:
        slots = Slots(16)
        return Places(self.limits, name, slots, LEASE, lambda: self.now), slots


def test_one_door_alone_has_all_and_gives_all_back() -> None:
    doors = Doors()
    places, slots = doors.open("one")
    assert places.most(FOUR) == 4
    with places(transfer(1), FOUR, 9):
        assert places.most(FOUR) == places.crossings("partner") == 4
        assert places.most(VAULT) == VAULT.connections
        with slots.widen(FOUR, 9) as granted:
            assert granted == 4
    assert places.crossings("partner") == 0
    assert doors.limits.places("partner", "another", 4, 4) == 4


def test_what_another_door_has_is_not_handed_out_here() -> None:
    doors = Doors()
    (one, _), (two, slots) = doors.open("one"), doors.open("two")
    with one(transfer(1), FOUR, 3), two(transfer(2), FOUR, 4), slots.widen(FOUR, 4) as granted:
        assert granted == 1


def test_who_finds_no_place_waits_and_is_left_its_share() -> None:
    doors = Doors()
    (one, _), (two, _) = doors.open("one"), doors.open("two")
    with one(transfer(1), FOUR, 4):
        with pytest.raises(Waiting) as caught, two(transfer(2), FOUR, 4):
            raise AssertionError("no place was free")
        assert caught.value.code is Code.DESTINATION_BUSY
        assert caught.value.retry_after == 4.0
        doors.now += LEASE / 4
        one.renew()
        assert one.most(FOUR) == 2
        with two(transfer(2), FOUR, 4):
            assert two.most(FOUR) == 2


def test_who_waits_looks_again_soon_and_then_less_often() -> None:
    doors = Doors()
    (one, _), (two, _) = doors.open("one"), doors.open("two")

    def refused() -> float | None:
        with pytest.raises(Waiting) as caught, two(transfer(2), FOUR, 4):
            raise AssertionError("no place was free")
        return caught.value.retry_after

    with one(transfer(1), FOUR, 4):
        assert [refused() for _ in range(5)] == [4.0, 8.0, 16.0, 30.0, 30.0]
    with two(transfer(2), FOUR, 4):
        pass
    with one(transfer(1), FOUR, 4):
        assert refused() == 4.0


def test_nothing_is_begun_between_what_is_said_to_be_in_use_and_the_answer() -> None:
    doors = Doors()
    one, slots = doors.open("one")
    with one(transfer(1), FOUR, 4):
        plain, seen = doors.limits, []

        class Asked:
            def places(self, *told: Any) -> int:
                with slots.widen(FOUR, 4) as granted:
                    seen.append((told[-1], granted))
                return int(plain.places(*told))

        one._limits = Asked()  # type: ignore[assignment]
        doors.now += LEASE / 4
        with slots.widen(FOUR, 1):
            one.renew()
        assert seen == [(1, 0)]
        with slots.widen(FOUR, 4) as granted:
            assert granted == 4


def test_crossings_of_one_door_add_up() -> None:
    doors = Doors()
    one, _ = doors.open("one")
    with ExitStack() as stack:
        for number in range(3):
            stack.enter_context(one(transfer(number), FOUR, 1))
            assert one.most(FOUR) == number + 1
        assert doors.limits.places("partner", "another", 4, 4) == 1
    assert doors.limits.places("partner", "another", 4, 4) == 4


def test_the_heartbeat_keeps_them_and_a_dead_door_loses_them_after_a_lease() -> None:
    doors = Doors()
    (one, _), (two, _) = doors.open("one"), doors.open("two")
    with one(transfer(1), FOUR, 4):
        for _ in range(8):
            doors.now += LEASE / 4
            one.renew()
        assert doors.limits.places("partner", "another", 4, 4) == 0
        doors.limits.places("partner", "another", 0, 4)
        doors.now += LEASE
        with two(transfer(2), FOUR, 3):
            assert two.most(FOUR) == 3


def test_a_door_takes_more_as_soon_as_it_is_left_more() -> None:
    doors = Doors()
    (one, _), (two, _) = doors.open("one"), doors.open("two")
    with two(transfer(2), FOUR, 3), one(transfer(1), FOUR, 4):
        assert one.most(FOUR) == 1
        doors.limits.places("partner", "two", 0, 4)
        doors.now += LEASE / 4
        one.renew()
        assert one.most(FOUR) == 4


def test_a_ledger_that_is_away_lets_nothing_begin_and_ends_nothing() -> None:
    doors = Doors()
    one, _ = doors.open("one")
    limits, away = doors.limits, Transient(Code.LEDGER_UNAVAILABLE, "It is away.")

    class Away:
        def places(self, *_: object, **__: object) -> int:
            raise away

    with one(transfer(1), FOUR, 4):
        one._limits = Away()  # type: ignore[assignment]
        doors.now += LEASE / 4
        one.renew()
        assert one.most(FOUR) == 4
        with pytest.raises(Transient, match="It is away"), one(transfer(2), FOUR, 1):
            raise AssertionError("nobody said that it may")
    one._limits = limits
    with one(transfer(2), FOUR, 1):
        assert one.most(FOUR) == 1
