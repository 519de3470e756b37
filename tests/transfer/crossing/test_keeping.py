"""A restart goes on with the digests as they were, and reads nothing before that place again.

It is the reads that are counted: a state is used for exactly what it is the state of, or not.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import Any

import pytest

from adapters.digests import Stateable
from adapters.memory.objects import MemoryObjects
from adapters.memory.remotes import ALL_POWERS
from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.crossing.test_engine import receipt_of
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer import digests as digesting
from transfer.computed import Kept
from transfer.crossing.keeping import Keeping
from transfer.destination import Mode
from transfer.digests import STATELESS, Makers
from transfer.errors import Code, Stopping, Transient
from transfer.journey import travel
from transfer.model import CHUNK, Delivery, Outcome, Pin, Source, Transfer
from transfer.width import Width

CHUNKS = 8
DATA = b"".join(bytes([number]) * CHUNK for number in range(CHUNKS)) + b"tail"
DIED = 4
"""The chunk at whose writing the owner dies."""
LEFT = list(range(DIED, CHUNKS + 1))
ALL = list(range(CHUNKS + 1))


@dataclass
class Counted(MemoryObjects):
    """`read` are the chunks that were read to be sent or digested, in order of their places."""

    chunks: list[int] = field(default_factory=list)

    def __init__(self) -> None:
        super().__init__()
        self.chunks = []

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        self.chunks.append(start // CHUNK)
        super().read_into(source, pin, start, buffer)

    def told(self) -> list[int]:
        found, self.chunks = sorted(self.chunks), []
        return found


@pytest.fixture
def objects() -> Counted:
    objects = Counted()
    objects.put(SOURCE, DATA)
    return objects


@pytest.fixture
def bench(objects: Counted) -> Bench:
    return Bench(objects=objects)


def travelled(bench: Bench, fuse: Fuse | None = None, **settings: Any) -> Transfer:
    width = settings.pop("width", Width())
    partner = replace(PARTNER, **settings)
    tools = replace(bench.tools(fuse), destinations={"partner": partner}, width=width)
    return travel(bench.received(), tools, three_tries)


def dies(bench: Bench, objects: Counted, **settings: Any) -> None:
    """Of the writing of a chunk, at about 46 % of the file."""
    fuse = Fuse()

    def hook(verb: str, _path: str, place: int) -> None:
        if (verb, place) == ("write", DIED * CHUNK):
            fuse.burn()

    bench.remotes.hooks.append(hook)
    with pytest.raises(Crash):
        travelled(bench, fuse, **settings)
    bench.remotes.hooks.clear()
    objects.told()


def is_whole(bench: Bench, done: Transfer) -> None:
    assert done.outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == DATA
    receipt = receipt_of(bench)
    assert receipt.sha256 == hashlib.sha256(DATA).hexdigest()
    assert receipt.md5 == hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert bench.record().deliveries[0].kept == ()


ROADS: list[dict[str, Any]] = [
    {"powers": ALL_POWERS},
    {"powers": replace(ALL_POWERS, ranges=False)},
    {"powers": ALL_POWERS, "mode": Mode.DIRECT},
]


@pytest.mark.parametrize("road", ROADS, ids=["anywhere", "at the end", "in place"])
def test_an_heir_reads_nothing_again(bench: Bench, objects: Counted, road: dict[str, Any]) -> None:
    settings = dict(road)
    bench.remotes.powers = settings.pop("powers")
    dies(bench, objects, **settings)
    is_whole(bench, travelled(bench, **settings))
    assert bench.remotes.opened == [0, DIED * CHUNK]
    assert objects.told() == LEFT


def test_an_heir_of_several_connections_begins_at_what_they_had_proven(
    bench: Bench, objects: Counted
) -> None:
    width = Width(wide=CHUNK, share=CHUNK)
    dies(bench, objects, width=width)
    moved = bench.record().deliveries[0].moved // CHUNK
    is_whole(bench, travelled(bench, width=width))
    assert objects.told() == ALL[moved:]


def test_a_stop_and_a_broken_line_keep_it_too(bench: Bench, objects: Counted) -> None:
    errors = [Transient(Code.REMOTE_DROPPED, "The line broke."), Stopping()]

    def hook(verb: str, _path: str, place: int) -> None:
        if verb == "write" and errors and place == (8 - 3 * len(errors)) * CHUNK:
            raise errors.pop(0)

    bench.remotes.hooks.append(hook)
    with pytest.raises(Stopping):
        travelled(bench)
    objects.told()
    is_whole(bench, travelled(bench))
    assert bench.remotes.opened == [0, 2 * CHUNK, 5 * CHUNK]
    assert objects.told() == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("left", "ranges", "read"),
    [
        (4 * CHUNK - 5, True, [3, *LEFT]),  # the state of the chunk before
        (4 * CHUNK - 5, False, [3, *LEFT]),  # continued within a chunk
        (2 * CHUNK, True, ALL),  # none is so old: all of it is read
    ],
)
def test_a_partner_that_holds_less_is_served_from_an_earlier_state(
    bench: Bench, objects: Counted, left: int, ranges: bool, read: list[int]
) -> None:
    bench.remotes.powers = replace(ALL_POWERS, ranges=ranges)
    dies(bench, objects)
    [temp] = bench.temps()
    del bench.remotes.files[temp][left:]
    is_whole(bench, travelled(bench))
    assert objects.told() == read


def test_without_a_library_for_it_all_is_read_again(bench: Bench, objects: Counted) -> None:
    dies(bench, objects)
    bench.digests = STATELESS
    is_whole(bench, travelled(bench))
    assert objects.told() == ALL


def test_nothing_is_kept_of_a_small_file(bench: Bench) -> None:
    bench.objects.put(SOURCE, DATA[: 4 * CHUNK])
    seen: list[tuple[Kept, ...]] = []
    bench.watcher.then = lambda: seen.append(bench.record().deliveries[0].kept)
    assert travelled(bench).outcome is Outcome.DELIVERED
    assert set(seen) == {()}


def test_a_false_state_makes_no_false_success(bench: Bench, objects: Counted) -> None:
    """It is sealed as ours are: only what S3 holds says that it is wrong."""
    dies(bench, objects)
    taken = bench.received()
    [row] = bench.ledger.deliveries(taken.id)
    false = [digesting.keep(row, each.at, states_of(DATA[:64])) for each in row.kept]
    bench.ledger.save(taken, row.evolve(kept=tuple(false)))
    is_whole(bench, travelled(bench))
    # Found out at the end, then sent anew from its first byte.
    assert bench.remotes.opened == [0, DIED * CHUNK, 0]


def states_of(data: bytes, makers: Makers | None = None) -> dict[str, str]:
    states = {}
    for name, make in (makers or Stateable()).items():
        value = make()
        value.update(memoryview(data))
        states[name] = value.state()
    return states


PIN = Pin(size=8 * CHUNK, etag='"e"', version_id="v")
ROW = Delivery(number=1, source=Source(bucket="b", key="k"), final="/f", pin=PIN)
AT = 3 * CHUNK
CHANGES: dict[str, Callable[[Delivery], Delivery]] = {
    "bucket": lambda row: row.evolve(source=replace(row.source, bucket="other")),
    "key": lambda row: row.evolve(source=replace(row.source, key="other")),
    "version": lambda row: row.evolve(pin=replace(PIN, version_id="w")),
    "etag": lambda row: row.evolve(pin=replace(PIN, etag='"f"')),
    "size": lambda row: row.evolve(pin=replace(PIN, size=9 * CHUNK)),
    "place": lambda row: row.evolve(kept=(replace(row.kept[0], at=2 * CHUNK),)),
    "states": lambda row: row.evolve(kept=(replace(row.kept[0], states=states_of(b"other")),)),
    "one state": lambda row: row.evolve(
        kept=(replace(row.kept[0], states={**row.kept[0].states, "md5": states_of(b"x")["md5"]}),)
    ),
    "unpinned": lambda row: row.evolve(pin=None),
    "another library": lambda row: row.evolve(
        kept=(digesting.keep(row, AT, {"md5": "other/1/md5 AA==", "sha256": "other/1 AA=="}),)
    ),
    "one digest only": lambda row: row.evolve(
        kept=(digesting.keep(row, AT, {"md5": states_of(b"")["md5"]}),)
    ),
    "no whole chunk": lambda row: row.evolve(
        kept=(digesting.keep(row, AT - 1, states_of(DATA[: AT - 1])),)
    ),
}


def resumed(row: Delivery, start: int = AT) -> tuple[int, dict[str, str]]:
    makers = Stateable()
    at, hashes = digesting.resume(makers, row, start)
    return at, {name: value.hexdigest() for name, value in hashes.items()}


def of(data: bytes) -> dict[str, str]:
    names = ("md5", "sha256")
    return {name: hashlib.new(name, data, usedforsecurity=False).hexdigest() for name in names}


@pytest.fixture(scope="module")
def kept() -> Delivery:
    return ROW.evolve(kept=(digesting.keep(ROW, AT, states_of(DATA[:AT])),))


def test_a_state_that_fits_is_gone_on_with(kept: Delivery) -> None:
    assert resumed(kept) == (AT, of(DATA[:AT]))
    assert resumed(kept, AT + CHUNK) == (AT, of(DATA[:AT]))


def test_a_state_beyond_what_the_partner_holds_is_not_used(kept: Delivery) -> None:
    assert resumed(kept, AT - CHUNK) == (0, of(b""))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_state_of_anything_else_is_not_used(
    kept: Delivery, change: Callable[[Delivery], Delivery]
) -> None:
    assert resumed(change(kept)) == (0, of(b""))


def places(keeping: Keeping, proven: int) -> list[int]:
    return [each.at // CHUNK for each in keeping.before(proven)]


def test_few_states_are_kept_and_old_ones_among_them() -> None:
    row = ROW.evolve(pin=replace(PIN, size=1000 * CHUNK))
    keeping = Keeping(row, ("md5",), 0)
    value = Stateable()["md5"]()
    for number in range(1, 201):
        keeping.passed("md5", number * CHUNK, value)
    assert places(keeping, CHUNK - 1) == []
    assert places(keeping, CHUNK) == [1]
    assert places(keeping, 9 * CHUNK + 17) == [8, 9]
    assert places(keeping, 75 * CHUNK) == [64, 72, 74, 75]
    # The next owner has what this one was left, as long as it is worth it.
    heir = Keeping(row.evolve(kept=keeping.before(76 * CHUNK)), ("md5",), 76 * CHUNK)
    heir.passed("md5", 77 * CHUNK, value)
    assert places(heir, 77 * CHUNK) == [64, 72, 76, 77]


def test_a_digest_that_has_ended_is_not_waited_for() -> None:
    keeping = Keeping(ROW, ("md5",), 0)
    keeping.ended("md5")
    assert keeping.before(3 * CHUNK) == ()


def test_progress_waits_for_the_slowest_digest() -> None:
    keeping = Keeping(ROW, ("md5", "sha256"), 0)
    found: list[int] = []
    asks = Thread(target=lambda: found.extend(places(keeping, CHUNK)))
    values = {name: Stateable()[name]() for name in ("md5", "sha256")}
    keeping.passed("sha256", CHUNK, values["sha256"])
    asks.start()
    deadline = time.monotonic() + 60
    while not keeping._change._waiters and asks.is_alive():  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.001)
    keeping.passed("md5", CHUNK, values["md5"])
    asks.join()
    assert found == [1]


def test_a_file_that_starts_over_keeps_nothing(bench: Bench, objects: Counted) -> None:
    """Its first chunk breaks off again: then nothing of it has been proven."""
    dies(bench, objects)
    bench.remotes.powers = replace(ALL_POWERS, resumes=False, ranges=False)
    bench.remotes.hooks.append(stops)
    with pytest.raises(Stopping):
        travelled(bench)
    [row] = bench.record().deliveries
    assert (row.moved, row.kept) == (0, ())


def stops(verb: str, _path: str, _place: int) -> None:
    if verb == "write":
        raise Stopping
