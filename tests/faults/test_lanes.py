"""Several lanes over a long way that end early: no hang, and nothing that nobody removes."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests import sweeps
from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.noise import noise
from tests.servers.openssh import OpenSSH, is_root
from tests.servers.proxy import Fault, Kind, Proxy
from transfer.buffers import Buffers
from transfer.errors import Stopping
from transfer.model import CHUNK, MIB
from transfer.tools import Tools
from transfer.width import Width

SOURCE = "s3://exports/data.bin"
DATA = noise(64 * MIB)
FAR = 0.012
"""Seconds one way; from a round trip of 10 ms on a file has several lanes."""
LANES = Width(share=8 * MIB)
RUNS = 16 if sweeps.WHOLE else 2


class Wide(Voyage):
    width = LANES
    stop = threading.Event()
    buffers = Buffers()

    def tools(self) -> Tools:
        ours = replace(super().tools(), width=self.width, halt=self.halt)
        return replace(ours, buffers=self.buffers)

    def halt(self) -> None:
        if self.stop.is_set():
            raise Stopping


def few_or_one(run: int) -> Buffers:
    """Lanes that all hold a part of the only buffer there is must hear of everything too."""
    return Buffers(1) if run % 2 else Buffers()


@pytest.mark.skipif(not is_root(), reason="only root can mount a small file system")
@pytest.mark.parametrize("run", range(RUNS))
def test_a_full_disk_ends_every_lane(run: int, sightings: Sightings) -> None:
    with (
        OpenSSH(capacity=(16 + run) * MIB) as server,
        Proxy(server.host, server.port, delay=FAR) as proxy,
    ):
        voyage = Wide(server, sightings, {SOURCE: DATA}, port=proxy.port)
        voyage.buffers = few_or_one(run)
        ended = voyage.sail()
        assert ended.code == "remote.full"
        assert ended.transfer.loose_ends == ()
        remote = voyage.register.connect(voyage.destination())
        assert remote.size(f"{server.root}/{voyage.name}") is None
        remote.close()


@pytest.mark.parametrize("run", range(RUNS))
def test_a_stop_ends_every_lane_and_the_next_one_goes_on(
    run: int, partner: OpenSSH, sightings: Sightings
) -> None:
    with Proxy(partner.host, partner.port, delay=FAR) as proxy:
        voyage = Wide(partner, sightings, {SOURCE: DATA}, port=proxy.port)
        voyage.stop, voyage.buffers = threading.Event(), few_or_one(run)

        def stop() -> None:
            if len(voyage.watcher.moves) > run % 5:
                voyage.stop.set()

        voyage.watcher.then = stop
        with pytest.raises(Stopping):
            voyage.sail()
        assert len(proxy.links) == 1
        # The ledger names the temp, for the next owner to go on with it.
        [delivery] = voyage.ledger.deliveries(f"faults:{voyage.id}")
        assert delivery.temp
        Path(delivery.temp).unlink()


def test_lanes_whose_line_is_cut_again_and_again_get_on(
    partner: OpenSSH, sightings: Sightings
) -> None:
    """What was acknowledged when the line broke counts, though no further chunk was handed out."""
    fault = Fault(Kind.RESET, "up", 3 * CHUNK, lasting=True)
    data = DATA[: 5 * CHUNK + MIB]
    with Proxy(partner.host, partner.port, faults=[fault]) as proxy:
        # Many tries: a line's first chunk may be its slowest, and then nothing counts for once.
        voyage = Wide(partner, sightings, {SOURCE: data}, port=proxy.port, tries=9)
        voyage.width = Width(wide=MIB, share=8 * MIB)
        assert voyage.sail().judged().delivered
        assert len(proxy.links) > 2
