"""Any schedule of duplicates, crashes, lost answers and lost leases ends in the same delivery."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis import HealthCheck, event, given, settings

from tests import sweeps
from tests.model.owners import DIE, DIED, GO, LEASE, LOSE, LOST, Owner
from tests.transfer.bench import FINAL, Bench
from tests.transfer.test_journey import SOURCE
from transfer.model import CHUNK, Outcome, Stage

DATA = {"small": b"name;pay\n" * 100, "large": bytes(range(256)) * (CHUNK // 256) + b"the end"}
EXPIRE = "lease lost"
OFTEN = 2
"""Answers lost in one schedule: after the third in a row a step rightly fails."""


@dataclass(frozen=True)
class Turn:
    """One of two places moves on for `calls` calls, then `fate` befalls its next one."""

    place: int
    calls: int
    fate: str


turns = st.builds(
    Turn,
    place=st.integers(0, 1),
    calls=st.integers(0, 14),
    fate=st.sampled_from([GO, GO, EXPIRE, EXPIRE, DIE, DIED, LOSE, LOST]),
)


class Play:
    """Two places for owners; whoever has ended makes room for a fresh one, a duplicate."""

    def __init__(self, size: str) -> None:
        self.world = Bench()
        self.world.objects.put(SOURCE, DATA[size])
        self.places: list[Owner | None] = [None, None]
        self.all: list[Owner] = []
        self.silences = 0

    def play(self, turn: Turn) -> None:
        owner = self.places[turn.place]
        if owner is None or not owner.waits:
            owner = Owner(self.world)
            self.places[turn.place] = owner
            self.all.append(owner)
        for _ in range(turn.calls):
            owner.move()
        if turn.fate == EXPIRE:
            self.world.time[0] += LEASE
        elif turn.fate in (LOSE, LOST):
            self.silences += 1
            owner.move(turn.fate if self.silences <= OFTEN else GO)
        else:
            owner.move(turn.fate)

    def end(self) -> None:
        """A last owner takes it up; then those that were frozen wake and go on."""
        for _ in range(2):
            self.world.time[0] += LEASE
            Owner(self.world).finish()
        for owner in self.all:
            owner.finish()


@settings(
    max_examples=3000 if sweeps.WHOLE else 60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.sampled_from(["small", "small", "small", "large"]), st.lists(turns, max_size=12))
def test_every_schedule_ends_in_the_same_delivery(size: str, schedule: list[Turn]) -> None:
    play = Play(size)
    for turn in schedule:
        play.play(turn)
    play.end()
    world = play.world
    done = world.record().transfer
    event(f"epochs: {min(done.epoch, 6)}")
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert bytes(world.remotes.files[FINAL]) == DATA[size]
    assert world.remotes.appeared == {FINAL: 1}
    if not any(turn.fate in (DIE, DIED) for turn in schedule):
        # An owner that wakes when all is over, makes its temp and then dies leaves it behind.
        assert sorted(world.temps()) == []
    keys = [post.key for post in world.posts()]
    assert len(keys) == len(set(keys)) >= 7


def test_the_sweep_is_told() -> None:
    sweeps.tell(f"schedules: {3000 if sweeps.WHOLE else 60}, each ended in one delivery")
