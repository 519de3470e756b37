"""Hints of names that nothing stands under: asked for once a minute, and forgotten after that."""

from __future__ import annotations

import pytest

from tests.daemon.door import Door
from tests.transfer.made import evidence
from transfer.errors import Code
from transfer.remembered import Remembered

TASK = evidence().task_id
OTHER = "9" * 32


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_flood_of_unknown_names_is_asked_for_once_a_minute(door: Door) -> None:
    for _ in range(20):
        door.say(request="RITM0099999")
        door.say(task=OTHER)
    while door.clock.now < 1_050.0:
        door.hints.round()
        door.clock.now += 1.0
    assert door.inbox.asked == 2
    door.inbox.put(evidence())
    door.say(task=TASK)
    door.drain()
    assert door.known() == [evidence().request_id]
    assert door.codes() == [Code.HINT_UNKNOWN] * 40


def test_a_task_of_others_is_remembered_too(door: Door) -> None:
    door.inbox.put(evidence(task_state="2"))
    for _ in range(20):
        door.say(task=TASK)
    door.hints.round()
    door.hints.round()
    assert door.inbox.asked == 1


def test_what_is_remembered_is_bounded_and_forgotten() -> None:
    now = [0.0]
    kept: Remembered[str] = Remembered(2, 10.0, lambda: now[0])
    for key in ("a", "b", "c"):
        kept.keep(key, key)
    assert [kept.get(key) for key in ("a", "b", "c")] == [None, "b", "c"]
    now[0] = 9.9
    kept.keep("b", "again")
    now[0] = 10.0
    assert [kept.get(key) for key in ("b", "c")] == ["again", None]
