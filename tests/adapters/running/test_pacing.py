"""Bytes a second: counted in the time of a clock that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.memory.ledger import MemoryStore
from adapters.memory.limits import MemoryLimits
from adapters.running.live import LiveMap
from adapters.running.pacing import LATE, LEAST, LOOK_UP, PIECE, Pacer
from adapters.running.places import Places
from tests.ports.ftp_partners import SERVERS, FtpPartner
from tests.ports.partners import Partner, openssh
from tests.transfer.made import PARTNER, request
from transfer.crossing.lanes import Lanes
from transfer.destination import Destination
from transfer.errors import Stopping
from transfer.model import Transfer
from transfer.slots import Slots
from transfer.windows import parse_bandwidth

MB = 1_000_000


def held(*rates: str, zone: str = "UTC") -> Destination:
    return replace(PARTNER, bandwidth=tuple(map(parse_bandwidth, rates)), time_zone=zone)


@dataclass
class Clock:
    """Whoever waits moves it."""

    began: datetime = datetime(2026, 11, 30, 7, 59, 0, tzinfo=UTC)
    now: float = 0.0
    waits: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, seconds: float) -> None:
        with self.lock:
            self.waits.append(seconds)
            self.now += seconds

    def pacer(self, destination: Destination) -> Pacer:
        self.known = LiveMap({destination.name: destination})
        return Pacer(
            self.known,
            clock=lambda: self.began + timedelta(seconds=self.now),
            now=lambda: self.now,
            wait=self.wait,
        )


def never() -> None:
    """Nobody stops."""


def sent(pacer: Pacer, destination: Destination, total: int, halt: Any = never) -> list[int]:
    """The pieces."""
    pieces: list[int] = []
    while sum(pieces) < total:
        pieces.append(pacer(destination, total - sum(pieces), halt))
    return pieces


@pytest.mark.parametrize("rate", [100_000, MB, 50 * MB])
def test_no_more_is_sent_than_the_rate_and_hardly_less(rate: int) -> None:
    clock, there = Clock(), held(f"{rate // 1000} kB/s")
    pieces = sent(clock.pacer(there), there, 20 * rate)
    assert 20 - 2 * PIECE <= clock.now <= 20
    assert max(pieces) <= max(LEAST, rate * PIECE)
    assert max(clock.waits) <= LOOK_UP


def test_what_came_late_is_made_up_for_within_bounds() -> None:
    clock, there = Clock(), held("1 MB/s")
    pacer = clock.pacer(there)
    sent(pacer, there, MB)
    clock.now += 3600
    before = clock.now
    sent(pacer, there, 2 * MB)
    assert clock.now - before >= 2 - LATE - 2 * PIECE


def test_a_slow_rate_has_small_pieces_and_asks_whether_to_end() -> None:
    clock, there, asked = Clock(), held("1 kB/s"), list[float]()
    pieces = sent(clock.pacer(there), there, 10 * LEAST, lambda: asked.append(clock.now))
    assert set(pieces) == {LEAST}
    assert len(asked) == len(clock.waits) >= 9 * LEAST / 1000 / LOOK_UP


def test_the_hours_change_it_in_the_middle_of_a_file() -> None:
    clock, there = Clock(), held("50 MB/s", "Mon-Fri 08:00-18:00 2 MB/s")
    pacer = clock.pacer(there)
    sent(pacer, there, 50 * 60 * MB)
    assert 59 <= clock.now <= 61
    clock.now = 61
    assert pacer.rate(there) == 2 * MB
    sent(pacer, there, 100 * MB)
    assert clock.now - 61 == pytest.approx(50, abs=1)


def test_the_zone_is_the_destination_s() -> None:
    clock = Clock()
    berlin = held("08:00-18:00 2 MB/s", zone="Europe/Berlin")
    assert clock.pacer(berlin).rate(berlin) == 2 * MB
    utc = held("08:00-18:00 2 MB/s")
    assert clock.pacer(utc).rate(utc) is None


def test_a_reload_is_felt_at_once_by_what_is_under_way() -> None:
    clock, there = Clock(), held("1 kB/s")
    pacer = clock.pacer(there)
    pacer(there, LEAST, never)
    asked = list[float]()

    def reload() -> None:
        asked.append(clock.now)
        clock.known.become({there.name: replace(there, bandwidth=())})

    # By the old rate it had to wait for eight seconds.
    assert pacer(there, 10 * MB, reload) == 10 * MB
    assert asked == [LOOK_UP]


def test_who_is_to_end_does_not_wait_to_the_end() -> None:
    clock, there = Clock(), held("1 kB/s")
    pacer = clock.pacer(there)
    pacer(there, LEAST, never)

    def halt() -> None:
        raise Stopping

    with pytest.raises(Stopping):
        pacer(there, LEAST, halt)
    assert clock.now == LOOK_UP


def test_threads_share_the_rate() -> None:
    """Each moves the clock by what it waits: the bytes of all never pass what the clock allows."""
    there, total = held("1 MB/s"), list[int]()
    clock = Clock()
    pacer = clock.pacer(there)

    def work() -> None:
        total.extend(pacer(there, MB, never) for _ in range(8))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(total) == 32
    assert sum(total) <= (clock.now + LATE + PIECE) * MB


def test_hosts_share_it_and_who_is_alone_has_all() -> None:
    now, there = [0.0], held("10 MB/s")
    limits = MemoryLimits(MemoryStore(), lambda: now[0])

    def host(name: str) -> tuple[Places, Pacer]:
        places = Places(limits, name, Slots(4), 60.0, lambda: now[0])
        return places, Pacer({there.name: there}, places.share)

    def renewed(*places: Places) -> None:
        for _ in range(3):
            now[0] += 15
            for each in places:
                each.renew()

    (one, fast), (two, slow) = host("one"), host("two")
    with one(Transfer(request=request()), there, 1):
        assert fast.rate(there) == 10 * MB
        with two(Transfer(request=request(id="i:sc_task:2")), there, 1):
            # What the first has is its own until it asks again.
            assert (fast.rate(there), slow.rate(there)) == (10 * MB, 0)
            now[0] += 3
            two.renew()
            assert slow.rate(there) == 0
            renewed(one, two)
            assert (fast.rate(there), slow.rate(there)) == (5 * MB, 5 * MB)
        renewed(one)
        assert fast.rate(there) == 10 * MB


def test_without_a_rate_nothing_is_split() -> None:
    assert Clock().pacer(PARTNER)(PARTNER, 7 * MB, never) == 7 * MB


DATA = bytes(range(256)) * 2048


def pieces_of(size: int) -> Callable[[int, Callable[[], None]], int]:
    return lambda wanted, _: min(wanted, size)


def arrives(partner: Partner, width: int) -> None:
    path = f"{partner.root}/paced"
    with closing(partner.remotes.connect(partner.destination)) as remote:
        uploads = [remote.create(path, at=lane) for lane in range(width)]
        with Lanes(uploads, 0, pace=pieces_of(70_000)) as lanes:
            for at in range(0, len(DATA), 131_072):
                lanes.write(DATA[at : at + 131_072], at)
            lanes.finish(None)
    assert partner.read(path) == DATA


def test_pieces_arrive_as_one_file_over_sftp() -> None:
    with openssh() as partner:
        arrives(partner, 2)


def test_pieces_arrive_as_one_file_over_ftp() -> None:
    with SERVERS["proftpd"]() as server:
        arrives(FtpPartner(server, "ftp"), 1)
