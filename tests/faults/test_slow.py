"""A partner that stops or crawls: given up by name, or waited for as long as something moves."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from time import monotonic

import pytest

from tests.faults.meddling import Meddling
from tests.faults.sightings import Sightings
from tests.faults.voyage import Stopped, Voyage, carried
from tests.noise import noise
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Fault, Kind, Proxy
from transfer.errors import Stopping
from transfer.model import CHUNK
from transfer.slots import Slots

SOURCE = "s3://exports/data.bin"
DATA = noise(2 * CHUNK + 12_345)
TIMEOUT = 0.5
KB = 1000


def through(proxy: Proxy, partner: OpenSSH, seen: Sightings, data: bytes = DATA) -> Voyage:
    return Voyage(partner, seen, {SOURCE: data}, port=proxy.port)


@pytest.mark.parametrize("at", [0, 1, 1000, CHUNK // 2, CHUNK + 5])
def test_a_line_that_hangs_once_costs_a_try(
    at: int, partner: OpenSSH, sightings: Sightings
) -> None:
    with Proxy(partner.host, partner.port, faults=[Fault(Kind.HANG, "up", at)]) as proxy:
        voyage = through(proxy, partner, sightings)
        voyage.hurry(lambda: proxy.faults)
        assert voyage.sail().judged().delivered


@pytest.mark.parametrize("at", [0, 1000, CHUNK // 2])
def test_a_partner_that_always_hangs_is_given_up_by_name(
    at: int, partner: OpenSSH, sightings: Sightings
) -> None:
    with Proxy(partner.host, partner.port, faults=[Fault(Kind.HANG, "up", at, True)]) as proxy:
        begun = monotonic()
        voyage = through(proxy, partner, sightings)
        voyage.settings = {"timeout": TIMEOUT, "connect_timeout": 2 * TIMEOUT}
        ended = voyage.sail().judged()
        assert ended.code == "remote.timeout"
        # Three tries and Cleanup, each with the time to connect and the time without progress: six
        # seconds where nothing else is at work.
        assert monotonic() - begun < 60


def test_the_rename_is_asked_for_and_nobody_answers(partner: OpenSSH, sightings: Sightings) -> None:
    with Proxy(partner.host, partner.port) as proxy:
        voyage = through(proxy, partner, sightings)
        asked: list[str] = []

        def strike(old: str, _new: str) -> None:
            asked.append(old)
            proxy.strike(Kind.HANG)

        voyage.hurry(lambda: not asked)
        assert voyage.remotes
        voyage.remotes = Meddling(voyage.remotes, strike)
        assert voyage.sail().judged().delivered
        assert len(proxy.links) >= 2


def test_a_server_whose_disk_hangs_is_given_up_and_then_found_well_again() -> None:
    """Its sessions are stopped in mid-file; TCP stays up and takes what fits its buffers."""
    with OpenSSH() as server, Sightings(server.root) as seen:
        voyage = Voyage(server, seen, {SOURCE: os.urandom(8 * CHUNK)})
        freeze = Once(server.freeze)
        voyage.hurry(lambda: freeze.left)
        voyage.watcher.then = freeze
        ended = voyage.sail().judged()
        assert ended.delivered
        server.thaw()


def test_a_crawling_partner_gets_its_file_while_others_get_theirs(
    partner: OpenSSH, sightings: Sightings
) -> None:
    """1 KB/s and the times of the example: the login alone takes seconds, but something moves. It
    is held before its end until the others are served.
    """
    usual = {"timeout": 30.0, "connect_timeout": 15.0}
    slots, served = Slots(2), Event()
    with Proxy(partner.host, partner.port, rate=1 * KB) as proxy, ThreadPoolExecutor(1) as pool:
        crawler = through(proxy, partner, sightings, os.urandom(6 * KB))
        crawler.settings, crawler.slots = usual, slots
        crawler.watcher.then = partial(served.wait, 120)
        crawling = pool.submit(crawler.sail)
        for _ in range(3):
            voyage = Voyage(partner, sightings, {SOURCE: DATA}, slots=slots)
            assert voyage.sail().judged().delivered
        assert not crawling.done()
        served.set()
        assert crawling.result().judged().delivered


def test_a_partner_that_takes_long_for_a_large_request_is_waited_for(
    partner: OpenSSH, sightings: Sightings
) -> None:
    """In one request of 255 KiB the file would have no answer within the time."""
    with Proxy(partner.host, partner.port, rate=20 * KB) as proxy:
        voyage = through(proxy, partner, sightings, os.urandom(150 * KB))
        voyage.settings |= {"timeout": 5.0}
        voyage.tries = 1
        assert voyage.sail().judged().delivered


def test_a_partner_below_the_least_rate_is_a_named_failure(
    partner: OpenSSH, sightings: Sightings
) -> None:
    with Proxy(partner.host, partner.port, rate=20 * KB) as proxy:
        voyage = through(proxy, partner, sightings, os.urandom(400 * KB))
        voyage.settings |= {"timeout": 3.0, "min_rate": 100 * KB}
        voyage.tries = 1
        ended = voyage.sail().judged()
        assert ended.code == "remote.slow"
        assert ended.transfer.failure
        assert "100000 bytes a second" in ended.transfer.failure.message


def test_a_stop_is_heard_in_the_middle_of_a_chunk(partner: OpenSSH, sightings: Sightings) -> None:
    """At this rate the file takes five minutes, and its first chunk as long."""
    with Proxy(partner.host, partner.port, rate=20 * KB) as proxy:
        voyage = Stopped(partner, sightings, {SOURCE: os.urandom(6 * 1000 * KB)}, port=proxy.port)
        voyage.when = lambda: carried(proxy) > 40 * KB
        with pytest.raises(Stopping):
            voyage.sail()
        assert carried(proxy) < 1000 * KB


class Once:
    """Calls it the first time only."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.left = [call]

    def __call__(self) -> None:
        if self.left:
            self.left.pop()()
