"""Many files, shared out over calls with claims of their own: each arrives once, whatever dies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import event, given, settings

from adapters.memory.sessions import MemorySessions
from cloud.environment import Environment
from tests import sweeps
from tests.cloud.door import Door, RuntimeExitError
from tests.cloud.machine import Data, Execution
from tests.transfer.bench import Bench
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import three_tries
from transfer.errors import Code, Permanent
from transfer.journey import travel
from transfer.model import (
    DeliveryState,
    Outcome,
    Session,
    SessionKind,
    Source,
    Stage,
    Transfer,
)
from transfer.ports import ObjectStore

FILES, SIZE = 7, 2
SHARDS = 4
FOLDER = "payroll/many/"
WHOLE = {"all_or_nothing": "true"}
SCENARIOS = 2_000 if sweeps.WHOLE else 120


class Many(Door):
    """A door whose shards are small."""

    def environment(self) -> Environment:
        return replace(super().environment(), shard=SIZE)


def content(number: int) -> bytes:
    return f"file {number}".encode() * number


def many(options: dict[str, str]) -> tuple[Many, Transfer]:
    door = Many()
    for number in range(1, FILES + 1):
        key = f"{FOLDER}{number}.csv"
        door.bench.objects.put(Source(bucket="exports", key=key), content(number))
    return door, door.begin(sources=(f"s3://exports/{FOLDER}*",), target="pay/", options=options)


def arrived(bench: Bench) -> dict[str, bytes]:
    return {name: bytes(data) for name, data in bench.remotes.files.items() if ".ff-" not in name}


ALL = {f"/inbox/pay/{number}.csv": content(number) for number in range(1, FILES + 1)}


def head(door: Door) -> Transfer:
    return door.bench.record().transfer


@pytest.mark.parametrize("options", [{}, WHOLE], ids=["each", "all or nothing"])
def test_many_files_are_shared_out_and_all_arrive(options: dict[str, str]) -> None:
    door, begun = many(options)
    done = door.run(begun)
    assert (done.status, head(door).outcome) == ("SUCCEEDED", Outcome.DELIVERED)
    assert arrived(door.bench) == ALL
    assert set(door.bench.remotes.appeared.values()) == {1}
    rounds = 2 if options else 1
    assert [shard.status for shard in done.shards] == ["SUCCEEDED"] * SHARDS * rounds
    assert door.calls.count("ChunkedTransfer") == SHARDS * rounds
    assert done.largest < 4096


def test_few_files_are_not_shared_out() -> None:
    door, begun = many({})
    door.environment = lambda: replace(Door.environment(door), shard=FILES)  # type: ignore[method-assign]
    assert door.run(begun).shards == []
    assert arrived(door.bench) == ALL


@pytest.mark.parametrize("options", [{}, WHOLE], ids=["each", "all or nothing"])
def test_one_failed_shard_does_not_stop_the_rest(options: dict[str, str]) -> None:
    door, begun = many(options)
    # One after the other: with a second connection 4 may be under way when 3 is refused.
    door.bench.destinations = {"partner": replace(PARTNER, connections=1)}

    def refused(verb: str, path: str, _place: int) -> None:
        if verb == "create" and "-3-" in path:
            raise Permanent(Code.REMOTE_FULL, "The disk is full.")

    door.bench.remotes.hooks.append(refused)
    done = door.run(begun)
    assert done.status == "SUCCEEDED"
    assert (head(door).outcome, head(door).failure is None) == (Outcome.FAILED, False)
    # 4 is of the same shard: after the first error of a shard none of its files is begun.
    rest = {name: data for name, data in ALL.items() if name[-5] not in "34"}
    assert arrived(door.bench) == ({} if options else rest)
    assert list(door.bench.temps()) == []


def test_a_shard_that_never_answers_is_its_heads() -> None:
    door, begun = many({})

    def never(_name: str, told: Data) -> None:
        if told["input"].get("shard") == 1:
            raise RuntimeExitError

    door.before = never
    done = door.run(begun)
    assert [shard.status for shard in done.shards].count("FAILED") == 1
    assert (head(door).outcome, arrived(door.bench)) == (Outcome.DELIVERED, ALL)


def test_a_call_for_a_shard_that_was_taken_back_does_nothing() -> None:
    door, begun = many({})
    told: list[Data] = []
    door.before = lambda _, data: told.append(data) if "shard" in data["input"] else None
    door.run(begun)
    door.before = lambda _name, _event: None
    logins = door.bench.remotes.logins
    assert len(told) == SHARDS
    for each in told:
        answer = door.invoke("ChunkedTransfer", each)
        assert (answer["whole"], answer["failed"]) == (True, False)
    assert door.bench.remotes.logins == logins


def test_an_execution_that_is_not_the_heads_gets_no_shard() -> None:
    door, begun = many({})

    def strange(_name: str, told: Data) -> None:
        if told["input"].get("shard") == 1:
            told["execution"] = "by-hand"

    door.before = strange
    done = door.run(begun)
    assert done.shards[1].states.count("Shard") == 1
    assert (head(door).outcome, arrived(door.bench)) == (Outcome.DELIVERED, ALL)


@pytest.mark.parametrize("options", [{}, WHOLE], ids=["each", "all or nothing"])
@pytest.mark.parametrize("call", range(SHARDS * 2))
def test_a_head_that_is_evicted_while_its_shards_run_stops_them(
    options: dict[str, str], call: int
) -> None:
    """And the service ends what they began."""
    door, begun = many(options)
    calls: list[int] = []

    def evicted(_name: str, told: Data) -> None:
        if "shard" in told["input"]:
            calls.append(told["input"]["shard"])
            if len(calls) == call + 1:
                door.fuse.at = door.fuse.calls + 6
                door.fuse.burn = lambda: door.books("o").keeper.evict(begun.id)  # type: ignore[method-assign,assignment]

    door.before = evicted
    done = door.run(begun)
    if len(calls) > call:
        assert (done.status, done.error) == ("FAILED", "Refused")
    finish(door)
    assert (head(door).stage, head(door).outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert arrived(door.bench) == ALL
    assert set(door.bench.remotes.appeared.values()) == {1}


class Counted(MemorySessions):
    """Opens one session each time that somebody begins to read; `dead` forgets the own count."""

    def __init__(self) -> None:
        super().__init__(kind=SessionKind.SCOPED)
        self.known: dict[str, int] = {}
        self.all = 0

    def reading(
        self, transfer: Transfer, objects: ObjectStore, may: Callable[[], None]
    ) -> ObjectStore:
        session = transfer.session
        assert session
        self.known[session.id] = max(self.known.get(session.id, 0), session.opened) + 1
        self.all += 1
        return super().reading(transfer, objects, may)

    def told(self, session: Session) -> Session:
        return session.evolve(opened=max(session.opened, self.known.get(session.id, 0)))


@pytest.mark.parametrize("options", [{}, WHOLE], ids=["each", "all or nothing"])
@pytest.mark.parametrize("killed", [False, True])
def test_the_sessions_of_shards_are_counted_with_the_heads(
    options: dict[str, str], killed: bool
) -> None:
    door, begun = many(options)
    sessions = door.bench.sessions = Counted()
    deaths: list[str] = []

    def dies(verb: str, path: str, _place: int) -> None:
        if killed and not deaths and verb == "rename" and "-3-" in path:
            deaths.append(path)
            # Its memory is gone with it.
            sessions.known.clear()
            door.fuse.burn()

    def called(_name: str, _event: Data) -> None:
        door.fuse.dead = False

    door.before = called
    door.bench.remotes.hooks.append(dies)
    door.run(begun)
    session, outcome = head(door).session, head(door).outcome
    assert session
    assert (outcome, session.least, len(deaths)) == (Outcome.DELIVERED, killed, int(killed))
    assert session.opened == sessions.all or killed
    assert SHARDS < session.opened <= sessions.all
    texts = "\n".join(post.text for post in door.bench.posts())
    assert f"object: {'at least ' if killed else ''}{session.opened} opened" in texts


def finish(door: Door) -> None:
    """By a service, in process."""
    bench = door.bench
    bench.time[0] += 61
    claimed = bench.ledger.claim(head(door).id)
    if claimed:
        tools = replace(bench.tools(), shards=door.books("service").shards)
        travel(claimed, tools, three_tries)


KILLED = [f"{when} {at}" for when in ("before", "after") for at in (1, 2, 4, 7, 9, 12, 17, 23)]
MISHAPS = st.lists(st.sampled_from(["", "", "again", "evict", "at once", *KILLED]), max_size=24)


class Play:
    """What befalls the calls: killed, called twice, evicted; and the order of the shards."""

    def __init__(self, door: Many, mishaps: Sequence[str]) -> None:
        self._door, self._left = door, list(mishaps)
        self._row = 0
        self.evicted = False
        self._check()

    def __call__(self, name: str, told: Data) -> None:
        fuse = self._door.fuse
        mishap = self._left.pop(0) if self._left and not self._again else ""
        fuse.at, fuse.dead = None, False
        self._row = self._row + 1 if mishap not in ("", "again", "evict") else 0
        if mishap == "evict" and not self.evicted:
            self.evicted = True
            self._door.books("operator").keeper.evict(head(self._door).id)
        elif mishap == "again":
            self._twice(name, told)
        elif mishap == "at once" and self._row < 3:
            raise RuntimeExitError
        elif mishap.startswith(("before", "after")) and self._row < 3:
            when, at = mishap.split()
            fuse.after, fuse.at = when == "after", fuse.calls + int(at)

    _again = False

    def _twice(self, name: str, told: Data) -> None:
        """The call before it goes on to its end, and is asked once more."""
        self._again = True
        self._door.invoke(name, told)
        self._again = False

    def _check(self) -> None:
        """With all-or-nothing nothing has its final name before all files are there."""
        bench, door = self._door.bench, self._door

        def look(verb: str, path: str, _place: int) -> None:
            record = bench.record()
            if verb != "rename" or not record.transfer.request.options:
                return
            found = [each for each in record.deliveries if each.temp == path]
            if any(each.state is DeliveryState.INTENT for each in found):
                # Another line may be renaming, and a name is nowhere in the middle of that.
                with bench.remotes.lock:
                    early = [each for each in record.deliveries if not _stored(each, bench)]
                door.early += early  # type: ignore[attr-defined]

        door.early = []  # type: ignore[attr-defined]
        bench.remotes.hooks.append(look)


def _stored(each: Any, bench: Bench) -> bool:
    if each.state is DeliveryState.PUBLISHED or each.final in bench.remotes.files:
        return True
    names = (each.temp, *each.older, *each.candidates)
    return any(len(bench.remotes.files.get(name, b"-" * 999)) == each.size for name in names)


@settings(max_examples=SCENARIOS, deadline=None, derandomize=True)
@given(mishaps=MISHAPS, options=st.sampled_from([{}, WHOLE]), backwards=st.booleans())
def test_any_mishaps_of_shards_and_heads_end_in_all_files_once(
    mishaps: list[str], options: dict[str, str], backwards: bool
) -> None:
    door, begun = many(options)
    door.before = Play(door, mishaps)
    order: Callable[[list[int]], list[int]] = sorted
    if backwards:
        order = lambda found: sorted(found, reverse=True)  # noqa: E731
    execution = Execution(
        door.machine, begun.execution or "", door.invoke, order=order, pause=door.wait
    )
    execution.run({"transfer": begun.id, "generation": 1, "door": begun.door})
    door.before = lambda _name, _event: None
    door.fuse.at, door.fuse.dead = None, False
    finish(door)
    done = head(door)
    event(f"{execution.status}, shared out: {bool(execution.shards)}")
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert arrived(door.bench) == ALL
    assert set(door.bench.remotes.appeared.values()) == {1}
    assert door.early == []  # type: ignore[attr-defined]
    if not execution.shards or execution.status == "SUCCEEDED":
        assert list(door.bench.temps()) == []
