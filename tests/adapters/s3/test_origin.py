"""Only AWS's own answers, over TLS, are AWS's word."""

from __future__ import annotations

import hashlib

import pytest

from adapters.s3.origin import by_aws
from adapters.s3.pin import pin
from adapters.s3.store import S3Objects
from tests.servers.odd_s3 import Answer, OddS3
from tests.servers.s3_clients import s3_client
from transfer.model import Source

AWS = {"server": "AmazonS3"}
MD5 = hashlib.md5(b"seven b").hexdigest()  # noqa: S324
HEAD = {
    "etag": f'"{MD5}"',
    "content-length": "7",
    "x-amz-server-side-encryption": "AES256",
    "x-amz-checksum-crc64nvme": "rosUhgp5mIg=",
    "x-amz-checksum-type": "FULL_OBJECT",
    "x-amz-version-id": "v7",
    "server": "AmazonS3",
}
SOURCE = Source(bucket="exports", key="pay.csv")


@pytest.mark.parametrize(
    "host",
    [
        "exports.s3.eu-central-1.amazonaws.com",
        "exports.s3.amazonaws.com",
        "s3.us-gov-west-1.amazonaws.com",
        "exports.s3.dualstack.eu-west-1.amazonaws.com",
        "exports.s3-fips.us-east-1.amazonaws.com",
        "exports.s3-accelerate.amazonaws.com",
        "exports.s3.cn-north-1.amazonaws.com.cn",
        "bucket.vpce-1a2b-3c4d.s3.eu-central-1.vpce.amazonaws.com",
    ],
)
def test_the_hosts_of_general_purpose_buckets_are_aws(host: str) -> None:
    assert by_aws(f"https://{host}/", AWS)
    assert not by_aws(f"http://{host}/", AWS)
    assert not by_aws(f"https://{host}:8443/", AWS)
    assert not by_aws(f"https://{host}/", {"server": "MinIO"})
    assert not by_aws(f"https://{host}/", {})


@pytest.mark.parametrize(
    "host",
    [
        "s3.lan",
        "127.0.0.1",
        "s3.eu-central-1.amazonaws.com.example.net",
        "notamazonaws.com",
        "s3.eu-central-1.notamazonaws.com",
        "abc.execute-api.eu-central-1.amazonaws.com",
        "s3.execute-api.eu-central-1.amazonaws.com",
        "ec2-203-0-113-9.compute-1.amazonaws.com",
        "lb-1.eu-central-1.elb.amazonaws.com",
        "exports.s3-website.eu-central-1.amazonaws.com",
        "exports.s3-object-lambda.eu-central-1.amazonaws.com",
        "exports.s3express-euc1-az1.eu-central-1.amazonaws.com",
        "exports-1.s3-accesspoint.eu-central-1.amazonaws.com",
        "s3.wasabisys.com",
    ],
)
def test_nobody_elses_host_is(host: str) -> None:
    assert not by_aws(f"https://{host}/", AWS)


def test_what_aws_says_of_an_object_is_on_its_pin() -> None:
    found = pin(SOURCE, HEAD, by_aws=True)
    assert (found.md5, found.attested, found.doubt) == (MD5, ("md5",), "")
    assert found.crc64nvme == "ae8b14860a799888"


def test_the_word_on_another_version_attests_nothing() -> None:
    for asked, attested in (("v7", ("md5",)), ("v8", ())):
        source = Source(bucket="exports", key="pay.csv", version_id=asked)
        assert pin(source, HEAD, by_aws=True).attested == attested


def test_what_is_odd_is_on_the_pin() -> None:
    found = pin(SOURCE, HEAD | {"x-amz-checksum-xxhash3": "AAAAAAAAAAA="}, by_aws=True)
    assert found.attested == ()
    assert "XXHASH3" in found.doubt


def test_a_store_that_says_all_that_aws_says_is_compared_and_not_believed() -> None:
    with OddS3(Answer(headers={name.title(): text for name, text in HEAD.items()})) as server:
        found = S3Objects(s3_client(server.endpoint_url)).describe(SOURCE)
        vouched = S3Objects(s3_client(server.endpoint_url), vouches=lambda *_: True)
        believed = vouched.describe(SOURCE)
    assert (found.md5, found.attested) == (MD5, ())
    assert believed.attested == ("md5",)
