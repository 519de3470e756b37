"""What S3 itself holds of an object decides, and where it holds nothing the ticket says so."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from adapters.s3 import checksums
from adapters.s3.store import S3Objects
from tests.faults.sightings import Sightings
from tests.faults.voyage import Ended, Voyage, clock
from tests.servers.odd_s3 import Answer, OddS3
from tests.servers.openssh import OpenSSH
from tests.servers.s3_clients import s3_client
from tests.servers.seaweedfs import SeaweedFS
from transfer.model import MIB
from transfer.telling.reports import ending
from transfer.tickets import PostAction, TicketRole

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PARTS = [os.urandom(5 * MIB), os.urandom(1000)]
DATA = b"".join(PARTS)
ONCE = DATA[: 4 * MIB]
"""Read by one GET, for servers that give the same answer to each."""


@pytest.fixture(scope="module")
def client(seaweedfs: SeaweedFS) -> S3Client:
    return seaweedfs.client()


@pytest.fixture(scope="module")
def bucket(client: S3Client) -> str:
    name = f"checksums-{uuid4().hex[:8]}"
    client.create_bucket(Bucket=name)
    return name


def put_in_parts(client: S3Client, bucket: str, parts: Sequence[bytes], **checksum: Any) -> str:
    """The ETag of such an object is no MD5; `checksum` asks S3 for another word on the whole."""
    where: Any = {"Bucket": bucket, "Key": uuid4().hex}
    upload = client.create_multipart_upload(**where, **checksum)
    algorithm = {name: checksum[name] for name in checksum if name == "ChecksumAlgorithm"}
    made: Any = []
    for number, data in enumerate(parts, 1):
        part = client.upload_part(
            **where, UploadId=upload["UploadId"], PartNumber=number, Body=data, **algorithm
        )
        made.append({"PartNumber": number, "ETag": part["ETag"]})
        if algorithm:
            made[-1]["ChecksumCRC64NVME"] = part["ChecksumCRC64NVME"]
    client.complete_multipart_upload(
        **where, UploadId=upload["UploadId"], MultipartUpload={"Parts": made}
    )
    return f"s3://{bucket}/{where['Key']}"


def carried(
    store: S3Objects,
    uri: str,
    partner: OpenSSH,
    seen: Sightings,
    data: bytes = DATA,
    **settings: Any,
) -> Ended:
    return Voyage(partner, seen, {uri: data}, store=store, settings=settings).sail().judged()


def audit_words(ended: Ended) -> str:
    posts = ending(ended.transfer, ended.deliveries, clock())
    return next(
        post.text
        for post in posts
        if post.ticket is TicketRole.AUDIT and post.action is PostAction.CLOSE
    )


def test_a_crc64nvme_of_the_whole_is_compared(
    client: S3Client, bucket: str, partner: OpenSSH, sightings: Sightings
) -> None:
    whole = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
    uri = put_in_parts(client, bucket, PARTS, **whole)
    ended = carried(S3Objects(client), uri, partner, sightings)
    assert ended.delivered
    assert "source compared by CRC64NVME" in audit_words(ended)


@pytest.mark.parametrize("right", [True, False])
def test_an_object_that_is_not_what_its_crc64nvme_says_is_never_published(
    right: bool, partner: OpenSSH, sightings: Sightings
) -> None:
    crc = checksums.available()["crc64nvme"]()
    crc.update(memoryview(ONCE if right else ONCE[::-1]))
    said = base64.b64encode(bytes.fromhex(crc.hexdigest())).decode()
    headers = {"ETag": '"0123-2"', "x-amz-checksum-crc64nvme": said}
    uri = f"s3://exports/{uuid4().hex}"
    with OddS3(Answer(headers=headers, body=ONCE)) as server:
        store = S3Objects(s3_client(server.endpoint_url))
        ended = carried(store, uri, partner, sightings, ONCE)
    assert ended.code == ("" if right else "checksum.mismatch")
    assert "CRC64NVME" in audit_words(ended)


def test_an_object_without_any_digest_of_s3_is_delivered_and_the_ticket_says_so(
    client: S3Client, bucket: str, partner: OpenSSH, sightings: Sightings
) -> None:
    uri = put_in_parts(client, bucket, PARTS)
    ended = carried(S3Objects(client), uri, partner, sightings)
    assert ended.delivered
    assert "source compared by size only" in audit_words(ended)


MODES = ({"attest": ("md5",)}, {"digests": ("md5",), "attest": ("md5",)}, {"digests": ()})


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("mode", MODES, ids=["usual", "nothing else", "none"])
def test_a_bit_that_flips_on_the_way_from_aws_is_found_by_its_crc(
    mode: dict[str, Any], flipped: bool, partner: OpenSSH, sightings: Sightings
) -> None:
    crc = checksums.available()["crc64nvme"]()
    crc.update(memoryview(ONCE))
    md5 = hashlib.md5(ONCE, usedforsecurity=False).hexdigest()
    headers = {
        "ETag": f'"{md5}"',
        "x-amz-server-side-encryption": "AES256",
        "x-amz-checksum-crc64nvme": base64.b64encode(bytes.fromhex(crc.hexdigest())).decode(),
        "x-amz-checksum-type": "FULL_OBJECT",
    }
    body = bytearray(ONCE)
    body[len(ONCE) // 2] ^= 0x04 * flipped
    uri = f"s3://exports/{uuid4().hex}"
    with OddS3(Answer(headers=headers, body=bytes(body))) as server:
        store = S3Objects(s3_client(server.endpoint_url), vouches=lambda *_: True)
        ended = carried(store, uri, partner, sightings, ONCE, **mode)
    assert ended.code == ("checksum.mismatch" if flipped else "")
    if flipped:
        assert "CRC64NVME" in audit_words(ended)
    elif "attest" in mode:
        assert f"MD5: {md5} (attested by S3)" in audit_words(ended)


def test_a_stores_own_crc_proves_the_bytes_where_no_digest_is_asked_for(
    client: S3Client, bucket: str, partner: OpenSSH, sightings: Sightings
) -> None:
    whole = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
    uri = put_in_parts(client, bucket, PARTS, **whole)
    ended = carried(S3Objects(client), uri, partner, sightings, digests=())
    assert ended.delivered
    assert "source compared by CRC64NVME" in audit_words(ended)
