"""Files of an hour: so many are begun, the rest waits with the connection given back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from adapters.memory.limits import MemoryLimits
from adapters.running.quota import LOOK_AGAIN, Quota
from tests.transfer.bench import Bench, Crash, Fuse
from tests.transfer.crossing.test_batch import FINALS, NAMES, files
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import three_tries
from transfer.destination import Destination
from transfer.errors import Code, Permanent, Transient, Waiting
from transfer.journey import travel
from transfer.limits import HOUR, STEP, WINDOW
from transfer.model import Outcome, Transfer

MOST = 4
SLOW = HOUR + WINDOW + STEP
"""Seconds after which each file is forgotten for certain."""


@dataclass
class Partner:
    """Takes four files an hour; `connections` at once."""

    connections: int = 1
    bench: Bench = field(default_factory=Bench)
    now: float = 1_700_000_000.0

    def __post_init__(self) -> None:
        for name in NAMES:
            self.bench.objects.put(name, name.encode() * 50)
        self.quota = Quota(MemoryLimits(self.bench.store, lambda: self.now), lambda: self.now)

    @property
    def destination(self) -> Destination:
        return replace(PARTNER, connections=self.connections, files_per_hour=MOST)

    def run(self, fuse: Fuse | None = None, **request: Any) -> Transfer:
        quota = self.quota if fuse is None else Fused(self.quota, fuse)
        tools = replace(
            self.bench.tools(fuse), destinations={"partner": self.destination}, quota=quota
        )
        asked = self.bench.received(sources=tuple(NAMES), target="d", **request)
        return travel(asked, tools, three_tries)

    def waits(self, **request: Any) -> Waiting:
        with pytest.raises(Waiting) as caught:
            self.run(**request)
        return caught.value


class Fused:
    def __init__(self, quota: Quota, fuse: Fuse) -> None:
        self.quota, self.fuse = quota, fuse

    def __call__(self, destination: Destination, wanted: int) -> int:
        granted: int = self.fuse.around(self.quota, destination, wanted)
        return granted


@pytest.mark.parametrize("connections", [1, 4])
def test_no_more_are_begun_in_an_hour_and_the_rest_goes_on_by_itself(connections: int) -> None:
    partner = Partner(connections)
    waits = partner.waits()
    assert (waits.code, waits.retry_after) == (Code.DESTINATION_QUOTA, LOOK_AGAIN)
    assert "takes 4 files an hour" in waits.message
    assert len(files(partner.bench)) == MOST
    logins = partner.bench.remotes.logins
    partner.now += HOUR - 60
    assert partner.waits().code is Code.DESTINATION_QUOTA
    # Who may begin nothing logs in for nothing.
    assert (len(files(partner.bench)), partner.bench.remotes.logins) == (MOST, logins)
    assert not any(item.failure for item in partner.bench.record().deliveries)
    partner.now += SLOW - (HOUR - 60)
    done = partner.run()
    assert (done.outcome, files(partner.bench)) == (Outcome.DELIVERED, FINALS)
    assert partner.quota.look(partner.destination) == (2, 0.0)


def test_all_or_nothing_counts_each_file_once() -> None:
    partner = Partner()
    options: Any = {"options": {"all_or_nothing": "true"}}
    assert partner.waits(**options).code is Code.DESTINATION_QUOTA
    assert files(partner.bench).keys() & FINALS.keys() == set()
    partner.now += SLOW
    assert partner.run(**options).outcome is Outcome.DELIVERED
    assert partner.quota.look(partner.destination)[0] == 2


def test_a_partner_that_lets_nobody_in_uses_nothing_up() -> None:
    partner = Partner()
    partner.bench.remotes.password = "another"
    assert partner.run().failure
    assert partner.quota.look(partner.destination)[0] == 0


def test_a_file_that_goes_on_is_not_counted_again() -> None:
    partner, broken = Partner(), Transient(Code.REMOTE_DROPPED, "The line broke.")

    def breaks(verb: str, _path: str, _place: int) -> None:
        if verb == "finish" and len(partner.bench.remotes.files) == 1:
            partner.bench.remotes.hooks.clear()
            raise broken

    partner.bench.remotes.hooks.append(breaks)
    partner.waits()
    assert len(files(partner.bench)) == MOST


def test_a_crash_at_any_place_never_lets_more_through() -> None:
    fuse = Fuse()
    partner = Partner()
    with pytest.raises(Waiting):
        partner.run(fuse)
    for at in range(1, fuse.calls + 1, 7):
        partner = Partner()
        # The call that it dies in may be the one that says so.
        with pytest.raises((Crash, Waiting)):
            partner.run(Fuse(at, after=True))
        with pytest.raises(Waiting):
            partner.run()
        assert len(files(partner.bench)) <= MOST
        partner.now += SLOW
        with suppress(Waiting):
            # Files that were counted and then died with their owner cost an hour more.
            partner.run()
        partner.now += SLOW
        if not partner.bench.record().transfer.finished:
            assert partner.run().outcome is Outcome.DELIVERED
        assert files(partner.bench) == FINALS


def test_what_is_not_limited_is_not_counted() -> None:
    def nobody(*_: object) -> Any:
        raise Permanent(Code.INTERNAL, "Nobody counts.")

    limits: Callable[..., Any] = nobody
    assert Quota(limits)(replace(PARTNER, files_per_hour=0), 7) == 7  # type: ignore[arg-type]
