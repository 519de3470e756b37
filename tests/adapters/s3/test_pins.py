"""What S3Objects reads out of a real server's answers: pins, digests, refusals."""

from __future__ import annotations

import hashlib
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.s3.store import S3Objects
from sandbox.aws import Aws
from tests.ports.shelves import PART, S3Shelf, read_whole
from tests.servers.s3_clients import s3_client
from tests.servers.seaweedfs import SeaweedFS
from transfer.errors import Code, Permanent
from transfer.model import Source


@pytest.fixture(params=["moto", "seaweedfs"])
def shelf(request: pytest.FixtureRequest) -> S3Shelf:
    server = request.getfixturevalue(request.param)
    client = server.client() if request.param == "seaweedfs" else s3_client(server.endpoint_url)
    return S3Shelf(client, versioned=False)


def test_a_multipart_object_has_no_digest_of_the_whole(shelf: S3Shelf) -> None:
    data = bytes(range(256)) * (PART // 256) + b"tail"
    source = shelf.put_in_parts("parts", data)
    pin = shelf.objects.describe(source)
    assert pin.etag.strip('"').endswith("-2")
    assert (pin.md5, pin.sha256) == (None, None)
    assert read_whole(shelf.objects, source, pin) == data


def test_a_sha256_that_came_with_the_upload_is_known(shelf: S3Shelf) -> None:
    source = shelf.put("signed", b"signed", ChecksumAlgorithm="SHA256")
    assert shelf.objects.describe(source).sha256 == hashlib.sha256(b"signed").hexdigest()


def test_an_upload_without_sha256_has_none(shelf: S3Shelf) -> None:
    assert shelf.objects.describe(shelf.put("plain", b"plain")).sha256 is None


def test_a_crc32_that_came_with_the_upload_is_known(shelf: S3Shelf) -> None:
    source = shelf.put("summed", b"summed", ChecksumAlgorithm="CRC32")
    assert shelf.objects.describe(source).crc32 == f"{zlib.crc32(b'summed'):08x}"


def test_the_time_of_the_upload_is_known(shelf: S3Shelf) -> None:
    modified = shelf.objects.describe(shelf.put("new", b"new")).modified
    assert modified
    assert abs((datetime.now(UTC) - modified).total_seconds()) < 600


def test_bytes_that_are_labelled_gzip_are_left_as_they_are(shelf: S3Shelf) -> None:
    source = shelf.put("labelled.gz", b"not really gzip", ContentEncoding="gzip")
    pin = shelf.objects.describe(source)
    assert shelf.objects.read(source, pin, 0, pin.size) == b"not really gzip"


def test_the_etag_of_a_kms_object_is_not_taken_for_an_md5(moto: Aws) -> None:
    shelf = S3Shelf(s3_client(moto.endpoint_url), versioned=False)
    source = shelf.put("sealed", b"sealed", ServerSideEncryption="aws:kms")
    assert shelf.objects.describe(source).md5 is None


def test_sse_s3_keeps_the_md5(moto: Aws) -> None:
    shelf = S3Shelf(s3_client(moto.endpoint_url), versioned=False)
    source = shelf.put("sealed", b"sealed", ServerSideEncryption="AES256")
    assert shelf.objects.describe(source).md5 == hashlib.md5(b"sealed").hexdigest()  # noqa: S324


def test_a_restored_object_can_be_read(moto: Aws) -> None:
    shelf = S3Shelf(s3_client(moto.endpoint_url), versioned=False)
    source = shelf.put_archived("thawed")
    shelf.client.restore_object(Bucket=shelf.bucket, Key="thawed", RestoreRequest={"Days": 1})
    pin = shelf.objects.describe(source)
    assert shelf.objects.read(source, pin, 0, pin.size) == b"cold"


def test_a_missing_bucket_is_named_as_such(moto: Aws) -> None:
    objects = S3Objects(s3_client(moto.endpoint_url))
    with pytest.raises(Permanent, match="bucket that does not exist") as raised:
        objects.describe(Source(bucket="no-such-bucket-anywhere", key="report.csv"))
    assert raised.value.code is Code.SOURCE_MISSING


def test_reading_rights_are_enough(seaweedfs: SeaweedFS) -> None:
    source = S3Shelf(seaweedfs.client(), versioned=False).put("report.csv", b"report")
    objects = S3Objects(seaweedfs.client("reader"))
    assert objects.read(source, objects.describe(source), 0, 6) == b"report"


def test_who_has_no_rights_on_the_bucket_is_denied(seaweedfs: SeaweedFS) -> None:
    shelf = S3Shelf(seaweedfs.client(), versioned=False)
    source = shelf.put("report.csv", b"report")
    pin = shelf.objects.describe(source)
    outsider = S3Objects(seaweedfs.client("outsider"))
    for call in (lambda: outsider.describe(source), lambda: outsider.read(source, pin, 0, 6)):
        with pytest.raises(Permanent, match=source.uri) as raised:
            call()
        assert raised.value.code is Code.SOURCE_DENIED
        assert raised.value.file == source.uri


@pytest.mark.parametrize(("identity", "said"), [("reader", "Signature"), ("stranger", "KeyId")])
def test_bad_credentials_are_a_matter_of_the_session(
    seaweedfs: SeaweedFS, identity: str, said: str
) -> None:
    source = S3Shelf(seaweedfs.client(), versioned=False).put("report.csv", b"report")
    objects = S3Objects(seaweedfs.client(identity, secret="wrong-one"))
    with pytest.raises(Permanent, match=said) as raised:
        objects.describe(source)
    assert raised.value.code is Code.SESSION_REFUSED
    assert "wrong-one" not in str(raised.value)


@pytest.mark.parametrize(
    ("bucket", "key"), [("no such", "k"), ("a*b", "k"), ("fine", ""), ("fine", "\ud800")]
)
def test_what_cannot_be_a_name_is_malformed(seaweedfs: SeaweedFS, bucket: str, key: str) -> None:
    objects = S3Objects(seaweedfs.client())
    with pytest.raises(Permanent) as raised:
        objects.describe(Source(bucket=bucket, key=key))
    assert raised.value.code is Code.SOURCE_MALFORMED


PUTS: tuple[dict[str, Any], ...] = (
    {},
    {"ServerSideEncryption": "AES256"},
    *(
        {"ServerSideEncryption": "AES256", "ChecksumAlgorithm": name}
        for name in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
    ),
)


def test_nothing_that_a_server_says_is_attested_wrongly_even_if_it_were_aws(moto: Aws) -> None:
    """Single, in parts, and copies of both: where anything is attested, it is of the bytes."""
    shelf = S3Shelf(s3_client(moto.endpoint_url), versioned=False)
    objects = S3Objects(shelf.client, vouches=lambda *_: True)
    data = bytes(range(256)) * (PART // 256) + b"tail"
    made = [shelf.put(f"put-{number}", data, **more) for number, more in enumerate(PUTS)]
    made.append(shelf.put_in_parts("parts", data))
    for number, source in enumerate(tuple(made)):
        copy = Source(bucket=source.bucket, key=f"copy-{number}")
        there = f"{source.bucket}/{source.key}"
        shelf.client.copy_object(Bucket=copy.bucket, Key=copy.key, CopySource=there)
        made.append(copy)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    pins = [objects.describe(source) for source in made]
    attested = [(name, getattr(pin, name)) for pin in pins for name in pin.attested]
    # moto does not say of which kind a checksum is, so that none of them counts.
    assert set(attested) == {("md5", md5)}
    assert all(pin.attested == () for pin in pins if "-" in pin.etag)
