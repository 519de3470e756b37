"""Small files together: the same right ends as one by one, at every crash and refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.objects import MemoryObjects
from adapters.s3 import checksums
from tests.transfer.bench import Bench, Crash, Fuse
from tests.transfer.crossing.test_attested import AWS, value
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import three_tries
from transfer.destination import Destination, Tier
from transfer.digests import ATTESTED
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import Delivery, DeliveryState, Outcome, Pin, Source, Stage, Transfer
from transfer.steps import PINNERS
from transfer.windows import parse_bandwidth

NAMES = [f"s3://exports/payroll/file-{number}" for number in range(6)]
FINALS = {f"/inbox/d/file-{number}": NAMES[number].encode() * 50 for number in range(6)}


def bench() -> Bench:
    made = Bench()
    for name in NAMES:
        made.objects.put(name, name.encode() * 50)
    return made


def run(
    world: Bench,
    fuse: Fuse | None = None,
    options: Mapping[str, str] | None = None,
    **settings: Any,
) -> Transfer | None:
    standing = world.record().transfer if world.store.rows else None
    if standing and standing.finished:
        return standing
    destination = replace(PARTNER, connections=1, **settings)
    tools = replace(world.tools(fuse), destinations={"partner": destination})
    asked = world.received(sources=tuple(NAMES), target="d", options=options or {})
    try:
        return travel(asked, tools, three_tries)
    except Crash:
        return None


def files(world: Bench) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in world.remotes.files.items()}


def assert_whole(world: Bench, done: Transfer | None) -> None:
    assert done
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert files(world) == FINALS
    assert world.remotes.appeared == dict.fromkeys(FINALS, 1)


def calls(world: Bench) -> int:
    fuse = Fuse()
    assert_whole(world, run(world, fuse))
    return fuse.calls


POINTS = [(at, after) for at in range(1, calls(bench()) + 1) for after in (False, True)]


def test_small_files_share_their_round_trips() -> None:
    together = calls(bench())
    assert together < 6 * 10
    world = bench()
    run(world, tier=Tier.READ_BACK)
    assert {item.tier for item in world.record().deliveries} == {"T2"}


@pytest.mark.parametrize(("at", "after"), POINTS)
def test_a_crash_loses_nothing_and_doubles_nothing(at: int, after: bool) -> None:
    world = bench()
    run(world, Fuse(at, after=after))
    assert_whole(world, run(world))


@pytest.mark.parametrize(("at", "after"), POINTS)
def test_a_lost_answer_ends_right(at: int, after: bool) -> None:
    world = bench()
    error = Transient(Code.REMOTE_TIMEOUT, "No answer.")
    try:
        done = run(world, Fuse(at, after=after, error=error))
    except Transient:
        done = run(world)
    assert_whole(world, done)


def test_one_name_that_is_taken_fails_alone() -> None:
    world = bench()
    world.remotes.files["/inbox/d/file-3"] = bytearray(b"theirs")
    done = run(world)
    assert done
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert files(world) == FINALS | {"/inbox/d/file-3": b"theirs"}
    states = [item.state for item in world.record().deliveries]
    assert states.count(DeliveryState.PUBLISHED) == 5


def test_bytes_that_the_server_lost_are_sent_again() -> None:
    world = bench()

    def lose(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish" and "-4-e" in path:
            world.remotes.hooks.clear()
            del world.remotes.files[path][-10:]

    world.remotes.hooks.append(lose)
    assert_whole(world, run(world))


def test_a_source_that_s3_describes_otherwise_is_never_published() -> None:
    world = bench()

    class Flipping(type(world.objects)):  # type: ignore[misc]
        def read(self, source: Any, *more: Any) -> bytes:
            data: bytes = super().read(source, *more)
            return b"?" * len(data) if source.key.endswith("file-4") else data

        def read_into(self, source: Any, pin: Any, start: int, buffer: memoryview) -> None:
            buffer[:] = self.read(source, pin, start, len(buffer))

    flipping = Flipping()
    for name in NAMES:
        flipping.put(name, name.encode() * 50)
    world.objects = flipping
    done = run(world)
    assert done
    assert done.failure
    assert done.failure.code == Code.CHECKSUM_MISMATCH
    assert "/inbox/d/file-4" not in files(world)


def test_an_approval_that_is_withdrawn_stops_all_that_is_left() -> None:
    world = bench()

    class Once(type(world.consent)):  # type: ignore[misc]
        def confirm(self, asked: Any) -> Any:
            if self.asked:
                raise Permanent(Code.APPROVAL_WITHDRAWN, "Withdrawn.")
            return super().confirm(asked)

    world.consent = Once()
    done = run(world)
    assert done
    assert done.failure
    assert done.failure.code == Code.APPROVAL_WITHDRAWN
    assert list(files(world)) == ["/inbox/d/file-0"]


def test_a_bit_that_flips_in_one_of_them_stops_that_one() -> None:
    """With a CRC for the proof, and a digest that S3 attests."""
    world = bench()
    world.objects.word, world.objects.checksums = AWS, checksums.available()
    read_into = world.objects.read_into

    def flipped(source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        read_into(source, pin, start, buffer)
        if source.uri == NAMES[3]:
            buffer[7] ^= 0x40

    world.objects.read_into = flipped  # type: ignore[method-assign]
    done = run(world, attest=("md5",))
    assert done
    assert done.failure
    assert done.failure.code == Code.CHECKSUM_MISMATCH
    assert files(world).items() < FINALS.items()
    for item in world.record().deliveries:
        if item.receipt:
            assert item.receipt.origins["md5"] == ATTESTED
            assert item.receipt.md5 == value("md5", FINALS[item.final])


WHOLE = {"all_or_nothing": "true"}


def test_all_or_nothing_of_small_files_is_verified_together() -> None:
    world, fuse = bench(), Fuse()
    plain = world.store.write
    states: list[list[DeliveryState]] = []

    def write(row: Any, transfer: Transfer, changes: Any) -> None:
        states.append([each.state for each in changes if isinstance(each, Delivery)])
        plain(row, transfer, changes)

    world.store.write = write  # type: ignore[method-assign]
    assert_whole(world, run(world, fuse, WHOLE))
    # The first file goes alone: its thread has no connection yet that could take several.
    verified = [len(each) for each in states if DeliveryState.VERIFIED in each]
    assert verified == [1, 5]


@pytest.mark.parametrize(("at", "after"), POINTS[::3])
def test_all_or_nothing_together_survives_a_crash(at: int, after: bool) -> None:
    world = bench()
    if run(world, Fuse(at, after=after), WHOLE) is None:
        standing = {item.state for item in world.record().deliveries}
        # Nothing has its final name before all of them were whole.
        early = {DeliveryState.PINNED, DeliveryState.WAITING, DeliveryState.UPLOADING}
        assert not (standing & early and any(name in FINALS for name in world.remotes.files))
    assert_whole(world, run(world, None, WHOLE))


def test_a_batch_is_no_larger_than_what_a_slow_rate_lets_through_soon() -> None:
    """Its line is silent until all of it may go, and servers cut silent ones."""
    world, waits = bench(), list[int]()
    for name in NAMES:
        world.objects.put(name, bytes(4_000))

    def pace(_destination: Destination, wanted: int, _halt: object) -> int:
        waits.append(wanted)
        return wanted

    slow = tuple(map(parse_bandwidth, ("50 MB/s", "22:00-06:00 1 kB/s")))
    there = replace(PARTNER, connections=1, bandwidth=slow)
    tools = replace(world.tools(), destinations={"partner": there}, pace=pace)
    done = travel(world.received(sources=tuple(NAMES), target="d"), tools, three_tries)
    assert done.outcome is Outcome.DELIVERED
    assert (sum(waits), max(waits)) == (24_000, 4_000)


class Overlapping(MemoryObjects):
    """With the verbs for several, which take what comes next from who asks."""

    def __init__(self) -> None:
        super().__init__()
        self.described = self.taken = 0

    def describe_all(self, sources: Iterable[Source]) -> Iterator[Pin]:
        for source in list(sources):
            self.described += 1
            yield self.describe(source)

    def read_all(self, wanted: Iterable[tuple[Source, Pin, memoryview]]) -> None:
        for source, pin, buffer in list(wanted):
            self.taken += 1
            self.read_into(source, pin, 0, buffer)


def overlapping(count: int) -> tuple[Bench, list[str]]:
    world = Bench(objects=Overlapping())
    names = [f"s3://exports/payroll/file-{number:02}" for number in range(count)]
    for name in names:
        world.objects.put(name, name.encode())
    return world, names


@pytest.mark.parametrize("count", [1, PINNERS, PINNERS + 1, 40])
def test_what_a_store_does_for_several_ends_as_for_each(count: int) -> None:
    world, names = overlapping(count)
    tools = replace(world.tools(), destinations={"partner": replace(PARTNER, connections=1)})
    done = travel(world.received(sources=tuple(names), target="d"), tools, three_tries)
    assert done.outcome is Outcome.DELIVERED
    assert sorted(files(world).values()) == [name.encode() for name in names]
    assert isinstance(world.objects, Overlapping)
    assert world.objects.described == max(0, count - PINNERS)
    assert world.objects.taken == count - 1
    assert [item.source.uri for item in world.record().deliveries] == names


@pytest.mark.parametrize("missing", [0, PINNERS - 1, PINNERS, 19])
def test_the_first_that_is_missing_is_the_one_that_is_named(missing: int) -> None:
    world, names = overlapping(20)
    for name in names[missing:]:
        world.objects.remove(name)
    done = travel(world.received(sources=tuple(names), target="d"), world.tools(), three_tries)
    assert done.failure
    assert (done.failure.code, done.failure.file) == (Code.SOURCE_MISSING, names[missing])
    assert not files(world)
