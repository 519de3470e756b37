"""Kill the owner before and after every call that it makes; the next owner ends it right.

The points are found by counting, not typed in: the sweep ends when a run needs no more calls.
"""

from __future__ import annotations

import pytest

from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import Outcome, Stage, Transfer

DATA = b"name;pay\n" * 100


def bench() -> Bench:
    made = Bench()
    made.objects.put(SOURCE, DATA)
    return made


def run(world: Bench, fuse: Fuse) -> Transfer | None:
    try:
        return travel(world.received(), world.tools(fuse), three_tries)
    except Crash:
        return None


def resumed(world: Bench, fuse: Fuse) -> Transfer | None:
    """What the next owner makes of it; a transfer that is closed is nobody's work any more."""
    standing = world.record().transfer if world.store.rows else None
    return standing if standing and standing.finished else run(world, fuse)


def calls_of_a_quiet_run() -> int:
    fuse = Fuse()
    done = run(bench(), fuse)
    assert done
    assert done.outcome is Outcome.DELIVERED
    return fuse.calls


POINTS = [(at, after) for at in range(1, calls_of_a_quiet_run() + 1) for after in (False, True)]


def assert_whole(world: Bench, done: Transfer | None) -> None:
    assert done
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert bytes(world.remotes.files[FINAL]) == DATA
    assert world.remotes.appeared == {FINAL: 1}
    # Each of the eight words once, and not more than one note for each owner that died.
    keys = [post.key for post in world.posts()]
    resumed_notes = [key for key in keys if ":resumed-" in key]
    assert len(set(keys)) - len(resumed_notes) == 8
    assert len(resumed_notes) < world.record().transfer.epoch


@pytest.mark.parametrize(("at", "after"), POINTS)
def test_one_crash_loses_nothing_and_doubles_nothing(at: int, after: bool) -> None:
    world = bench()
    run(world, Fuse(at, after=after))
    assert_whole(world, resumed(world, Fuse()))


@pytest.mark.parametrize(("at", "after"), POINTS)
def test_a_crash_in_every_recovery_too(at: int, after: bool) -> None:
    """The second owner dies at each of its calls in turn, and the third ends it."""
    for second in range(1, 60):
        world = bench()
        if run(world, Fuse(at, after=after)) is not None:
            break
        fuse = Fuse(second, after=after)
        resumed(world, fuse)
        assert_whole(world, resumed(world, Fuse()))
        if fuse.calls < second:
            break


@pytest.mark.parametrize(("at", "after"), POINTS)
def test_a_lost_answer_ends_right_or_says_that_it_failed(at: int, after: bool) -> None:
    """Any one call answers with a time-out, before or after it had its effect."""
    world = bench()
    error = Transient(Code.REMOTE_TIMEOUT, "No answer.")
    try:
        done = run(world, Fuse(at, after=after, error=error))
    except Transient:
        # The ledger itself did not answer; the next claim goes on from what it holds.
        done = resumed(world, Fuse())
    assert_whole(world, done)
