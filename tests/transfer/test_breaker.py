"""The breaker, by any course of tries, deaths and clocks: one try at a time where it rests, never a
refused credential again, and always a way back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import hypothesis.strategies as st
from hypothesis import given, settings

from tests import sweeps
from tests.transfer.made import PARTNER
from transfer.breaker import GAP, LONGEST, PATIENCE, Breaker, Leave, Login, Page, look, resumed
from transfer.destination import Destination
from transfer.errors import Code, Permanent, Transient

AWAY = Transient(Code.REMOTE_UNREACHABLE, "Nobody answers.")
NO = Permanent(Code.AUTH_REFUSED, "No.")
THERE = replace(PARTNER, rest_after=3, rest=60.0)
LEASE = 60.0
COURSES = 3_000 if sweeps.WHOLE else 150


def marked(secret: str, salt: str) -> str:
    return f"{salt}{secret}"


def login(me: str, secret: str = "word", *, first: bool = False) -> Login:
    mark = partial(marked, secret)
    return Login(destination=THERE, me=me, mark=mark, first=first, lease=LEASE)


@dataclass
class World:
    """One page, one clock, and the tries that are under way: with which secret, since when."""

    page: Page = field(default_factory=dict)
    now: float = 1_000_000.0
    tries: dict[str, tuple[Login, str, Leave, float]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    count: int = 0
    there: Destination = THERE
    rests_until: float = 0.0

    def begins(self, secret: str, *, first: bool) -> Leave:
        self.count += 1
        me = f"try {self.count}"
        mine = replace(login(me, secret, first=first), destination=self.there)
        (leave, _), self.page = mine.asked(self.page, self.now)
        if leave in {Leave.GO, Leave.TRY}:
            assert secret not in self.refused
            assert self.now >= self.rests_until
            if leave is Leave.TRY:
                assert not self.alone()
            self.tries[me] = (mine, secret, leave, self.now)
        if secret in self.refused:
            assert leave is Leave.REFUSED
        return leave

    def alone(self) -> list[str]:
        """Who tries alone at this moment, and may still be alive."""
        return [
            me
            for me, (_, _, leave, since) in self.tries.items()
            if leave is Leave.TRY and self.now < since + LEASE
        ]

    def ends(self, me: str, how: str) -> None:
        mine, secret, leave, _ = self.tries.pop(me)
        rested = Breaker.of(self.page).rests(self.there)
        if how in {"in", "no"}:
            self.rests_until = 0.0
        if how == "in":
            _, self.page = mine.let_in(self.page, self.now)
        elif how == "away":
            _, self.page = mine.failed(AWAY, self.page, self.now)
            rests = Breaker.of(self.page).rests(self.there)
            if rests and (leave is Leave.TRY or not rested):
                self.rests_until = self.now + self.there.rest
        elif how == "no":
            _, self.page = mine.refused(NO, "salt", self.page, self.now)
            self.refused.add(secret)
        elif how == "ours":
            _, self.page = mine.given_up(self.page, self.now)

    def resumes(self) -> None:
        _, self.page = resumed(self.page, self.now)
        self.refused.clear()
        self.rests_until = 0.0
        # Whoever tries was told so before the word of the operator.
        self.tries = {
            me: (mine, secret, Leave.GO, since)
            for me, (mine, secret, _, since) in self.tries.items()
        }


BEGIN = st.tuples(st.just("begin"), st.sampled_from(["word", "other"]), st.booleans())
END = st.tuples(
    st.just("end"), st.integers(0, 5), st.sampled_from(["in", "away", "away", "no", "ours"])
)
ACTS = st.one_of(
    BEGIN,
    BEGIN,
    END,
    END,
    st.tuples(st.just("die"), st.integers(0, 5), st.none()),
    st.tuples(st.just("pass"), st.sampled_from([1.0, 30.0, 61.0, 901.0, -30.0]), st.none()),
    st.tuples(st.just("resume"), st.none(), st.none()),
)


@given(st.lists(ACTS, min_size=20, max_size=40), st.integers(1, 3))
@settings(max_examples=COURSES, deadline=None)
def test_any_course_leaves_a_way_back(
    acts: list[tuple[str, object, object]], rest_after: int
) -> None:
    world = World(there=replace(THERE, rest_after=rest_after))
    for verb, what, more in acts:
        at = _place(what, world)
        if verb == "begin":
            world.begins(str(what), first=bool(more))
        elif verb == "end" and at:
            world.ends(at, str(more))
        elif verb == "die" and at:
            del world.tries[at]
        elif verb == "pass" and isinstance(what, float):
            world.now += what
            if what < 0:
                # A clock set back may let one try that another one's clock forbade.
                world.tries, world.rests_until = {}, 0.0
                world.page = Breaker.of(world.page).free(Breaker.of(world.page).trier).page()
        elif verb == "resume":
            world.resumes()
    world.now += LONGEST + LEASE
    leave = world.begins("a third one", first=True)
    assert leave in {Leave.GO, Leave.TRY}
    world.ends(list(world.tries)[-1], "in")
    assert not look(world.page, world.now)[0].rests(world.there)


def _place(what: object, world: World) -> str | None:
    if not isinstance(what, int) or not world.tries:
        return None
    return list(world.tries)[what % len(world.tries)]


def test_it_rests_after_so_many_failures_and_for_longer_each_time() -> None:
    world, rests = World(), []
    for _ in range(3):
        assert world.begins("word", first=False) is Leave.GO
        world.ends(f"try {world.count}", "away")
    for _ in range(6):
        assert world.begins("word", first=False) is Leave.WAIT
        rests.append(Breaker.of(world.page).until - world.now)
        world.now += rests[-1]
        assert world.begins("word", first=False) is Leave.TRY
        assert world.begins("word", first=False) is Leave.WAIT
        world.ends(f"try {world.count - 1}", "away")
    assert rests == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


def test_those_that_began_before_it_rested_make_it_no_longer() -> None:
    world = World()
    for _ in range(8):
        world.begins("word", first=False)
    for me in list(world.tries):
        world.ends(me, "away")
    assert (Breaker.of(world.page).failures, Breaker.of(world.page).until) == (3, world.now + 60)


def test_who_died_over_its_try_holds_nobody_for_longer_than_its_lease() -> None:
    world = World()
    assert world.begins("word", first=True) is Leave.TRY
    world.now += LEASE - 1
    assert world.begins("word", first=True) is Leave.WAIT
    world.now += 1
    assert world.begins("word", first=True) is Leave.TRY


def test_a_success_of_another_credential_does_not_forget_what_was_refused() -> None:
    world = World()
    world.begins("word", first=False)
    world.ends("try 1", "no")
    world.begins("other", first=False)
    world.ends("try 2", "in")
    assert world.begins("word", first=False) is Leave.REFUSED
    world.resumes()
    assert world.begins("word", first=False) is Leave.GO


def test_an_outage_is_counted_from_its_own_beginning() -> None:
    world = World()
    for _ in range(3):
        world.begins("word", first=False)
        world.ends(f"try {world.count}", "away")
    began = Breaker.of(world.page).since
    world.now += GAP
    world.begins("word", first=False)
    world.ends(f"try {world.count}", "away")
    assert Breaker.of(world.page).since == began
    world.now += PATIENCE
    world.begins("word", first=False)
    world.ends(f"try {world.count}", "away")
    assert Breaker.of(world.page).since == world.now


def test_a_page_of_a_later_version_is_read() -> None:
    refusal = {"mark": "saltword", "at": 1.0, "said": "No.", "hue": "red"}
    page = {"failures": 7, "hue": "blue", "salt": "salt", "refused": [refusal]}
    assert Breaker.of(page).failures == 7
    assert login("one").asked(page, 2.0)[0][0] is Leave.REFUSED


def test_a_rest_that_is_switched_off_never_comes() -> None:
    world = World()
    for _ in range(50):
        mine = replace(login(f"{world.count}"), destination=replace(THERE, rest_after=0))
        (leave, _), world.page = mine.asked(world.page, world.now)
        assert leave is Leave.GO
        _, world.page = mine.failed(AWAY, world.page, world.now)
