"""The lines to an FTP partner are cut: the exact bytes arrive once, or the failure has a name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.tls import make_certificate
from tests.faults.ftp_road import PORTS, SERVER, Partner, Road
from tests.faults.meddling import Meddling
from tests.faults.sightings import Sightings
from tests.faults.voyage import Stopped, Voyage, carried
from tests.servers.ports import free_ports
from tests.servers.proftpd import Proftpd
from tests.servers.proxy import Fault, Kind, Proxy, Way
from tests.servers.vsftpd import Vsftpd
from transfer.errors import Stopping
from transfer.model import MIB

SOURCE = "s3://exports/data.bin"
KIB = 1024
DATA = os.urandom(MIB + 12_345)
QUICK: dict[str, Any] = {"timeout": 0.7, "connect_timeout": 1.4}
CUTS: list[tuple[Kind, Way]] = [
    (Kind.RESET, "up"), (Kind.RESET, "down"), (Kind.FIN, "up"), (Kind.FIN, "down"),
]  # fmt: skip


def named(cut: tuple[Kind, Way]) -> str:
    return f"{cut[0].name} {cut[1]}"


@pytest.fixture(scope="module", params=["vsftpd-ftp", "vsftpd-ftps", "proftpd-ftp", "proftpd-ftps"])
def partner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Partner]:
    name, _, protocol = request.param.partition("-")
    ports = free_ports(PORTS, Proxy.host, SERVER)
    options: dict[str, Any] = {"host": SERVER}
    if name == "vsftpd":
        options["options"] = [f"pasv_min_port={ports[0]}", f"pasv_max_port={ports[-1]}"]
    else:
        options["options"] = [f"PassivePorts {ports[0]} {ports[-1]}"]
    if protocol == "ftps":
        options["tls"] = make_certificate(tmp_path_factory.mktemp("tls"))
    if (name, protocol) == ("vsftpd", "ftps"):
        options["options"].append("require_ssl_reuse=YES")
    kind = Vsftpd if name == "vsftpd" else Proftpd
    with kind(**options) as server, Sightings(server.root) as seen:
        yield Partner(server, seen, ports)


def voyage(road: Road, data: bytes = DATA, **settings: Any) -> Voyage:
    return road.voyage({SOURCE: data}, **settings)


@pytest.fixture(scope="module")
def whole(partner: Partner) -> dict[str, int]:
    """Bytes that undisturbed lines carry up: the control line, and the data line of the file."""
    with partner.road() as road:
        assert voyage(road).sail().judged().delivered
        assert len(road.control.links) == 1
        return {
            "control": road.control.links[0].up.carried,
            "data": max(link.up.carried for link in road.data.links),
        }


def test_both_lines_cross_the_proxies(partner: Partner, whole: dict[str, int]) -> None:
    assert whole["data"] >= len(DATA)
    assert 100 < whole["control"] < 50_000
    assert set(partner.ports)


@pytest.mark.parametrize("cut", CUTS, ids=named)
@pytest.mark.parametrize("line", ["control", "data"])
@pytest.mark.parametrize("place", ["nothing", "one byte", "early", "the middle", "the end"])
def test_a_line_that_is_cut_once_costs_a_try_and_nothing_else(
    line: str, cut: tuple[Kind, Way], place: str, partner: Partner, whole: dict[str, int]
) -> None:
    kind, way = cut
    end = whole[line]
    at = {"nothing": 0, "one byte": 1, "early": 60, "the middle": end // 2, "the end": end - 1}
    faults: dict[str, Any] = {line: [Fault(kind, way, at[place])]}
    with partner.road(**faults) as road:
        assert voyage(road).sail().judged().delivered


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.FIN], ids=lambda kind: kind.name)
def test_a_data_line_that_ends_at_each_64_kib(kind: Kind, partner: Partner) -> None:
    """After a FIN the server stores what has come, and says 226."""
    for at in range(64 * KIB, 512 * KIB, 64 * KIB):
        with partner.road(data=[Fault(kind, "up", at)]) as road:
            assert voyage(road, DATA[: 512 * KIB]).sail().judged().delivered
            assert not road.data.faults


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.FIN], ids=lambda kind: kind.name)
@pytest.mark.parametrize("line", ["control", "data"])
def test_lines_that_are_always_cut_are_a_named_failure(
    line: str, kind: Kind, partner: Partner
) -> None:
    faults: dict[str, Any] = {line: [Fault(kind, "up", 90, lasting=True)]}
    with partner.road(**faults) as road:
        ended = voyage(road).sail().judged()
        assert ended.code in ("remote.dropped", "remote.unreachable", "checksum.mismatch")


def test_a_flipped_bit_is_noticed(partner: Partner) -> None:
    """By TLS where there is some, by reading back where there is none."""
    with partner.road(data=[Fault(Kind.FLIP, "up", 700 * KIB)]) as road:
        ended = voyage(road).sail().judged()
        assert ended.delivered
        assert not road.data.faults
        [delivery] = ended.deliveries
        assert delivery.receipt
        # ProFTPD hashes for whoever asks.
        assert delivery.receipt.tier in (("T0", "T1") if partner.server.tls else ("T2",))


def test_bits_that_flip_in_every_upload_are_never_delivered(partner: Partner) -> None:
    faults = [Fault(Kind.FLIP, "up", at, lasting=True) for at in range(2000, 9000, 1000)]
    with partner.road(data=faults) as road:
        ended = voyage(road).sail().judged()
        dropped = ("remote.dropped", "remote.failed")
        assert ended.code in dropped if partner.server.tls else ended.code == "checksum.mismatch"


@pytest.mark.parametrize("line", ["control", "data"])
@pytest.mark.parametrize("at", [0, 30, 300])
def test_a_line_that_hangs_once_costs_a_try(line: str, at: int, partner: Partner) -> None:
    faults: dict[str, Any] = {line: [Fault(Kind.HANG, "up", at)]}
    with partner.road(**faults) as road:
        sent = voyage(road)
        sent.hurry(lambda: road.control.faults or road.data.faults, 0.7)
        assert sent.sail().judged().delivered


@pytest.mark.parametrize("line", ["control", "data"])
def test_lines_that_always_hang_are_a_named_failure(line: str, partner: Partner) -> None:
    faults: dict[str, Any] = {line: [Fault(Kind.HANG, "up", 40, lasting=True)]}
    with partner.road(**faults) as road:
        assert voyage(road, **QUICK).sail().judged().code == "remote.timeout"


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.DEAF], ids=lambda kind: kind.name)
def test_the_last_reply_never_comes(kind: Kind, partner: Partner) -> None:
    """All bytes are there; the size, asked over another connection, says so."""
    with partner.road() as road:
        sent = voyage(road)
        strike = Once(lambda: road.control.strike(kind))
        sent.hurry(lambda: strike.left, 0.7)
        sent.watcher.then = strike
        assert sent.sail().judged().delivered
        assert len(road.control.links) > 1


@pytest.mark.parametrize("kind", [Kind.DEAF, Kind.RESET, Kind.FIN], ids=lambda kind: kind.name)
def test_the_line_is_cut_when_the_rename_is_asked_for(kind: Kind, partner: Partner) -> None:
    with partner.road() as road:
        sent = voyage(road)
        sent.remotes = Meddling(sent.register, lambda _old, _new: road.control.strike(kind))
        assert sent.sail().judged().delivered
        assert len(road.control.links) == 2


def test_the_rename_is_done_and_its_answer_lost(partner: Partner) -> None:
    with partner.road() as road:
        sent = voyage(road)

        def rename(old: str, new: str) -> None:
            Path(old).rename(new)
            road.control.strike(Kind.RESET)

        sent.remotes = Meddling(sent.register, rename)
        assert sent.sail().judged().delivered
        assert len(road.control.links) == 2


def test_a_crawling_partner_gets_a_small_file(partner: Partner) -> None:
    """Something moves all the time. The rate is one at which the proxy passes on a command whole:
    ProFTPD waits for ever for an LF that comes alone.
    """
    with partner.road(rate=1700) as road:
        ended = voyage(road, DATA[:2000], timeout=30.0, connect_timeout=60.0).sail().judged()
        assert ended.delivered, ended.transfer.failure


class Once:
    """Calls it the first time only."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.left = [call]

    def __call__(self) -> None:
        if self.left:
            self.left.pop()()


def test_a_stop_is_heard_while_the_bytes_crawl(partner: Partner) -> None:
    """At this rate the file takes a minute, and no writing ends before."""
    with partner.road(rate=20 * KIB) as road:
        stopped = Stopped(
            *(road.server, road.sightings, {SOURCE: DATA}),
            port=road.control.port,
            settings={"host": road.control.host},
        )
        stopped.when = lambda: carried(road.data) > 20 * KIB
        with pytest.raises(Stopping):
            stopped.sail()
        assert carried(road.data) < len(DATA) // 2
