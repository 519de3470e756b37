"""Times, dry runs, all or nothing: what a request may ask for beside its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.memory.remotes import ALL_POWERS
from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.made import NOON, PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Conflict
from transfer.errors import Code, Permanent, Waiting
from transfer.journey import travel
from transfer.model import Outcome, Stage, Transfer
from transfer.request.options import Options
from transfer.windows import Blackout, opens_at, parse_bandwidth, parse_blackout, rate_at

A, B = "s3://exports/payroll/a.csv", "s3://exports/payroll/b.csv"
NOW = f"{NOON:%Y-%m-%d %H:%M:%S}"
LATER = f"{NOON + timedelta(hours=2):%Y-%m-%d %H:%M:%S}"
EARLIER = f"{NOON - timedelta(hours=2):%Y-%m-%d %H:%M:%S}"


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, b"new")
    return bench


def carried(bench: Bench, claimed: Transfer | None = None, **changes: Any) -> Transfer:
    settings = changes.pop("settings", {})
    now = changes.pop("now", NOON)
    partner = replace(PARTNER, **settings)
    tools = replace(bench.tools(), destinations={"partner": partner}, clock=lambda: now)
    return travel(claimed or bench.received(**changes), tools, three_tries)


def said(bench: Bench) -> str:
    return "\n".join(post.text for post in bench.posts())


def blackouts(*texts: str) -> dict[str, Any]:
    return {"blackouts": tuple(map(parse_blackout, texts))}


def test_a_transfer_waits_for_its_time_and_the_ticket_tells_it(bench: Bench) -> None:
    with pytest.raises(Waiting) as waiting:
        carried(bench, options={"not_before": LATER})
    assert (waiting.value.code, waiting.value.retry_after) == (Code.WINDOW_CLOSED, 60.0)
    assert f"Predicted start: {LATER} UTC" in said(bench)
    assert bench.remotes.logins == 0
    bench.time[0] += 61
    again = bench.ledger.claim(bench.record().transfer.id)
    assert carried(bench, again, now=NOON + timedelta(hours=2)).outcome is Outcome.DELIVERED


def test_a_blackout_keeps_it_back(bench: Bench) -> None:
    with pytest.raises(Waiting):
        carried(bench, settings=blackouts("11:00-13:30"))
    assert "Predicted start: 2026-11-23 13:30:00 UTC" in said(bench)


def test_a_blackout_that_begins_meanwhile_begins_no_further_file(bench: Bench) -> None:
    bench.objects.put(A, b"a")
    bench.objects.put(B, b"b")
    clock = [NOON]
    bench.watcher.then = lambda: clock.__setitem__(0, NOON + timedelta(hours=1))
    partner = replace(PARTNER, connections=1, **blackouts("12:30-14:00"))
    tools = replace(bench.tools(), destinations={"partner": partner}, clock=lambda: clock[0])
    with pytest.raises(Waiting):
        travel(bench.received(sources=(A, B), target="in/"), tools, three_tries)
    assert list(bench.remotes.files) == ["/inbox/in/a.csv"]


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"finish_by": EARLIER}, {}),
        ({"finish_by": LATER}, blackouts("00:00-00:00")),
        ({"finish_by": LATER}, blackouts("11:00-15:00")),
        ({}, blackouts("00:00-00:00")),
    ],
)
def test_what_can_not_be_in_time_is_refused_before_any_connection(
    bench: Bench, options: dict[str, str], settings: dict[str, Any]
) -> None:
    done = carried(bench, options=options, settings=settings)
    assert done.failure
    assert done.failure.code == Code.WINDOW_MISSED
    assert bench.remotes.logins == 0


def test_nothing_is_published_after_its_time(bench: Bench) -> None:
    clock = [NOON]
    bench.watcher.then = lambda: clock.__setitem__(0, NOON + timedelta(hours=3))
    tools = replace(bench.tools(), clock=lambda: clock[0])
    done = travel(bench.received(options={"finish_by": LATER}), tools, three_tries)
    assert done.failure
    assert done.failure.code == Code.WINDOW_MISSED
    assert bench.remotes.files == {}


@pytest.mark.parametrize("today", [f"{NOON:%Y-%m-%d}", f" {NOON:%Y%m%d} ", f"{NOON:%Y-%m-%d} UTC"])
def test_a_date_alone_lasts_to_the_end_of_its_day(bench: Bench, today: str) -> None:
    options = {"not_before": today, "finish_by": today}
    assert carried(bench, options=options).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    "options",
    [
        {"not_before": "tomorrow"},
        {"finish_by": "2026-13-01"},
        {"finish_by": "0001-01-01T00:00:00+23:59"},
        {"not_before": "0001-01-01T00:00:00+00:01"},
        {"not_before": "9999-12-31T23:59:59-00:01"},
        {"not_before": "9999-12-31 23:59:59"},
        {"dry_run": "perhaps"},
        {"all_or_nothing": "2"},
        {"not_before": LATER, "finish_by": NOW},
    ],
)
def test_an_option_that_makes_no_sense_is_refused(bench: Bench, options: dict[str, str]) -> None:
    done = carried(bench, options=options)
    assert (done.outcome, done.stage) == (Outcome.REFUSED, Stage.CLOSED)
    assert done.failure
    assert done.failure.code == Code.REQUEST_MALFORMED


def test_times_may_name_their_zone() -> None:
    options = Options.of({"not_before": "2026-11-23T14:00:00+02:00"})
    assert options.not_before == NOON


@pytest.mark.parametrize(
    ("text", "now", "opens"),
    [
        ("08:00-18:00", "2026-11-23 07:59", "2026-11-23 07:59"),
        ("08:00-18:00", "2026-11-23 08:00", "2026-11-23 18:00"),
        ("08:00-18:00", "2026-11-23 18:00", "2026-11-23 18:00"),
        ("22:00-06:00", "2026-11-23 23:00", "2026-11-24 06:00"),
        ("22:00-06:00", "2026-11-24 05:59", "2026-11-24 06:00"),
        ("Fri-Sun 00:00-00:00", "2026-11-27 10:00", "2026-11-30 00:00"),
        ("Sat,Sun 00:00-00:00", "2026-11-27 10:00", "2026-11-27 10:00"),
        ("Sun-Mon 20:00-04:00", "2026-11-24 01:00", "2026-11-24 04:00"),
    ],
)
def test_hours(text: str, now: str, opens: str) -> None:
    assert at(now, parse_blackout(text)) == datetime.fromisoformat(f"{opens}:00+00:00")


def at(now: str, *closed: Blackout, zone: str = "UTC") -> datetime | None:
    return opens_at(datetime.fromisoformat(f"{now}:00+00:00"), closed, zone)


@pytest.mark.parametrize(
    ("now", "rate", "until"),
    [
        ("2026-11-27 07:59", 9_000, None),
        ("2026-11-27 08:00", 2_000, "2026-11-27 18:00"),
        ("2026-11-27 12:30", 1_000, "2026-11-27 13:00"),
        ("2026-11-27 17:59", 2_000, "2026-11-27 18:00"),
        ("2026-11-28 12:00", 1_000, "2026-11-28 13:00"),
        ("2026-11-28 13:00", 9_000, None),
    ],
)
def test_of_several_rates_the_least_holds(now: str, rate: int, until: str | None) -> None:
    texts = ("9 kB/s", "Mon-Fri 08:00-18:00 2 kB/s", "12:00-13:00 1kB/s", "22:00-23:00 1 GB/s")
    found = rate_at(
        datetime.fromisoformat(f"{now}:00+00:00"), [*map(parse_bandwidth, texts)], "UTC"
    )
    assert found == (rate, until and datetime.fromisoformat(f"{until}:00+00:00"))
    assert rate_at(NOON, [parse_bandwidth("01:00-02:00 1 MB/s")], "UTC") == (None, None)


def test_hours_are_those_of_the_destination_s_zone() -> None:
    closed = parse_blackout("08:00-18:00")
    opened = at("2026-07-01 07:00", closed, zone="Europe/Berlin")
    assert opened == datetime.fromisoformat("2026-07-01T16:00:00+00:00")
    # The clocks went back on 25 October 2026.
    opened = at("2026-10-26 07:30", closed, zone="Europe/Berlin")
    assert opened == datetime.fromisoformat("2026-10-26T17:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "now", "opens"),
    [
        # An end that comes twice: the second one.
        ("01:00-02:30", "2026-10-25 00:15", "2026-10-25 01:30"),
        ("01:00-02:30", "2026-10-25 01:15", "2026-10-25 01:30"),
        ("01:00-02:30", "2026-10-25 01:30", "2026-10-25 01:30"),
        # A start that comes twice: the first one, and what lies between is not open either.
        ("02:30-05:00", "2026-10-25 00:29", "2026-10-25 00:29"),
        ("02:30-05:00", "2026-10-25 00:30", "2026-10-25 04:00"),
        ("02:30-05:00", "2026-10-25 01:10", "2026-10-25 04:00"),
        # The hour that is left out: 02:30 is no later than 03:00.
        ("02:30-05:00", "2026-03-29 01:00", "2026-03-29 03:00"),
        ("22:00-02:30", "2026-03-29 00:30", "2026-03-29 01:30"),
    ],
)
def test_hours_in_the_nights_in_which_the_clock_is_set(text: str, now: str, opens: str) -> None:
    opened = at(now, parse_blackout(text), zone="Europe/Berlin")
    assert opened == datetime.fromisoformat(f"{opens}:00+00:00")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/Havana", "Australia/Lord_Howe"]),
)
@example(datetime(2026, 10, 25, 1, 15, tzinfo=UTC), time(1), time(2, 30), "Europe/Berlin")
@example(datetime(2026, 3, 29, 1, 5, tzinfo=UTC), time(2, 30), time(5), "Europe/Berlin")
def test_what_opens_does_so_at_no_time_that_clocks_show_as_closed(
    now: datetime, start: time, end: time, zone: str
) -> None:
    opened = opens_at(now, [Blackout(frozenset(range(7)), start, end)], zone)
    if opened is None:
        return
    assert opened >= now
    shown = opened.astimezone(ZoneInfo(zone)).time()
    closed = start <= shown < end if start < end else not end <= shown < start
    assert not closed


@pytest.mark.parametrize("text", ["", "8-18", "08:00", "Mun 08:00-09:00", "25:00-26:00", "Mon"])
def test_hours_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match="must be hours"):
        parse_blackout(text)


@given(st.integers(0, 7 * 24 * 60), st.times(), st.times(), st.frozensets(st.integers(0, 6)))
def test_whenever_it_opens_no_blackout_holds(
    minutes: int, start: Any, end: Any, days: frozenset[int]
) -> None:
    closed = Blackout(days, start.replace(second=0, microsecond=0), end.replace(microsecond=0))
    now = NOON + timedelta(minutes=minutes)
    opened = opens_at(now, [closed], "UTC")
    assert opened is None or (opened >= now and closed.around(opened) is None)


def test_a_dry_run_sends_nothing_and_tells_what_it_would_do(bench: Bench) -> None:
    bench.remotes.files[FINAL] = bytearray(b"old!")
    done = carried(
        bench,
        options={"dry_run": "true"},
        settings={"on_conflict": Conflict.REPLACE},
    )
    assert (done.outcome, done.stage) == (Outcome.REHEARSED, Stage.CLOSED)
    assert bench.remotes.files == {FINAL: b"old!"}
    assert f"{SOURCE} → {FINAL}: 3 bytes, the name is taken by a file of 4 bytes" in said(bench)
    assert "nothing was sent" in said(bench)


def test_a_dry_run_finds_what_the_real_one_would(bench: Bench) -> None:
    bench.objects.remove(SOURCE)
    done = carried(bench, options={"dry_run": "true"})
    assert done.failure
    assert done.failure.code == Code.SOURCE_MISSING


def both(bench: Bench, **changes: Any) -> Transfer:
    bench.objects.put(A, b"a")
    bench.objects.put(B, b"b" * 100)
    options = {"all_or_nothing": "true"}
    return bench.received(sources=(A, B), target="in/", options=options, **changes)


def test_all_or_nothing_publishes_all(bench: Bench) -> None:
    assert carried(bench, both(bench)).outcome is Outcome.DELIVERED
    assert bench.remotes.appeared == {"/inbox/in/a.csv": 1, "/inbox/in/b.csv": 1}


@pytest.mark.parametrize("connections", [1, 4])
def test_all_or_nothing_publishes_nothing_when_one_fails(bench: Bench, connections: int) -> None:
    bench.remotes.capacity = 50
    done = carried(bench, both(bench), settings={"connections": connections})
    assert done.failure
    assert done.failure.code == Code.REMOTE_FULL
    assert bench.remotes.appeared == {}
    assert bench.remotes.files == {}


def test_all_or_nothing_survives_a_crash_at_every_call() -> None:
    for at_call in range(1, 300):
        world = Bench()
        fuse = Fuse(at_call, after=bool(at_call % 2))
        partner = replace(PARTNER, connections=1)
        claimed = both(world)
        tools = replace(world.tools(fuse), destinations={"partner": partner})
        try:
            travel(claimed, tools, three_tries)
        except Crash:
            if world.record().transfer.finished:
                continue
            assert len(world.remotes.appeared) == 0 or verified_or_more(world)
            carried(world, both(world))
        assert world.remotes.appeared == {"/inbox/in/a.csv": 1, "/inbox/in/b.csv": 1}
        if not fuse.dead:
            return
    raise AssertionError("the sweep did not end")


def verified_or_more(world: Bench) -> bool:
    states = {item.state.value for item in world.record().deliveries}
    return states <= {"verified", "intent", "published"}


def test_all_or_nothing_goes_on_where_the_server_cannot_continue_files() -> None:
    world = Bench()
    world.remotes.powers = replace(ALL_POWERS, resumes=False, ranges=False)
    assert carried(world, both(world)).outcome is Outcome.DELIVERED


def test_a_malformed_option_is_permanent() -> None:
    with pytest.raises(Permanent, match="true or false"):
        Options.of({"dry_run": "?"})
