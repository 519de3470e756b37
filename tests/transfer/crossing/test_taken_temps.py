"""A partner's software that takes temps away: the first one that was whole is the last one sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.memory.remotes import ALL_POWERS
from tests.model.owners import LEASE, Owner
from tests.transfer.bench import Bench
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Tier
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import CHUNK, DeliveryState, Outcome, Transfer
from transfer.ports import Powers

DATA = b"name;pay\n" * 100
LARGE = bytes(range(256)) * (CHUNK // 256) + b"the end"
NONE = Powers(replaces=True)
HASHED = replace(ALL_POWERS, ranges=False)


class Collector:
    """Takes a temp once it is closed, when FileFerry does `verb` with it."""

    def __init__(self, bench: Bench, verb: str = "size") -> None:
        self.bench, self.verb = bench, verb
        self.closed: set[str] = set()
        self.taken: list[bytes] = []
        bench.remotes.hooks.append(self.notice)

    def notice(self, verb: str, path: str, place: int) -> None:
        del place
        if verb == self.verb and path in self.closed & self.bench.remotes.files.keys():
            self.closed.remove(path)
            self.taken.append(bytes(self.bench.remotes.files.pop(path)))
        if verb == "finish" and ".ff-" in path:
            self.closed.add(path)


def made(data: bytes = DATA, powers: Powers = ALL_POWERS, **settings: object) -> Bench:
    partner = replace(PARTNER, **settings)  # type: ignore[arg-type]
    bench = Bench(destinations={"partner": partner})
    bench.remotes.powers = powers
    bench.objects.put(SOURCE, data)
    return bench


def carried(bench: Bench) -> Transfer:
    return travel(bench.received(), bench.tools(), three_tries)


def judge(done: Transfer, bench: Bench, collector: Collector, *contents: bytes) -> None:
    assert sorted(collector.taken) == sorted(contents)
    assert done.failure
    assert (done.outcome, done.failure.code) == (Outcome.UNKNOWN, Code.PUBLISH_UNKNOWN)
    assert ".ff-" in done.failure.message
    assert "temp.prefix" in done.failure.action
    assert bench.remotes.files == {}


@pytest.mark.parametrize("collected", [True, False])
@pytest.mark.parametrize("data", [DATA, LARGE, b""], ids=["small", "large", "empty"])
@pytest.mark.parametrize("powers", [ALL_POWERS, NONE, HASHED], ids=["all", "none", "hashed"])
def test_taken_right_after_its_close(data: bytes, powers: Powers, *, collected: bool) -> None:
    bench = made(data, powers, collected=collected)
    collector = Collector(bench)
    judge(carried(bench), bench, collector, data)
    assert bench.remotes.opened.count(0) == 1


@pytest.mark.parametrize("powers", [ALL_POWERS, NONE], ids=["its own hash", "read back"])
def test_taken_while_it_is_verified(powers: Powers) -> None:
    bench = made(DATA, powers, tier=Tier.SERVER_HASH)
    collector = Collector(bench, "read")
    judge(carried(bench), bench, collector, DATA)


def test_small_ones_that_go_together() -> None:
    bench = made(powers=replace(ALL_POWERS, digests=frozenset()), connections=1)
    names = [f"s3://exports/payroll/{number}.csv" for number in range(6)]
    for name in names:
        bench.objects.put(name, name.encode())
    collector = Collector(bench)
    done = travel(bench.received(sources=tuple(names), target="pay/"), bench.tools(), three_tries)
    # The first one goes alone, and is the last one.
    judge(done, bench, collector, names[0].encode())


def test_small_ones_that_go_together_are_all_named() -> None:
    bench = made(powers=replace(ALL_POWERS, digests=frozenset()), connections=1)
    names = [f"s3://exports/payroll/{number}.csv" for number in range(6)]
    for name in names:
        bench.objects.put(name, name.encode())
    collector = Collector(bench, "nothing")

    def begin(verb: str, path: str, place: int) -> None:
        del path, place
        if verb == "rename":
            collector.verb = "size"

    bench.remotes.hooks.append(begin)
    done = travel(bench.received(sources=tuple(names), target="pay/"), bench.tools(), three_tries)
    assert done.outcome is Outcome.UNKNOWN
    assert sorted(collector.taken) == [name.encode() for name in names[1:]]
    states = [item.state for item in bench.record().deliveries]
    assert states == [DeliveryState.PUBLISHED] + [DeliveryState.UNKNOWN] * 5


def waiting(bench: Bench, then: Callable[[], object]) -> None:
    """ServiceNow is away once when the approval is read again; `then` happens meanwhile."""

    before = 0

    def answer() -> None:
        nonlocal before
        bench.watcher.then, before = list, bench.consent.asked
        bench.consent.refusal = Transient(Code.SERVICENOW_UNREACHABLE, "ServiceNow is away.")

    def back(verb: str, path: str, place: int) -> None:
        del path, place
        if bench.consent.refusal and bench.consent.asked > before and verb == "size":
            bench.consent.refusal = None
            then()

    bench.watcher.then = answer
    bench.remotes.hooks.append(back)


@pytest.mark.parametrize("data", [DATA, LARGE, b""], ids=["small", "large", "empty"])
def test_taken_while_it_waits_for_its_approval(data: bytes) -> None:
    bench = made(data)
    collector = Collector(bench, "nothing")

    def take() -> None:
        [temp] = collector.closed
        collector.taken.append(bytes(bench.remotes.files.pop(temp)))

    waiting(bench, take)
    judge(carried(bench), bench, collector, data)
    assert bench.remotes.opened.count(0) == 1


def test_one_that_waits_and_is_left_alone_is_sent_once() -> None:
    bench = made()
    waiting(bench, list)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0]


@pytest.mark.parametrize("powers", [ALL_POWERS, NONE], ids=["all", "none"])
def test_an_heir_that_finds_it_verified_and_gone_does_not_send_it_again(powers: Powers) -> None:
    bench = made(LARGE, powers)
    first, collector = Owner(bench), Collector(bench, "nothing")
    while not any(
        item.state is DeliveryState.VERIFIED
        for item in (bench.record().deliveries if bench.store.rows else ())
    ):
        first.move()
    [temp] = collector.closed
    collector.taken.append(bytes(bench.remotes.files.pop(temp)))
    bench.time[0] += LEASE
    Owner(bench).finish()
    first.finish()
    judge(bench.record().transfer, bench, collector, LARGE)
