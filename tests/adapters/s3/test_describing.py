"""Which headers of HeadObject make which pin, and what is said when it is refused."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from adapters.s3.store import S3Objects
from tests.adapters.s3.test_misbehaviour import SOURCE, failure
from tests.servers.odd_s3 import Answer, OddS3, refusal
from tests.servers.s3_clients import s3_client
from transfer.errors import Code, Transient
from transfer.model import Pin, Source

MD5 = hashlib.md5(b"").hexdigest()  # noqa: S324
SHA256 = hashlib.sha256(b"").digest()
SHA256_SENT = base64.b64encode(SHA256).decode()


def head(**headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(headers={"ETag": f'"{MD5}"', "Content-Length": "7"} | named)


def described(answer: Answer, source: Source = SOURCE) -> Pin:
    with OddS3(answer) as server:
        return S3Objects(s3_client(server.endpoint_url)).describe(source)


def test_the_whole_of_the_checksums_is_asked_for() -> None:
    with OddS3(head()) as server:
        S3Objects(s3_client(server.endpoint_url)).describe(SOURCE)
    assert [request.method for request in server.seen] == ["HEAD"]
    assert server.seen[0].headers["x-amz-checksum-mode"] == "ENABLED"


def test_a_pin_is_what_the_headers_say() -> None:
    pin = described(head(x_amz_version_id="v7", x_amz_checksum_sha256=SHA256_SENT))
    assert pin == Pin(size=7, etag=f'"{MD5}"', version_id="v7", md5=MD5, sha256=SHA256.hex())


def test_the_time_of_modification_is_kept_in_utc() -> None:
    moment = datetime(2026, 3, 1, 12, 6, 1, tzinfo=UTC)
    for text in ("Sun, 01 Mar 2026 12:06:01 GMT", "2026-03-01T13:06:01+01:00"):
        assert described(head(Last_Modified=text)).modified == moment


def test_the_null_version_is_no_version() -> None:
    assert described(head(x_amz_version_id="null")).version_id is None


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": f'"{MD5}-3"'},
        {"ETag": '"of some store"'},
        {"x_amz_server_side_encryption": "aws:kms"},
        {"x_amz_server_side_encryption": "aws:kms:dsse"},
        {"x_amz_server_side_encryption_customer_algorithm": "AES256"},
    ],
)
def test_an_etag_that_is_no_md5_is_not_taken_for_one(headers: dict[str, str]) -> None:
    assert described(head(**headers)).md5 is None


def test_the_etag_of_a_directory_bucket_is_no_md5_whatever_it_looks_like() -> None:
    express = Source(bucket="data--euc1-az1--x-s3", key="report.csv")
    assert described(head(), express).md5 is None


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"x_amz_checksum_type": "FULL_OBJECT"}, True),
        ({"x_amz_checksum_type": "FULL_OBJECT", "ETag": '"abc-2"'}, True),
        ({"x_amz_checksum_type": "COMPOSITE"}, False),
        ({"x_amz_checksum_sha256": f"{SHA256_SENT}-2"}, False),
        ({"ETag": '"abc-2"'}, False),
        ({"x_amz_checksum_sha256": "nonsense"}, False),
    ],
)
def test_a_checksum_of_checksums_is_not_taken(headers: dict[str, str], known: bool) -> None:
    pin = described(head(**{"x_amz_checksum_sha256": SHA256_SENT} | headers))
    assert (pin.sha256 is not None) is known


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"x_amz_checksum_crc64nvme": "rosUhgp5mIg="}, ("ae8b14860a799888", None, None)),
        (
            {"x_amz_checksum_crc64nvme": "rosUhgp5mIg=", "ETag": '"abc-2"'},
            ("ae8b14860a799888", None, None),
        ),
        ({"x_amz_checksum_crc32c": "4waSgw=="}, (None, "e3069283", None)),
        ({"x_amz_checksum_crc32": "y/Q5Jg=="}, (None, None, "cbf43926")),
        ({"x_amz_checksum_crc32": "y/Q5Jg==", "ETag": '"abc-2"'}, (None, None, None)),
        ({"x_amz_checksum_crc32c": "4waSgw==-2"}, (None, None, None)),
        (
            {"x_amz_checksum_crc32c": "4waSgw==", "x_amz_checksum_type": "COMPOSITE"},
            (None, None, None),
        ),
        ({"x_amz_checksum_crc32c": "rosUhgp5mIg="}, (None, None, None)),
    ],
)
def test_checksums_of_the_whole_are_big_endian_hex(
    headers: dict[str, str], found: tuple[str | None, ...]
) -> None:
    pin = described(head(**headers))
    assert (pin.crc64nvme, pin.crc32c, pin.crc32) == found


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"x_amz_storage_class": "DEEP_ARCHIVE"}, "archived in DEEP_ARCHIVE"),
        ({"x_amz_storage_class": "GLACIER"}, "archived in GLACIER"),
        (
            {
                "x_amz_storage_class": "INTELLIGENT_TIERING",
                "x_amz_archive_status": "DEEP_ARCHIVE_ACCESS",
            },
            "archived in DEEP_ARCHIVE_ACCESS",
        ),
        (
            {"x_amz_storage_class": "GLACIER", "x_amz_restore": 'ongoing-request="true"'},
            "still being restored",
        ),
    ],
)
def test_an_archived_object_is_refused(headers: dict[str, str], said: str) -> None:
    error = failure(head(**headers), verb="describe")
    assert error.code is Code.SOURCE_ARCHIVED
    assert said in error.message


@pytest.mark.parametrize(
    "headers",
    [
        {"x_amz_storage_class": "GLACIER_IR"},
        {"x_amz_storage_class": "INTELLIGENT_TIERING"},
        {
            "x_amz_storage_class": "GLACIER",
            "x_amz_restore": 'ongoing-request="false", expiry-date="Fri, 21 Dec 2029 00:00:00 GMT"',
        },
    ],
)
def test_an_object_that_can_be_read_at_once_is_pinned(headers: dict[str, str]) -> None:
    assert described(head(**headers)).size == 7


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        (403, "AccessDenied", Code.SOURCE_DENIED),
        (403, "SignatureDoesNotMatch", Code.SESSION_REFUSED),
        (403, "RequestTimeTooSkewed", Code.SESSION_REFUSED),
        (400, "ExpiredToken", Code.SESSION_REFUSED),
        (404, "NoSuchBucket", Code.SOURCE_MISSING),
        (404, "NoSuchKey", Code.SOURCE_MISSING),
    ],
)
def test_the_reason_that_head_cannot_give_is_asked_for(
    status: int, reason: str, code: Code
) -> None:
    assert failure(refusal(status, reason), verb="describe").code is code


def test_when_the_reason_has_gone_the_refusal_stands() -> None:
    there = Answer(headers={"ETag": '"abc"'}, body=b"there after all")
    assert failure(Answer(status=404), there, verb="describe").code is Code.SOURCE_MISSING
    assert failure(Answer(status=403), there, verb="describe").code is Code.SOURCE_DENIED


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>Log in to the network</html>"),
        head(Last_Modified="some day"),
        head(ETag=""),
        head(Content_Length="-1"),
    ],
)
def test_a_page_in_the_place_of_s3_is_not_pinned(answer: Answer) -> None:
    error = failure(answer, verb="describe")
    assert isinstance(error, Transient)
    assert error.code is Code.SOURCE_UNAVAILABLE
