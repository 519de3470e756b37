"""Whatever dies on the way, and however often the door is changed, it ends as by one door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from adapters.memory.books import memory_books
from adapters.memory.executions import MemoryExecutions
from daemon.carriers import HandedOver
from daemon.second_door import SecondDoor
from tests.cloud.door import DIGEST, Door, RuntimeExitError
from tests.cloud.machine import Data
from tests.transfer.bench import Bench, Crash, Fuse, Fused
from tests.transfer.test_advance import SCENES, Scene
from tests.transfer.test_journey import three_tries
from transfer.journey import travel
from transfer.model import Stage, Transfer
from transfer.tickets import PostAction

Befall = Callable[[str, Data], None]
"""Asked before each call of a function, with its name and event."""
FIRST = (PostAction.OPEN, PostAction.START)
LEASE = 100.0
"""Seconds after which a dead owner is known for dead."""


@dataclass(frozen=True)
class Leg:
    """One stretch of the way. By the service, `mishaps` has one: where that is killed. By an
    execution they befall its functions one after the other, as the first word says; `evicted`
    changes the door while a function is about to begin.
    """

    door: str
    mishaps: tuple[str, ...]


KILLS = [f"{when} {at}" for when in ("before", "after") for at in range(1, 16)]
SERVICE = st.builds(Leg, st.just("service"), st.tuples(st.sampled_from(KILLS)))
EXECUTION = st.builds(
    Leg,
    st.just("execution"),
    st.lists(st.sampled_from(["", "", "at once", "evicted", *KILLS]), max_size=8).map(tuple),
)
LEGS = st.lists(st.one_of(SERVICE, EXECUTION), max_size=4)
LAST = st.sampled_from(["service", "execution"])


class Walk:
    def __init__(self, scene: Scene) -> None:
        self.door = Door()
        self.bench = self.door.bench
        self.head = self.bench.received(**scene(self.bench))
        self.bench.ledger.renew(self.head, 0)
        self.legs = 0
        self.executions = MemoryExecutions()

    @property
    def closed(self) -> bool:
        return self.bench.record().transfer.finished

    def go(self, leg: Leg) -> None:
        """Until it is closed, or who carried it is no more."""
        self.legs += 1
        fuse = self.door.fuse
        fuse.at, fuse.dead = None, False
        if leg.door == "service":
            self._carry(leg.mishaps)
        else:
            self._execute(leg.mishaps)
        fuse.at, fuse.dead = None, False

    def _claim(self, owner: str) -> Transfer:
        """After whoever had it is known for dead, or for ended."""
        self.bench.time[0] += LEASE
        self._second().round()
        claim = self.door.books(owner).ledger.claim(self.head.id)
        assert claim
        return claim

    def _second(self) -> SecondDoor:
        """Of a service that was started just now."""
        known = self.bench.destinations.items()
        return SecondDoor(
            executions=self.executions,
            books=memory_books(self.bench.store),
            destinations={name: replace(each, route="step_functions") for name, each in known},
            door=DIGEST,
        )

    def _carry(self, mishaps: Sequence[str]) -> None:
        owner, fuse = f"service {self.legs}", self.door.fuse
        claim = self._claim(owner)
        _set(fuse, *mishaps)
        ledger: Any = Fused(self.door.books(owner).ledger, fuse)
        try:
            travel(claim, replace(self.bench.tools(fuse), ledger=ledger), three_tries)
        except Crash:
            return

    def _execute(self, mishaps: Sequence[str]) -> None:
        claim, second = self._claim("bench"), self._second()
        try:
            second.hand_over(claim, self.bench.tools())
        except HandedOver as handed:
            head = handed.head
        else:
            # It stays with the service: a rehearsal, or what is on its way home already.
            travel(claim, self.bench.tools(), three_tries)
            return
        self.bench.ledger.renew(head, 0)
        second.start(head)
        self.door.before = self._befalling(list(spared(mishaps)), head, second)
        self.door.run(head)
        self.executions.ended.add(head.execution or "")

    def _befalling(self, left: list[str], head: Transfer, second: SecondDoor) -> Befall:
        def before(_name: str, _event: Data) -> None:
            self.door.fuse.at, self.door.fuse.dead = None, False
            mishap = left.pop(0) if left else ""
            if mishap == "at once":
                raise RuntimeExitError
            if mishap == "evicted":
                self.executions.ended.add(head.execution or "")
                second.round()
            elif mishap:
                _set(self.door.fuse, mishap)

        return before


def spared(mishaps: Sequence[str]) -> list[str]:
    """The third in a row would be a function's last try, and that ends otherwise."""
    return [each if number % 3 < 2 else "" for number, each in enumerate(mishaps)]


def _set(fuse: Fuse, mishap: str = "") -> None:
    when, _, at = mishap.partition(" ")
    fuse.at, fuse.after = (fuse.calls + int(at), when == "after") if at else (None, False)


def seen(bench: Bench) -> tuple[object, ...]:
    """All that people and the partner see in the end."""
    record, posts = bench.record(), bench.posts()
    head = record.transfer
    why = head.failure and head.failure.code
    files = [(item.number, item.final, item.state, item.moved) for item in record.deliveries]
    closed = sorted((post.key, post.outcome) for post in posts if post.outcome)
    told = {post.key for post in posts if post.action in FIRST}
    return (head.stage, head.outcome, why, files, closed, told, bench.remotes.files)


@pytest.mark.parametrize("scene", SCENES)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(legs=LEGS, last=LAST)
def test_any_mix_of_deaths_and_doors_ends_as_one_door_does(
    scene: Scene, legs: list[Leg], last: str
) -> None:
    quiet, walk = Bench(), Walk(scene)
    travel(quiet.received(**scene(quiet)), quiet.tools(), three_tries)
    for leg in legs:
        if not walk.closed:
            walk.go(leg)
    if not walk.closed:
        walk.go(Leg(last, ()))
    assert walk.bench.record().transfer.stage is Stage.CLOSED
    assert seen(walk.bench) == seen(quiet)
    assert set(walk.bench.remotes.appeared.values()) <= {1}
    assert opened_first(walk.bench)


def opened_first(bench: Bench) -> bool:
    """No word stands before the opening of its ticket, which would then never be sent."""
    first: dict[str, PostAction] = {}
    for post in bench.posts():
        first.setdefault(post.lane, post.action)
    return set(first.values()) <= set(FIRST)
