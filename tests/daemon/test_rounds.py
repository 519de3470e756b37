"""The rounds go on, whatever befalls one of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NoReturn

import apscheduler.executors.base
import apscheduler.schedulers.base
import pytest
from structlog.testing import capture_logs

from adapters.running.alarm import LedgerAlarm
from daemon.rounds import Rounds
from tests.daemon.ferry import until
from transfer.errors import Code, FerryError, Permanent, Transient


class Clockwork:
    def __init__(self) -> None:
        self.ruin: list[FerryError] = []
        self.rounds = Rounds(LedgerAlarm(self.ruin.append))
        self.errors: list[Exception] = []
        self.times = 0

    def job(self) -> None:
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def clockwork() -> Iterator[Clockwork]:
    made = Clockwork()
    made.rounds.add("job", made.job, 0.01)
    yield made
    made.rounds.stop(wait=True)


def test_no_error_ends_a_round(clockwork: Clockwork) -> None:
    clockwork.errors = [
        RuntimeError("a bug"),
        Transient(Code.SERVICENOW_UNREACHABLE, "No answer."),
        Transient(Code.LEDGER_BUSY, "Locked."),
        Transient(Code.LEDGER_BUSY, "Locked."),
    ]
    with capture_logs() as logs:
        clockwork.rounds.start()
        until(lambda: clockwork.times > 6)
    told = [line["event"] for line in logs if line["log_level"] in ("error", "warning")]
    assert told == ["round failed by a fault of ours", "trouble"]
    assert clockwork.ruin == []


def test_a_ledger_that_is_lost_is_reported(clockwork: Clockwork) -> None:
    clockwork.errors = [Permanent(Code.LEDGER_UNUSABLE, "The disk broke.")]
    clockwork.rounds.start()
    until(lambda: clockwork.ruin)


def test_a_slow_round_neither_overlaps_itself_nor_holds_up_the_others(
    clockwork: Clockwork,
) -> None:
    go_on, inside = threading.Event(), 0

    def slow() -> None:
        nonlocal inside
        inside += 1
        go_on.wait(60)

    clockwork.rounds.add("slow", slow, 0.01)
    clockwork.rounds.start()
    until(lambda: clockwork.times > 10)
    assert inside == 1
    go_on.set()


def test_a_removed_round_comes_no_more(clockwork: Clockwork) -> None:
    def never() -> NoReturn:
        raise AssertionError

    clockwork.rounds.add("never", never, 3600.0)
    clockwork.rounds.remove("never")
    clockwork.rounds.start()
    until(lambda: clockwork.times > 2)


def test_between_rounds_the_clock_is_not_looked_at(clockwork: Clockwork) -> None:
    """It looked as often as a processor can: a core was busy for nothing."""
    clockwork.rounds.remove("job")
    clockwork.rounds.add("hourly", clockwork.job, 3600.0)
    clockwork.rounds.start()
    until(lambda: clockwork.times == 1)
    assert clockwork.rounds._scheduler._process_jobs() > 3000


SUMMER_BEGINS, SUMMER_ENDS = "2026-03-29T00:59:59.900+00:00", "2026-10-25T00:59:59.900+00:00"


class WallClock:
    """The clock that apscheduler sees, as the system's own, which a test may not set."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta()
        clock = self

        class Wall(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                utc = datetime.now(UTC) + clock.ahead
                return tz.fromutc(utc.replace(tzinfo=tz)) if tz else utc.replace(tzinfo=None)

        for module in (apscheduler.schedulers.base, apscheduler.executors.base):
            patched.setattr(module, "datetime", Wall)

    def show(self, moment: str) -> None:
        self.ahead = datetime.fromisoformat(moment) - datetime.now(UTC)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    return WallClock(monkeypatch)


@pytest.mark.parametrize("hours", [-25, -1, 1, 5])
def test_a_wall_clock_that_is_set_neither_stops_nor_hurries_a_round(
    wall: WallClock, clockwork: Clockwork, hours: int
) -> None:
    rare: list[int] = []
    clockwork.rounds.add("rare", lambda: rare.append(1), 3600.0, after=1800.0)
    clockwork.rounds.start()
    until(lambda: clockwork.times > 2)
    wall.ahead = timedelta(hours=hours)
    seen = clockwork.times
    until(lambda: clockwork.times > seen + 5)
    assert rare == []


@pytest.mark.parametrize("moment", [SUMMER_BEGINS, SUMMER_ENDS])
def test_rounds_go_on_over_the_changes_of_summer_time(
    wall: WallClock, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    wall.show(moment)
    clockwork = Clockwork()
    clockwork.rounds.add("job", clockwork.job, 0.01)
    clockwork.rounds.start()
    until(lambda: clockwork.times > 30)
    clockwork.rounds.stop(wait=True)
    after = datetime.fromisoformat(moment) + timedelta(milliseconds=100)
    assert datetime.now(UTC) + wall.ahead > after
