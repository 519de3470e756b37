"""moto as the sandbox serves it: reachable, furnished, silent, and gone after `stop`."""

from __future__ import annotations

import hashlib
import socket

import pytest

from sandbox.aws import Aws
from tests.servers.ports import free_port


def test_the_bucket_keeps_versions() -> None:
    with Aws() as aws:
        s3 = aws.client("s3")
        first = s3.put_object(Bucket=aws.bucket, Key="a", Body=b"one")["VersionId"]
        second = s3.put_object(Bucket=aws.bucket, Key="a", Body=b"two")["VersionId"]
        assert first != second
        old = s3.get_object(Bucket=aws.bucket, Key="a", VersionId=first)["Body"].read()
        assert old == b"one"


def test_a_range_of_a_large_object_with_an_odd_name() -> None:
    body = b"0123456789abcdef" * (1 << 18)
    key = "Übersicht März 2026 \N{EN DASH} Größe.csv"
    with Aws() as aws:
        s3 = aws.client("s3")
        etag = s3.put_object(Bucket=aws.bucket, Key=key, Body=body)["ETag"].strip('"')
        part = s3.get_object(Bucket=aws.bucket, Key=key, Range="bytes=1048570-1048599")
        assert part["Body"].read() == body[1048570:1048600]
        assert etag == hashlib.md5(body, usedforsecurity=False).hexdigest()


def test_queue_and_identity() -> None:
    with Aws() as aws:
        sqs = aws.client("sqs")
        sqs.send_message(QueueUrl=aws.queue_url, MessageBody="hint")
        received = sqs.receive_message(QueueUrl=aws.queue_url)["Messages"]
        assert [message["Body"] for message in received] == ["hint"]
        assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_the_next_one_begins_empty() -> None:
    with Aws() as aws:
        aws.client("s3").put_object(Bucket=aws.bucket, Key="left over", Body=b"x")
    with Aws() as aws:
        assert aws.client("s3").list_objects_v2(Bucket=aws.bucket)["KeyCount"] == 0


def test_a_taken_port_is_an_error_and_not_a_hang() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        Aws(port=other.getsockname()[1]).start()


def test_nothing_is_printed_and_the_port_is_free_afterwards(
    capfd: pytest.CaptureFixture[str],
) -> None:
    port = free_port()
    with Aws(port=port) as aws:
        aws.client("s3").list_buckets()
    aws.stop()
    assert capfd.readouterr() == ("", "")
    with Aws(port=port) as again:
        assert again.endpoint_url == aws.endpoint_url


def test_a_client_that_is_stopped_in_the_middle_of_its_request_holds_up_nobody() -> None:
    half = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
        b"Content-Length: 2\r\n\r\n{"
    )
    with Aws() as aws:
        host, _, port = aws.endpoint_url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as stopped:
            stopped.sendall(half)
            assert aws.client("dynamodb").list_tables()["TableNames"] == []
