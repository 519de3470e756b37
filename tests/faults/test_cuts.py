"""The line to the partner is cut: the exact bytes arrive once, or the failure has a name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.meddling import Meddling
from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.noise import noise
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Fault, Kind, Proxy, Way
from transfer.destination import Conflict
from transfer.model import CHUNK, DeliveryState

SOURCE = "s3://exports/data.bin"
DATA = noise(2 * CHUNK + 12_345)
CUTS: list[tuple[Kind, Way]] = [
    (Kind.RESET, "up"), (Kind.RESET, "down"), (Kind.FIN, "up"), (Kind.FIN, "down"),
]  # fmt: skip
PLACES = {
    "nothing": 0,
    "one byte": 1,
    "the greeting": 30,
    "the key exchange": 1000,
    "the login": 1900,
}


def through(proxy: Proxy, partner: OpenSSH, seen: Sightings, data: bytes = DATA) -> Voyage:
    return Voyage(partner, seen, {SOURCE: data}, port=proxy.port)


@pytest.fixture(scope="module")
def whole(partner: OpenSSH, sightings: Sightings) -> dict[Way, int]:
    """Bytes that an undisturbed connection carries."""
    with Proxy(partner.host, partner.port) as proxy:
        assert through(proxy, partner, sightings).sail().judged().delivered
        [link] = proxy.links
        return {"up": link.up.carried, "down": link.down.carried}


@pytest.mark.parametrize("place", [*PLACES, "the middle"])
@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut[0].name} {cut[1]}")
def test_a_line_that_is_cut_once_costs_a_try_and_nothing_else(
    cut: tuple[Kind, Way], place: str, whole: dict[Way, int], partner: OpenSSH, sightings: Sightings
) -> None:
    kind, way = cut
    # Two runs differ by a third in what the server sends: its window updates.
    middle = len(DATA) // 2 if way == "up" else whole[way] // 3
    fault = Fault(kind, way, (PLACES | {"the middle": middle})[place])
    with Proxy(partner.host, partner.port, faults=[fault]) as proxy:
        ended = through(proxy, partner, sightings).sail().judged()
        assert ended.delivered
        assert proxy.faults == []


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut[0].name} {cut[1]}")
def test_a_line_that_is_cut_at_the_end_of_the_file_costs_a_try(
    cut: tuple[Kind, Way], partner: OpenSSH, sightings: Sightings
) -> None:
    """At the last progress, not at a byte: how many the server answers with is its own affair."""
    with Proxy(partner.host, partner.port) as proxy:
        voyage = through(proxy, partner, sightings)
        left = [cut]

        def strike() -> None:
            if left and voyage.watcher.moves[-1] >= (1, 2 * CHUNK):
                proxy.strike(*left.pop())

        voyage.watcher.then = strike
        assert voyage.sail().judged().delivered
        assert left == []
        assert len(proxy.links) == 2


@pytest.mark.parametrize("at", PLACES.values(), ids=PLACES)
def test_a_line_that_never_gets_to_the_login_is_a_named_failure(
    at: int, partner: OpenSSH, sightings: Sightings
) -> None:
    fault = Fault(Kind.RESET, "up", at, lasting=True)
    with Proxy(partner.host, partner.port, faults=[fault]) as proxy:
        ended = through(proxy, partner, sightings).sail().judged()
        assert ended.code in ("remote.dropped", "remote.unreachable")
        assert len(proxy.links) >= 3


def test_every_connection_is_cut_but_each_carries_a_part(
    partner: OpenSSH, sightings: Sightings
) -> None:
    data = os.urandom(4 * CHUNK)
    fault = Fault(Kind.RESET, "up", 2 * CHUNK, lasting=True)
    with Proxy(partner.host, partner.port, faults=[fault]) as proxy:
        voyage = through(proxy, partner, sightings, data)
        assert voyage.sail().judged().delivered
        assert len(proxy.links) > 2
        assert voyage.watcher.moves[-1] == (1, len(data))


def test_every_connection_is_cut_before_it_has_carried_anything(
    partner: OpenSSH, sightings: Sightings
) -> None:
    fault = Fault(Kind.RESET, "up", CHUNK // 2, lasting=True)
    with Proxy(partner.host, partner.port, faults=[fault]) as proxy:
        ended = through(proxy, partner, sightings).sail().judged()
        assert ended.code == "remote.dropped"
        assert ended.transfer.loose_ends == ()


def test_a_flipped_bit_on_the_line_is_noticed(partner: OpenSSH, sightings: Sightings) -> None:
    faults = [Fault(Kind.FLIP, "up", CHUNK), Fault(Kind.FLIP, "down", 5000)]
    with Proxy(partner.host, partner.port, faults=faults) as proxy:
        assert through(proxy, partner, sightings).sail().judged().delivered
        assert len(proxy.links) > 1


@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("at", range(5, 3000, 157))
def test_a_bit_that_flips_before_the_first_byte_of_the_file_has_a_name(
    at: int, way: Way, partner: OpenSSH, sightings: Sightings
) -> None:
    """In the greeting, the key exchange, the login; what it alters of the offers is Permanent."""
    with Proxy(partner.host, partner.port, faults=[Fault(Kind.FLIP, way, at)]) as proxy:
        voyage = through(proxy, partner, sightings, b"abc")
        voyage.hurry(lambda: proxy.faults)
        ended = voyage.sail().judged()
        assert ended.delivered or ended.code in ("remote.insecure", "hostkey.unknown")


@pytest.mark.parametrize("kind", [Kind.DEAF, Kind.RESET, Kind.FIN], ids=lambda kind: kind.name)
@pytest.mark.parametrize("replace", [False, True], ids=["new", "replacing"])
def test_the_line_is_cut_when_the_rename_is_asked_for(
    kind: Kind, replace: bool, partner: OpenSSH, sightings: Sightings
) -> None:
    """DEAF lets the request through and swallows the answer; the others swallow the request."""
    with Proxy(partner.host, partner.port) as proxy:
        voyage = through(proxy, partner, sightings)
        voyage.settings["on_conflict"] = Conflict.REPLACE if replace else Conflict.FAIL
        voyage.remotes = Meddling(voyage.register, lambda _old, _new: proxy.strike(kind))
        assert voyage.sail().judged().delivered
        assert len(proxy.links) == 2


@pytest.mark.parametrize("replace", [False, True], ids=["new", "replacing"])
def test_the_rename_is_done_and_its_answer_lost(
    replace: bool, partner: OpenSSH, sightings: Sightings
) -> None:
    with Proxy(partner.host, partner.port) as proxy:
        voyage = through(proxy, partner, sightings)
        voyage.settings["on_conflict"] = Conflict.REPLACE if replace else Conflict.FAIL
        voyage.remotes = Meddling(voyage.register, unanswered(proxy))
        assert voyage.sail().judged().delivered
        assert len(proxy.links) == 2


def test_a_file_that_is_collected_before_the_answer_came_is_not_sent_again(
    partner: OpenSSH, sightings: Sightings
) -> None:
    with Proxy(partner.host, partner.port) as proxy:
        voyage = through(proxy, partner, sightings)
        collect = (partner.root / voyage.name).unlink
        voyage.remotes = Meddling(voyage.register, unanswered(proxy), collect)
        ended = voyage.sail().judged()
        assert ended.code == "publish.unknown"
        assert [delivery.state for delivery in ended.deliveries] == [DeliveryState.UNKNOWN]
        assert sightings.of(voyage.name) == 1


def test_a_temp_that_vanishes_before_the_rename_is_not_taken_for_a_success(
    partner: OpenSSH, sightings: Sightings
) -> None:
    voyage = Voyage(partner, sightings, {SOURCE: DATA})
    voyage.remotes = Meddling(voyage.register, lambda old, _new: Path(old).unlink())
    ended = voyage.sail().judged()
    assert ended.code == "publish.unknown"
    assert sightings.of(voyage.name) == 0


def unanswered(proxy: Proxy) -> Callable[[str, str], None]:
    """The rename happens, and the line is gone."""

    def rename(old: str, new: str) -> None:
        Path(old).rename(new)
        proxy.strike(Kind.RESET)

    return rename
