"""What the ledger knows of a file under way, by time: a stumble loses nothing, a kill a little."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.errors import ClaimLost, Code, Stopping, Transient
from transfer.journey import once, travel
from transfer.model import CHUNK, Outcome, Transfer
from transfer.tools import Tools

NEVER = 1e9
"""Seconds: of two writes of progress the second does not come in any test."""
DATA = bytes(range(256)) * (3 * CHUNK // 256) + b"the end"


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, DATA)
    return bench


def seldom(bench: Bench, fuse: Fuse | None = None) -> Tools:
    return replace(bench.tools(fuse), progress_every=NEVER)


def moved(bench: Bench) -> int:
    return bench.record().deliveries[0].moved


def breaks(bench: Bench, error: BaseException, at: int = 2 * CHUNK) -> list[int]:
    """The first write at that place raises it."""
    broken: list[int] = []

    def hook(verb: str, _path: str, place: int) -> None:
        if verb == "write" and place == at and not broken:
            broken.append(place)
            raise error

    bench.remotes.hooks.append(hook)
    return broken


def carried(bench: Bench) -> Transfer:
    return travel(bench.received(), seldom(bench), three_tries)


def test_nothing_is_written_on_the_way_of_a_file_that_takes_less(bench: Bench) -> None:
    seen: set[int] = set()
    bench.watcher.then = lambda: seen.add(moved(bench))
    assert carried(bench).outcome is Outcome.DELIVERED
    assert seen == {0}
    # Whoever watches is told of every chunk all the same.
    assert [place for _, place in bench.watcher.seen][:2] == [CHUNK, 2 * CHUNK]


def test_the_next_try_goes_on_where_the_line_broke(bench: Bench) -> None:
    assert breaks(bench, Transient(Code.REMOTE_DROPPED, "The line broke.")) == []
    done = carried(bench)
    assert (done.outcome, bench.remotes.opened) == (Outcome.DELIVERED, [0, 2 * CHUNK])
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_a_stop_loses_nothing(bench: Bench) -> None:
    breaks(bench, Stopping())
    with pytest.raises(Stopping):
        carried(bench)
    assert moved(bench) == 2 * CHUNK
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 2 * CHUNK]


def test_a_kill_loses_what_was_sent_since_and_nothing_is_believed(bench: Bench) -> None:
    breaks(bench, Crash())
    with pytest.raises(Crash):
        carried(bench)
    assert moved(bench) == 0
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 0]
    assert (bytes(bench.remotes.files[FINAL]), list(bench.temps())) == (DATA, [])


def test_an_owner_that_stumbles_after_it_was_overtaken_writes_nothing(bench: Bench) -> None:
    taken = bench.received()
    error = Transient(Code.REMOTE_DROPPED, "The line broke.")

    def overtaken(verb: str, _path: str, place: int) -> None:
        if verb == "write" and place == 2 * CHUNK:
            bench.remotes.hooks.clear()
            bench.received()
            raise error

    bench.remotes.hooks.append(overtaken)
    with pytest.raises(ClaimLost):
        travel(taken, seldom(bench), once)
    assert moved(bench) == 0
