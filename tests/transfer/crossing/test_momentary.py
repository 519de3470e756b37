"""A name that may not be renamed or removed for a moment: asked again, and sent only once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.memory.remotes import ALL_POWERS, MemoryRemote
from tests.model.owners import LEASE, Owner
from tests.transfer.bench import FINAL, Bench, HookedRemote, HookedRemotes
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Conflict, Destination, Mode
from transfer.errors import MOMENT, Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import CHUNK, Delivery, DeliveryState, Outcome, Transfer
from transfer.ports import Remote
from transfer.steps import Step
from transfer.tools import Tools

DATA = b"name;pay\n" * 100
LARGE = bytes(range(256)) * (CHUNK // 256) + b"the end"
HELD = [Code.REMOTE_DENIED, Code.REMOTE_FAILED, Code.REMOTE_NO_DIRECTORY, Code.REMOTE_EXISTS]
MODES = [
    {},
    {"on_conflict": Conflict.VERSION},
    {"on_conflict": Conflict.REPLACE},
    {"on_conflict": Conflict.REPLACE, "mode": Mode.SWAP},
]


def made(data: bytes = DATA, **settings: object) -> Bench:
    partner = replace(PARTNER, **settings)  # type: ignore[arg-type]
    bench = Bench(destinations={"partner": partner})
    bench.remotes.powers = replace(ALL_POWERS, digests=frozenset())
    bench.objects.put(SOURCE, data)
    return bench


def held(
    bench: Bench, verb: str, ends: str, times: int = 1, code: Code = Code.REMOTE_DENIED
) -> list[str]:
    """The verb is refused so many times for names that end so; they are listed."""
    refused: list[str] = []

    def hook(seen: str, path: str, place: int) -> None:
        del place
        if seen == verb and path.endswith(ends) and len(refused) < times:
            refused.append(path)
            raise Permanent(code, "It is being used by another process.")

    bench.remotes.hooks.append(hook)
    return refused


def found(bench: Bench) -> list[Delivery]:
    return list(bench.record().deliveries) if bench.store.rows else []


def carried(bench: Bench) -> Transfer:
    return travel(bench.received(), bench.tools(), three_tries)


@pytest.mark.parametrize("code", HELD)
@pytest.mark.parametrize("settings", MODES, ids=str)
@pytest.mark.parametrize("data", [DATA, LARGE], ids=["small", "large"])
def test_a_rename_that_is_refused_for_a_moment(
    data: bytes, settings: dict[str, object], code: Code
) -> None:
    bench = made(data, **settings)
    refused = held(bench, "rename", ".part", 2, code)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert len(refused) == 2
    assert {name: bytes(data) for name, data in bench.remotes.files.items()} == {FINAL: data}
    assert bench.remotes.opened == [0]


def test_it_is_left_alone_for_a_while_in_between() -> None:
    bench, waits = made(), []
    held(bench, "rename", ".part")

    def attempt(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        try:
            return step(transfer, tools)
        except Transient as error:
            waits.append(error.retry_after)
            return step(transfer, tools)

    assert travel(bench.received(), bench.tools(), attempt).outcome is Outcome.DELIVERED
    assert waits == [MOMENT]


@pytest.mark.parametrize("settings", MODES, ids=str)
def test_a_right_that_is_missing_fails_in_the_tries_of_a_step(settings: dict[str, object]) -> None:
    bench = made(DATA, **settings)
    bench.remotes.files["/inbox/other"] = bytearray(b"theirs")
    refused = held(bench, "rename", ".part", 100)
    done = carried(bench)
    assert done.failure
    assert (done.outcome, done.failure.code) == (Outcome.FAILED, Code.REMOTE_DENIED)
    assert len(refused) == 3
    assert bench.remotes.files == {"/inbox/other": b"theirs"}
    assert bench.remotes.opened == [0]


def test_a_name_that_is_taken_is_no_moment() -> None:
    bench = made()

    def take(verb: str, path: str, place: int) -> None:
        del path, place
        if verb == "finish":
            bench.remotes.files[FINAL] = bytearray(b"theirs")

    bench.remotes.hooks.append(take)
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert bench.remotes.files == {FINAL: b"theirs"}


def old_file(bench: Bench) -> None:
    bench.remotes.files[FINAL] = bytearray(b"old")


@pytest.mark.parametrize("ends", ["nov.csv", ".part"])
def test_a_swap_whose_renames_are_refused_for_a_moment(ends: str) -> None:
    bench = made(on_conflict=Conflict.REPLACE, mode=Mode.SWAP)
    old_file(bench)
    held(bench, "rename", ends, 2)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.files == {FINAL: DATA}
    assert bench.remotes.opened == [0]


def test_an_old_file_that_may_not_be_removed_now_is_removed_later() -> None:
    bench = made(on_conflict=Conflict.REPLACE, mode=Mode.SWAP)
    old_file(bench)
    refused = held(bench, "remove", ".old", 2)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert len(refused) == 2
    assert bench.remotes.files == {FINAL: DATA}


def test_a_temp_that_may_not_be_removed_now_is_removed_later() -> None:
    bench = made(LARGE)
    bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "No longer approved.")
    refused = held(bench, "remove", ".part", 2)
    assert carried(bench).outcome is Outcome.REFUSED
    assert len(refused) == 2
    assert bench.remotes.files == {}


@pytest.mark.parametrize("state", [DeliveryState.VERIFIED, DeliveryState.INTENT])
def test_an_heir_waits_for_a_temp_that_is_held(state: DeliveryState) -> None:
    bench = made(LARGE)
    first = Owner(bench)
    while not any(item.state is state for item in found(bench)):
        first.move()
    bench.time[0] += LEASE
    refused = held(bench, "rename", "e1.part")
    Owner(bench).finish()
    assert len(refused) == 1
    assert bench.record().transfer.outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0]
    first.finish()
    assert bench.remotes.appeared == {FINAL: 1}


@pytest.mark.parametrize("code", [Code.REMOTE_FAILED, Code.REMOTE_DROPPED])
def test_a_file_at_intent_is_looked_into_when_the_tries_are_over(code: Code) -> None:
    """450 of FTP is transient by itself, and an answer; a line that broke is none."""
    bench = made()
    times: list[str] = []

    def busy(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith(".part") and len(times) < 3:
            times.append(path)
            raise Transient(code, "File busy.")

    bench.remotes.hooks.append(busy)
    done = carried(bench)
    assert done.outcome is Outcome.FAILED
    [delivery] = found(bench)
    assert delivery.state in (DeliveryState.FAILED, DeliveryState.VERIFIED)
    assert bench.remotes.files == {}


def test_what_cannot_be_looked_into_stays_unknown() -> None:
    bench = made()

    def away(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith(".part"):
            bench.remotes.hooks.append(gone)
            gone(verb, path, 0)

    def gone(verb: str, path: str, place: int) -> None:
        del verb, path, place
        raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    bench.remotes.hooks.append(away)
    assert carried(bench).outcome is Outcome.FAILED
    assert [item.state for item in bench.record().deliveries] == [DeliveryState.UNKNOWN]
    assert len(list(bench.temps())) == 1


def test_a_cancelled_request_whose_owner_died_at_intent_leaves_nothing() -> None:
    """Its end is heard before the file is looked into: the way home does that."""
    bench = made()
    first = Owner(bench)
    while not any(item.state is DeliveryState.INTENT for item in found(bench)):
        first.move()
    bench.time[0] += LEASE

    def cancelled() -> None:
        raise Permanent(Code.REQUEST_CANCELLED, "RITM1 was cancelled.")

    bench.halt = cancelled
    done = carried(bench)
    assert done.outcome is Outcome.CANCELLED
    assert bench.remotes.files == {}
    assert [item.state for item in bench.record().deliveries] == [DeliveryState.FAILED]
    first.finish()
    assert bench.remotes.files == {}


class Lingering:
    """The first rename is asked for, and done so many renames later: nobody hears of it."""

    def __init__(self, bench: Bench, after: int) -> None:
        self.bench, self.after, self.asked = bench, after, 0
        self.temp = ""
        bench.remotes.hooks.append(self.rename)

    def rename(self, verb: str, path: str, place: int) -> None:
        del place
        if verb != "rename" or path not in self.bench.remotes.files:
            return
        self.asked += 1
        if self.asked == 1:
            self.temp = path
            raise Transient(Code.REMOTE_TIMEOUT, "No answer.")
        if self.asked <= self.after:
            raise Permanent(Code.REMOTE_DENIED, "It is being used by another process.")

    def come(self) -> None:
        files = self.bench.remotes.files
        if self.asked == self.after and self.temp in files:
            files[FINAL] = files.pop(self.temp)


@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("data", [DATA, LARGE], ids=["small", "large"])
def test_a_refusal_after_a_lost_answer_does_not_forget_the_rename(
    data: bytes, *, withdrawn: bool
) -> None:
    """It comes between two tries; the approval has gone by then, or has not: it is published."""
    bench = made(data)
    late = Lingering(bench, 2)

    def attempt(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        for _ in range(3):
            try:
                return step(transfer, tools)
            except Transient:
                late.come()
                if withdrawn and late.asked == 2:
                    refusal = Permanent(Code.APPROVAL_WITHDRAWN, "No longer approved.")
                    bench.consent.refusal = refusal
        return step(transfer, tools)

    done = travel(bench.received(), bench.tools(), attempt)
    assert (done.outcome, late.asked) == (Outcome.DELIVERED, 2)
    assert bench.remotes.files == {FINAL: data}
    assert [item.state for item in found(bench)] == [DeliveryState.PUBLISHED]


class Lying(HookedRemotes):
    """Acknowledges a rename to a final name, and does it at the `comes`-th connection, or never."""

    comes = 0
    asked: tuple[str, str] | None = None

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        super().connect(destination, beside=beside)
        if self.asked and self.logins == self.comes:
            old, new = self.asked
            self.files[new] = self.files.pop(old)
        return LyingRemote(self)


class LyingRemote(HookedRemote):
    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        server = self._server
        assert isinstance(server, Lying)
        if ".ff-" in new or server.logins >= server.comes > 0:
            return super().rename(old, new, replace=replace)
        server.asked = old, new
        return True


@pytest.mark.parametrize("files", [1, 5])
@pytest.mark.parametrize("comes", [0, 2])
def test_a_rename_that_is_acknowledged_and_not_done_is_no_success(files: int, comes: int) -> None:
    """It may yet come: who looks again finds it."""
    bench = made(connections=1)
    bench.remotes = Lying(protocols=frozenset({"memory"}), powers=bench.remotes.powers)
    bench.remotes.comes = comes
    names = [f"s3://exports/payroll/{number}.csv" for number in range(files)]
    for name in names:
        bench.objects.put(name, name.encode())
    asked = bench.received(sources=tuple(names), target="pay/")
    done = travel(asked, bench.tools(), three_tries)
    assert done.outcome is (Outcome.DELIVERED if comes else Outcome.FAILED)
    assert len(bench.remotes.files) == (files if comes else 0)
    assert comes or (done.failure and done.failure.code == Code.REMOTE_FAILED)
