"""The engine over connections that are kept between requests: fewer logins, and no try lost."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from adapters.remotes.pool import Pool
from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.noise import noise
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Fault, Kind, Proxy
from transfer.model import CHUNK

SOURCE = "s3://exports/data.bin"
DATA = noise(CHUNK + 12_345)
MANY = {f"s3://exports/kept-{number}.bin": os.urandom(1000 + number) for number in range(9)}


@pytest.fixture
def pool(partner: OpenSSH) -> Iterator[Pool]:
    pool = Pool(Voyage(partner, Sightings(partner.root), {}).register)
    yield pool
    pool.close()


def logins(partner: OpenSSH) -> int:
    return partner.log.count("Accepted publickey ")


def test_requests_in_a_row_are_one_login(
    partner: OpenSSH, sightings: Sightings, pool: Pool
) -> None:
    before = logins(partner)
    for _ in range(3):
        voyage = Voyage(partner, sightings, {SOURCE: DATA}, remotes=pool, tries=1)
        assert voyage.sail().judged().delivered
    many = Voyage(partner, sightings, MANY, remotes=pool, tries=1)
    assert many.sail().judged().delivered
    # The last has nine files, and so up to four connections at once.
    assert before + 1 <= logins(partner) <= before + 4
    assert pool.idle(many.destination()) <= 4


def test_a_server_that_was_restarted_meanwhile_costs_no_try(
    partner: OpenSSH, sightings: Sightings, pool: Pool
) -> None:
    for _ in range(3):
        voyage = Voyage(partner, sightings, {SOURCE: DATA}, remotes=pool, tries=1)
        assert voyage.sail().judged().delivered
        assert pool.idle(voyage.destination()) == 1
        partner.drop()


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.FIN, Kind.FLIP], ids=lambda kind: kind.name)
def test_a_line_that_broke_is_never_kept(
    kind: Kind, partner: OpenSSH, sightings: Sightings, pool: Pool
) -> None:
    with Proxy(partner.host, partner.port, faults=[Fault(kind, "up", CHUNK // 2)]) as proxy:
        for links in (2, 2):
            voyage = Voyage(partner, sightings, {SOURCE: DATA}, port=proxy.port, remotes=pool)
            assert voyage.sail().judged().delivered
            assert len(proxy.links) == links
            assert pool.idle(voyage.destination()) == 1
