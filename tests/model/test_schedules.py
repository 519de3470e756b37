"""Any schedule of duplicates, crashes, lost answers, lost leases and a withdrawal ends in one
delivery, or in none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, event, given, settings

from adapters.memory.keeper import MemoryKeeper
from adapters.memory.remotes import ALL_POWERS
from tests import sweeps
from tests.model.owners import DIE, DIED, GO, LEASE, LOSE, LOST, Owner
from tests.transfer.bench import FINAL, Bench
from tests.transfer.made import PARTNER, request
from tests.transfer.test_journey import SOURCE
from transfer.destination import Conflict, Mode
from transfer.errors import Code, Permanent
from transfer.model import CHUNK, Outcome, Stage

DATA = {"small": b"name;pay\n" * 100, "large": bytes(range(256)) * (CHUNK // 256) + b"the end"}
OLD = b"what stood there"
EXPIRE, WITHDRAW = "lease lost", "approval withdrawn"
EVICT, AGAIN = "evicted", "asked again"
"""An operator takes the claim from whoever has it; an execution asks its function once more while
the one before still lives."""
FUNCTIONS = 1
"""The place of an execution; the other one is a daemon's."""
OFTEN = 2
"""Answers lost in one schedule: after the third in a row a step rightly fails."""
KINDS = {
    "into an empty place": (PARTNER, False),
    "replacing": (replace(PARTNER, on_conflict=Conflict.REPLACE), True),
    "a version": (replace(PARTNER, on_conflict=Conflict.VERSION), True),
    "swapping": (replace(PARTNER, on_conflict=Conflict.REPLACE, mode=Mode.SWAP), True),
}
PUBLISHED = 24
"""Calls after which an owner of one small file has published it."""
SCENARIOS = 5_000 if sweeps.WHOLE else 20
"""Of each kind."""


@dataclass(frozen=True)
class Turn:
    """One of two places moves on for `calls` calls, then `fate` befalls its next one."""

    place: int
    calls: int
    fate: str


FATES = [GO, GO, EXPIRE, EXPIRE, DIE, DIED, LOSE, LOST, WITHDRAW, EVICT, AGAIN]
turns = st.builds(
    Turn,
    place=st.integers(0, 1),
    calls=st.integers(0, 14),
    fate=st.sampled_from(FATES),
)


class Play:
    """Two places for owners; whoever has ended makes room for a fresh one, a duplicate."""

    def __init__(self, kind: str, size: str) -> None:
        partner, taken = KINDS[kind]
        self.world = Bench(destinations={"partner": partner})
        self.files = self.world.remotes.files
        self.old = {FINAL: OLD} if taken else {}
        self.files.update({name: bytearray(content) for name, content in self.old.items()})
        if partner.mode is Mode.SWAP:
            powers = replace(ALL_POWERS, replaces=False, digests=frozenset())
            self.world.remotes.powers = powers
        self.versions = partner.on_conflict is Conflict.VERSION
        self.data = DATA[size]
        self.world.objects.put(SOURCE, self.data)
        self.places: list[Owner | None] = [None, None]
        self.all: list[Owner] = []
        self.silences = 0
        self.late_deaths = 0
        """Of owners that had been overtaken, or of their line before they had cleared up: what they
        had in hand nobody else knows of.
        """

    def play(self, turn: Turn) -> None:
        owner = self.places[turn.place]
        if owner is None or not owner.waits:
            owner = self._arrives(turn.place)
        for _ in range(turn.calls):
            owner.move()
        if turn.fate == AGAIN:
            self._arrives(turn.place)
        else:
            self._befall(owner, turn.fate)

    def _arrives(self, place: int) -> Owner:
        owner = Owner(self.world, invocations=place == FUNCTIONS)
        self.places[place] = owner
        self.all.append(owner)
        return owner

    def _befall(self, owner: Owner, fate: str) -> None:
        if fate == EXPIRE:
            self.world.time[0] += LEASE
        elif fate == EVICT:
            MemoryKeeper(self.world.store).evict(request().id)
        elif fate == WITHDRAW:
            refusal = Permanent(Code.APPROVAL_WITHDRAWN, "No longer approved.")
            self.world.consent.refusal = refusal
        else:
            self._strike(owner, fate)

    def _strike(self, owner: Owner, fate: str) -> None:
        if fate in (LOSE, LOST):
            self.silences += 1
            fate = fate if self.silences <= OFTEN else GO
        overtaken = self.world.store.rows and owner.epoch < self.world.record().transfer.epoch
        self.late_deaths += bool(overtaken and owner.waits and fate != GO)
        owner.move(fate)

    def end(self) -> None:
        """A last owner takes it up; then those that were frozen wake and go on."""
        for _ in range(2):
            self.world.time[0] += LEASE
            Owner(self.world).finish()
        for owner in self.all:
            owner.finish()

    @property
    def delivered(self) -> dict[str, bytes]:
        """What is there when all has gone well."""
        name = "/inbox/pay/nov.2.csv" if self.versions else FINAL
        return {**self.old, name: self.data}

    def judge(self) -> None:
        """Nothing doubled, lost, wrong, published unasked, or left without a reason."""
        done = self.world.record().transfer
        assert done.stage is Stage.CLOSED
        appeared = sum(self.world.remotes.appeared.values())
        assert (done.outcome, appeared) in ((Outcome.DELIVERED, 1), (Outcome.REFUSED, 0))
        stands = {name: bytes(content) for name, content in self.files.items()}
        expected = self.delivered if appeared else self.old
        if not self.late_deaths:
            assert stands == expected
        elif any(name.endswith(".old") for name in stands):
            assert self.data in stands.values() or not appeared
        else:
            assert {name: stands.get(name) for name in expected} == expected
        if self.world.consent.refusal is None:
            assert appeared
        keys = [post.key for post in self.world.posts()]
        assert len(keys) == len(set(keys)) >= 7


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=SCENARIOS,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(size=st.sampled_from(["small"] * 7 + ["large"]), schedule=st.lists(turns, max_size=12))
def test_every_schedule_ends_in_one_delivery_or_in_none(
    kind: str, size: str, schedule: list[Turn]
) -> None:
    play = Play(kind, size)
    for turn in schedule:
        play.play(turn)
    play.end()
    done = play.world.record().transfer
    event(f"epochs: {min(done.epoch, 6)}, {done.outcome}")
    play.judge()


def test_who_was_overtaken_clears_up_at_any_moment_of_its_heir() -> None:
    """A whole temp had gone between the heir's save of the new name and its rename, and a person
    was asked who took it.
    """
    kind = "into an empty place"
    quiet = Play(kind, "small")
    quiet.play(Turn(0, PUBLISHED, GO))
    assert quiet.files == quiet.delivered
    quiet.end()
    for lost in range(PUBLISHED):
        for heir in range(PUBLISHED):
            play = Play(kind, "small")
            play.play(Turn(0, lost, LOSE))
            play.play(Turn(0, 1, EXPIRE))
            play.play(Turn(1, heir, GO))
            play.play(Turn(0, 1, GO))
            play.end()
            play.judge()


def test_the_sweep_is_told() -> None:
    sweeps.tell(f"schedules: {SCENARIOS * len(KINDS):,}, each ended in one delivery or in none")
