"""Files of random sizes through random faults: the exact bytes once, or a failure with a name."""

from __future__ import annotations

import os
from uuid import uuid4

import hypothesis.strategies as st
from hypothesis import HealthCheck, event, given, settings

from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.noise import noise
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Fault, Kind, Proxy, Way
from transfer.model import CHUNK, MIB

EDGES = [0, 1, 32_768, 261_119, 261_120, 261_121, MIB, MIB + 1, CHUNK - 1, CHUNK, CHUNK + 1]
LONGEST = 2 * CHUNK + 2
NOISE = noise(LONGEST + 100)
LOGIN = 3000
"""About so many bytes go each way before the first byte of a file."""

bounded = settings(
    max_examples=40,
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
sizes = st.sampled_from(EDGES) | st.integers(0, LONGEST)
ways: st.SearchStrategy[Way] = st.sampled_from(["up", "down"])
kinds = st.sampled_from([Kind.RESET, Kind.FIN, Kind.FLIP, Kind.DEAF, Kind.HANG])
places = st.integers(0, LOGIN) | st.integers(0, LOGIN + LONGEST) | st.sampled_from(EDGES)
faults = st.builds(Fault, kinds, ways, places, st.sampled_from([False, False, False, True]))


@bounded
@given(st.lists(sizes, min_size=1, max_size=3), st.lists(faults, max_size=4))
def test_random_files_through_random_faults(
    partner: OpenSSH, sightings: Sightings, many: list[int], befalls: list[Fault]
) -> None:
    mark = uuid4().hex[:8]
    contents = {
        f"s3://exports/{mark}-{number}.bin": NOISE[number : number + size]
        for number, size in enumerate(many)
    }
    with Proxy(partner.host, partner.port, faults=befalls) as proxy:
        voyage = Voyage(partner, sightings, contents, port=proxy.port)
        voyage.settings |= {"timeout": 0.5, "connect_timeout": 1.0}
        event(voyage.sail().judged().code or "delivered")
