"""A file of 64 MiB whose line is cut at every 10 MB, on others' servers.

Over SFTP with one lane and with two; over FTP the line of the data alone, and all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import sweeps
from tests.faults.abroad import ONE, SEVERAL, abroad
from tests.ports.foreign_partners import KINDS, SFTP, ForeignPartner, foreign_partner
from tests.servers.proxy import Fault, Kind
from transfer.model import CHUNK, MIB

SOURCE = "s3://exports/data.bin"
DATA = os.urandom(64 * MIB)
CUTS = range(CHUNK, len(DATA), CHUNK)
POINTS = [(kind, at, other) for kind in KINDS for at in CUTS for other in (False, True)]


@pytest.fixture(scope="session")
def partner(request: pytest.FixtureRequest) -> Iterator[ForeignPartner]:
    with foreign_partner(request.param) as partner:
        yield partner


@pytest.mark.parametrize(("partner", "at", "other"), sweeps.share(POINTS), indirect=["partner"])
def test_the_exact_bytes_arrive_once_wherever_the_line_is_cut(
    partner: ForeignPartner, at: int, other: bool
) -> None:
    sftp = partner.name in SFTP
    fault = Fault(Kind.RESET, "up", at, wide=other and not sftp)
    width = SEVERAL if sftp and other else ONE
    with abroad(partner, {SOURCE: DATA}, fault, width=width) as (voyage, proxy):
        ended = voyage.sail()
        print(
            ended.code,
            ended.transfer.failure,
            ended.transfer.loose_ends,
            len(proxy.links),
            [(l.up.carried >> 20) for l in proxy.links],
            ended.temps(),
            voyage.sightings.of(voyage.name),
            sorted(set(voyage.watcher.moves))[-3:],
        )
        ended = ended.judged()
        assert ended.delivered
        assert ended.transfer.loose_ends == ()
        assert proxy.faults == []
