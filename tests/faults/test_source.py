"""The line to S3 cuts, ends early or flips a bit: the object's bytes arrive, or none do."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from adapters.s3.store import S3Objects
from tests.faults.sightings import Sightings
from tests.faults.voyage import Ended, Voyage
from tests.noise import noise
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Fault, Kind, Proxy
from tests.servers.s3_clients import s3_client
from tests.servers.seaweedfs import SeaweedFS
from transfer.model import CHUNK, MIB

DATA = noise(CHUNK + 2 * MIB)
# Of what a connection carries back: the answer to HEAD, the head of an answer, bodies.
PLACES = [0, 1, 200, 1000, MIB, CHUNK - 1, CHUNK, CHUNK + 1]
EVERYWHERE = range(MIB // 2, 64 * MIB, MIB)


@dataclass
class Road:
    """From SeaweedFS by way of a proxy to the partner."""

    seaweedfs: SeaweedFS
    partner: OpenSSH
    sightings: Sightings
    bucket: str

    def put(self, data: bytes) -> str:
        key = uuid4().hex
        self.seaweedfs.client().put_object(Bucket=self.bucket, Key=key, Body=data)
        return f"s3://{self.bucket}/{key}"

    def travel(self, *faults: Fault, data: bytes = DATA, timeout: float = 2.0) -> Ended:
        """The faults befall the way to S3."""
        uri = self.put(data)
        port = urlsplit(self.seaweedfs.endpoint_url).port or 0
        with Proxy("127.0.0.1", port, faults=faults) as proxy:
            endpoint = f"http://{proxy.host}:{proxy.port}"
            store = S3Objects(s3_client(endpoint, "READER", "reader-secret", timeout=timeout))
            ended = Voyage(self.partner, self.sightings, {uri: data}, store=store).sail()
            assert all(fault.lasting or fault not in proxy.faults for fault in faults)
        return ended.judged()


@pytest.fixture(scope="module")
def road(seaweedfs: SeaweedFS, partner: OpenSSH, sightings: Sightings) -> Road:
    bucket = f"faults-{uuid4().hex[:8]}"
    seaweedfs.client().create_bucket(Bucket=bucket)
    return Road(seaweedfs, partner, sightings, bucket)


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("kind", [Kind.RESET, Kind.FIN], ids=lambda kind: kind.name)
def test_an_answer_that_ends_early_is_read_again(kind: Kind, at: int, road: Road) -> None:
    assert road.travel(Fault(kind, "down", at)).delivered


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.FIN], ids=lambda kind: kind.name)
def test_answers_that_always_end_early_are_a_named_failure(kind: Kind, road: Road) -> None:
    ended = road.travel(Fault(kind, "down", MIB, lasting=True))
    assert ended.code == "source.unavailable"


def test_a_flipped_bit_is_found_by_the_digest_that_s3_holds(road: Road) -> None:
    ended = road.travel(Fault(Kind.FLIP, "down", 5 * MIB))
    assert ended.delivered
    [delivery] = ended.deliveries
    assert delivery.receipt
    assert "MD5" in delivery.receipt.source_check


def test_bits_that_flip_in_every_answer_are_never_delivered(road: Road) -> None:
    ended = road.travel(*(Fault(Kind.FLIP, "down", at, lasting=True) for at in EVERYWHERE))
    assert ended.code == "checksum.mismatch"


def test_a_store_that_stops_in_mid_answer_is_asked_again(road: Road) -> None:
    assert road.travel(Fault(Kind.HANG, "down", 5 * MIB), timeout=0.5).delivered


def test_a_store_that_always_stops_is_a_named_failure(road: Road) -> None:
    ended = road.travel(Fault(Kind.HANG, "down", 5 * MIB, lasting=True), timeout=0.5)
    assert ended.code == "source.unavailable"
