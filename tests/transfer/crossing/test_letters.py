"""A partner's disk that does not tell A from a: never one file for two that are “published”."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.remotes import ALL_POWERS
from tests.ports.rows import delivery
from tests.transfer.bench import Bench
from tests.transfer.made import NOON, PARTNER, request
from tests.transfer.test_journey import three_tries
from transfer.crossing.fleet import waves
from transfer.destination import Conflict, Mode
from transfer.errors import Code, Waiting
from transfer.journey import travel
from transfer.model import DeliveryState, Outcome, Transfer

UPPER, LOWER = "s3://exports/payroll/a/Report.csv", "s3://exports/payroll/b/report.csv"
FIRST, SECOND = "/inbox/in/Report.csv", "/inbox/in/report.csv"
MODES = [Mode.AUTO, Mode.SWAP, Mode.DIRECT]


class Caseless(dict[str, bytearray]):
    """Keeps the case of a name, and finds it by any."""

    def name(self, path: object) -> str:
        like = str(path).casefold()
        return next((name for name in self if name.casefold() == like), str(path))

    def __contains__(self, path: object) -> bool:
        return super().__contains__(self.name(path))

    def __getitem__(self, path: str) -> bytearray:
        return super().__getitem__(self.name(path))

    def __setitem__(self, path: str, content: bytearray) -> None:
        super().__setitem__(self.name(path), content)

    def __delitem__(self, path: str) -> None:
        super().__delitem__(self.name(path))

    def get(self, path: str, *default: Any) -> Any:
        return super().get(self.name(path), *default)

    def pop(self, path: str, *default: Any) -> Any:
        return super().pop(self.name(path), *default)

    def setdefault(self, path: str, *default: Any) -> Any:
        return super().setdefault(self.name(path), *default)


class Folding(Caseless):
    """Keeps every name in capital letters."""

    def name(self, path: object) -> str:
        return str(path).upper()


def made(*, caseless: bool = True, **settings: object) -> Bench:
    bench = Bench(destinations={"partner": replace(PARTNER, **settings)})  # type: ignore[arg-type]
    if caseless:
        bench.remotes.files = Caseless()
    bench.remotes.powers = replace(ALL_POWERS, digests=frozenset())
    bench.objects.put(UPPER, b"first")
    bench.objects.put(LOWER, b"second")
    return bench


def carried(bench: Bench, *sources: str) -> Transfer:
    transfer = bench.received(sources=sources, target="in/")
    return travel(transfer, bench.tools(), three_tries)


def carried_after(bench: Bench, *sources: str) -> Outcome | None:
    bench.store.rows.clear()
    return carried(bench, *sources).outcome


def then(bench: Bench, source: str) -> Transfer:
    """Another request, for that file only."""
    other = request(
        id="example.service-now.com:sc_task:" + "9" * 32,
        number="RITM0010009",
        sources=(source,),
        target="in/",
    )
    bench.ledger.admit(Transfer(request=other, received_at=NOON))
    claimed = bench.ledger.claim(other.id)
    assert claimed
    return travel(claimed, bench.tools(), three_tries)


def contents(bench: Bench) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in bench.remotes.files.items()}


@pytest.mark.parametrize("mode", MODES)
def test_two_files_of_one_request_do_not_replace_each_other(mode: Mode) -> None:
    bench = made(on_conflict=Conflict.REPLACE, mode=mode)
    done = carried(bench, UPPER, LOWER)
    assert done.failure
    assert (done.outcome, done.failure.code) == (Outcome.FAILED, Code.REMOTE_EXISTS)
    published = [
        item.final for item in bench.record().deliveries if item.state is DeliveryState.PUBLISHED
    ]
    assert sorted(contents(bench)) == sorted(published)


def test_nor_do_they_in_a_batch() -> None:
    bench = made(on_conflict=Conflict.REPLACE)
    more = [f"s3://exports/payroll/more/{number}" for number in range(8)]
    for uri in more:
        bench.objects.put(uri, uri.encode())
    done = carried(bench, UPPER, LOWER, *more)
    assert done.outcome is Outcome.FAILED
    assert FIRST not in contents(bench) or SECOND not in contents(bench)
    states = {item.final: item.state for item in bench.record().deliveries}
    assert DeliveryState.PUBLISHED not in (states[FIRST], states[SECOND])


@pytest.mark.parametrize("mode", MODES)
def test_what_an_earlier_request_delivered_is_not_replaced_under_another_name(mode: Mode) -> None:
    bench = made(on_conflict=Conflict.REPLACE, mode=mode)
    assert carried(bench, UPPER).outcome is Outcome.DELIVERED
    done = then(bench, LOWER)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert FIRST in done.failure.message
    assert contents(bench) == {FIRST: b"first"}


def test_such_names_come_one_after_the_other_and_the_others_at_once() -> None:
    """At once, both would find the name free where a rename replaces."""
    files = [delivery(number=number, final=name) for number, name in enumerate("aBAbca")]
    assert [[item.final for item in wave] for wave in waves(files)] == [
        ["a", "B", "c"],
        ["A", "b"],
        ["a"],
    ]


@pytest.mark.parametrize("mode", MODES)
def test_of_two_files_of_one_request_the_second_finds_the_first(mode: Mode) -> None:
    bench = made(mode=mode)
    done = carried(bench, UPPER, LOWER)
    assert done.failure
    assert (done.outcome, done.failure.code) == (Outcome.FAILED, Code.REMOTE_EXISTS)
    assert contents(bench) == {FIRST: b"first"}


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.SWAP])
def test_where_all_names_are_in_capitals_the_same_name_is_replaced(mode: Mode) -> None:
    bench = made(on_conflict=Conflict.REPLACE, mode=mode)
    bench.remotes.files = Folding({FIRST.upper(): bytearray(b"old")})
    assert carried(bench, UPPER).outcome is Outcome.DELIVERED
    assert contents(bench) == {FIRST.upper(): b"first"}
    assert carried_after(bench, UPPER, LOWER) is Outcome.FAILED


@pytest.mark.parametrize("mode", MODES)
def test_the_same_name_is_replaced_as_ever(mode: Mode) -> None:
    bench = made(on_conflict=Conflict.REPLACE, mode=mode)
    bench.remotes.files[FIRST] = bytearray(b"old")
    assert carried(bench, UPPER).outcome is Outcome.DELIVERED
    assert contents(bench) == {FIRST: b"first"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("conflict", list(Conflict))
def test_where_a_is_told_from_a_both_are_delivered(mode: Mode, conflict: Conflict) -> None:
    bench = made(caseless=False, on_conflict=conflict, mode=mode)
    bench.remotes.files["/inbox/in/REPORT.CSV"] = bytearray(b"theirs")
    assert carried(bench, UPPER, LOWER).outcome is Outcome.DELIVERED
    wanted = {FIRST: b"first", SECOND: b"second", "/inbox/in/REPORT.CSV": b"theirs"}
    assert contents(bench) == wanted


@pytest.mark.parametrize("mode", MODES)
def test_a_version_takes_the_next_number(mode: Mode) -> None:
    bench = made(on_conflict=Conflict.VERSION, mode=mode)
    assert carried(bench, UPPER, LOWER).outcome is Outcome.DELIVERED
    assert sorted(contents(bench).values()) == [b"first", b"second"]


@pytest.mark.parametrize("mode", MODES)
def test_fail_refuses_the_second(mode: Mode) -> None:
    bench = made(mode=mode)
    assert carried(bench, UPPER).outcome is Outcome.DELIVERED
    done = then(bench, LOWER)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert contents(bench) == {FIRST: b"first"}


def test_requests_for_names_that_differ_in_case_go_one_after_the_other() -> None:
    bench = made(on_conflict=Conflict.REPLACE)
    waited = []

    def meanwhile() -> None:
        bench.watcher.then = list
        with pytest.raises(Waiting) as refused:
            then(bench, LOWER)
        waited.append(refused.value.code)

    bench.watcher.then = meanwhile
    assert carried(bench, UPPER).outcome is Outcome.DELIVERED
    assert waited == [Code.DESTINATION_BUSY]
