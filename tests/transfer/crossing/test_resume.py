"""What a dead owner left goes on under the next one; an owner that wakes too late harms nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.remotes import ALL_POWERS
from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.crossing.test_engine import DATA, receipt_of
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Conflict, Mode
from transfer.errors import ClaimLost, Stopping
from transfer.journey import travel
from transfer.model import CHUNK, Outcome, Transfer
from transfer.ports import Powers
from transfer.tools import Tools


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, DATA)
    return bench


def tools_for(bench: Bench, fuse: Fuse | None = None, **settings: Any) -> Tools:
    partner = replace(PARTNER, **settings)
    return replace(bench.tools(fuse), destinations={"partner": partner})


def carried(bench: Bench, **settings: Any) -> Transfer:
    return travel(bench.received(), tools_for(bench, **settings), three_tries)


def dies_at(bench: Bench, verb: str, place: int = 0, **settings: Any) -> None:
    """One owner works until the partner's server is asked for this, and dies of it."""

    fuse = Fuse()

    def hook(asked: str, path: str, at: int) -> None:
        del path
        if (asked, at) == (verb, place):
            fuse.burn()

    bench.remotes.hooks.append(hook)
    with pytest.raises(Crash):
        travel(bench.received(), tools_for(bench, fuse, **settings), three_tries)
    bench.remotes.hooks.clear()


ANYWHERE = ALL_POWERS
AT_THE_END = replace(ALL_POWERS, ranges=False)


@pytest.mark.parametrize("powers", [ANYWHERE, AT_THE_END], ids=["anywhere", "at the end"])
def test_a_dead_owner_s_upload_is_continued(bench: Bench, powers: Powers) -> None:
    bench.remotes.powers = powers
    dies_at(bench, "write", 2 * CHUNK)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 2 * CHUNK]
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert receipt_of(bench).sha256 == hashlib.sha256(DATA).hexdigest()
    assert list(bench.temps()) == []
    assert "Resumed after an interruption" in said(bench)


def test_a_stopped_service_goes_on_where_it_was(bench: Bench) -> None:
    def stop() -> None:
        if bench.watcher.seen and bench.watcher.seen[-1][1] >= CHUNK:
            raise Stopping

    bench.halt = stop
    with pytest.raises(Stopping):
        carried(bench)
    bench.halt = lambda: None
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, CHUNK]
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_three_owners_die_one_after_the_other(bench: Bench) -> None:
    for place in (CHUNK, 2 * CHUNK, 3 * CHUNK):
        dies_at(bench, "write", place)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, CHUNK, 2 * CHUNK, 3 * CHUNK]
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert list(bench.temps()) == []


def zeros(content: bytearray) -> None:
    content[CHUNK : 2 * CHUNK] = bytes(CHUNK)


def shorter(content: bytearray) -> None:
    del content[CHUNK - 1 :]


@pytest.mark.parametrize("loss", [zeros, shorter])
def test_what_was_lost_in_between_starts_over_and_the_ticket_says_so(
    bench: Bench, loss: Callable[[bytearray], None]
) -> None:
    dies_at(bench, "write", 2 * CHUNK)
    [temp] = bench.temps()
    loss(bench.remotes.files[temp])
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened[-1] == 0
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert list(bench.temps()) == []
    assert f"{SOURCE} starts over" in said(bench)


def test_a_server_that_cannot_continue_starts_over_and_the_ticket_says_so(bench: Bench) -> None:
    bench.remotes.powers = replace(ALL_POWERS, resumes=False, ranges=False)
    dies_at(bench, "write", 2 * CHUNK)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 0]
    assert list(bench.temps()) == []
    assert "cannot continue a file" in said(bench)


def test_in_place_goes_on_too(bench: Bench) -> None:
    dies_at(bench, "write", 2 * CHUNK, mode=Mode.DIRECT)
    assert carried(bench, mode=Mode.DIRECT).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 2 * CHUNK]
    assert bytes(bench.remotes.files[FINAL]) == DATA


@pytest.mark.parametrize("conflict", list(Conflict))
@pytest.mark.parametrize("resumes", [True, False])
@pytest.mark.parametrize("asked", ["create", "write", "finish", "size", "rename"])
def test_an_owner_that_wakes_too_late_harms_nothing(
    bench: Bench, asked: str, resumes: bool, conflict: Conflict
) -> None:
    """Frozen before a call to the partner, it wakes when its heir has delivered."""
    bench.remotes.powers = replace(ALL_POWERS, resumes=resumes, ranges=resumes)
    heirs: list[Transfer] = []

    def freeze(verb: str, path: str, place: int) -> None:
        del path, place
        if verb == asked and not heirs:
            bench.remotes.hooks.remove(freeze)
            heirs.append(carried(bench, on_conflict=conflict))

    bench.remotes.hooks.append(freeze)
    with pytest.raises(ClaimLost):
        carried(bench, on_conflict=conflict)
    [heir] = heirs
    assert heir.outcome is Outcome.DELIVERED
    assert bench.remotes.appeared == {FINAL: 1}
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert bench.record().transfer == heir


def test_the_large_file_survives_a_crash_at_every_call(bench: Bench) -> None:
    """Before and after each call to any port; found by counting."""
    for after in (False, True):
        at = 0
        while True:
            at += 1
            world = Bench()
            world.objects.put(SOURCE, DATA)
            fuse = Fuse(at, after=after)
            if (done := owner(world, fuse)) is None:
                standing = world.record().transfer if world.store.rows else None
                done = standing if standing and standing.finished else owner(world, Fuse())
            assert done
            assert done.outcome is Outcome.DELIVERED
            assert world.remotes.appeared == {FINAL: 1}
            assert bytes(world.remotes.files[FINAL]) == DATA
            assert list(world.temps()) == []
            if not fuse.dead:
                break
        assert at > 30


def owner(world: Bench, fuse: Fuse) -> Transfer | None:
    tools = tools_for(world, fuse, digests=())
    try:
        return travel(world.received(), tools, three_tries)
    except Crash:
        return None


def said(bench: Bench) -> str:
    return "\n".join(post.text for post in bench.posts())


def test_a_late_rename_to_our_own_temp_costs_one_more_try(bench: Bench) -> None:
    def late(verb: str, path: str, place: int) -> None:
        del place
        if verb == "create":
            bench.remotes.hooks.remove(late)
            bench.remotes.files[path] = bytearray(b"of an heir's rename")

    bench.remotes.hooks.append(late)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert list(bench.temps()) == []


def test_a_temp_that_its_dead_session_brings_back_is_removed(bench: Bench) -> None:
    """A server may end what came over a line after the line has gone, and an heir has begun."""
    bench.remotes.powers = replace(ALL_POWERS, resumes=False, ranges=False)
    dies_at(bench, "write", 2 * CHUNK)
    [temp] = bench.temps()

    def bring_back(verb: str, path: str, place: int) -> None:
        del path
        if (verb, place) == ("write", CHUNK):
            bench.remotes.files[temp] = bytearray(DATA[:CHUNK])

    bench.remotes.hooks.append(bring_back)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 0]
    assert list(bench.temps()) == []
