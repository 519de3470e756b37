"""Objects that are asked for several at a time: each as it would be alone, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.s3.http import AT_ONCE
from adapters.s3.store import S3Objects
from sandbox.aws import Aws
from tests.ports.shelves import S3Shelf
from tests.servers.odd_s3 import Answer, OddS3, refusal
from tests.servers.s3_clients import s3_client
from transfer.crossing.batch import Many
from transfer.errors import Code, Permanent, Stopping, Transient
from transfer.model import Pin, Source

SIZES = [0, 1, 70_000, 5, 300_000, 0, 16_384, *range(2, 20)]
SOURCE = Source(bucket="exports", key="payroll/report.csv")
BODY = b"0123456789"
PIN = Pin(size=10, etag='"abc"', version_id="v1")
GOOD = Answer(status=206, headers={"ETag": '"abc"', "Content-Range": "bytes 0-9/10"}, body=BODY)
RESET = Answer(status=206, headers=dict(GOOD.headers), body=BODY[:4], ending="reset")


@pytest.fixture
def shelf(moto: Aws) -> S3Shelf:
    return S3Shelf(s3_client(moto.endpoint_url), versioned=True)


def content(number: int, size: int) -> bytes:
    return bytes([number]) * size


def filled(shelf: S3Shelf) -> list[Source]:
    return [shelf.put(f"é {n}", content(n, size)) for n, size in enumerate(SIZES)]


def views(buffers: list[bytearray]) -> list[memoryview]:
    return [memoryview(buffer) for buffer in buffers]


def read_all(objects: S3Objects, count: int) -> list[bytes]:
    buffers = [bytearray(10) for _ in range(count)]
    objects.read_all((SOURCE, PIN, memoryview(buffer)) for buffer in buffers)
    return [bytes(buffer) for buffer in buffers]


def test_many_are_what_each_is_alone(shelf: S3Shelf) -> None:
    sources = filled(shelf)
    older = [replace(each, version_id=shelf.objects.describe(each).version_id) for each in sources]
    for each in sources[:4]:
        shelf.put(each.key, b"newer")
    assert isinstance(shelf.objects, Many)
    for asked in (sources, older, [*older, *sources]):
        pins = list(shelf.objects.describe_all(asked))
        assert pins == [shelf.objects.describe(source) for source in asked]
    pins = list(shelf.objects.describe_all(older))
    buffers = [bytearray(pin.size) for pin in pins]
    shelf.objects.read_all(zip(older, pins, views(buffers), strict=True))
    assert buffers == [content(n, size) for n, size in enumerate(SIZES)]


def test_the_first_that_is_not_there_is_named_after_those_before_it(shelf: S3Shelf) -> None:
    sources = filled(shelf)
    shelf.remove(sources[11])
    shelf.remove(sources[13])
    seen: list[Pin] = []
    with pytest.raises(Permanent) as raised:
        seen.extend(shelf.objects.describe_all(sources))
    assert (raised.value.code, raised.value.file) == (Code.SOURCE_MISSING, sources[11].uri)
    pins = shelf.objects.describe_all(sources)
    assert len([next(pins) for _ in range(11)]) == 11


def test_one_that_has_changed_is_never_taken_for_the_pinned_one(shelf: S3Shelf) -> None:
    source = shelf.put("report", b"0123456789")
    pin = replace(shelf.objects.describe(source), version_id=None)
    shelf.put("report", b"9876543210")
    buffers = [bytearray(10) for _ in range(3)]
    with pytest.raises(Permanent) as raised:
        shelf.objects.read_all((source, pin, memoryview(buffer)) for buffer in buffers)
    assert raised.value.code == Code.SOURCE_CHANGED


@pytest.mark.parametrize(
    "odd",
    [
        RESET,
        refusal(503, "SlowDown"),
        replace(GOOD, headers={**GOOD.headers, "ETag": '"other"'}),
        replace(GOOD, body=BODY[:7], ending="close"),
        replace(GOOD, headers={"Content-Length": "x"}, ending="reset"),
    ],
)
def test_one_that_stumbles_is_asked_for_alone(odd: Answer) -> None:
    with OddS3(*[GOOD] * 20, odd, *[GOOD] * 5, odd, GOOD) as server:
        objects = S3Objects(s3_client(server.endpoint_url))
        assert read_all(objects, 40) == [BODY] * 40
        assert len(server.seen) == 42


def test_one_that_stumbles_alone_too_says_why() -> None:
    with (
        OddS3(*[GOOD] * 6, refusal(403, "AccessDenied")) as server,
        pytest.raises(Permanent) as raised,
    ):
        read_all(S3Objects(s3_client(server.endpoint_url)), 20)
    assert raised.value.code == Code.SOURCE_DENIED
    with OddS3(*[GOOD] * 6, RESET) as server, pytest.raises(Transient):
        read_all(S3Objects(s3_client(server.endpoint_url)), 20)


def test_connections_are_few_and_kept() -> None:
    with OddS3(GOOD) as server:
        objects = S3Objects(s3_client(server.endpoint_url))
        for _ in range(3):
            assert read_all(objects, 100) == [BODY] * 100
        assert server.connections <= AT_ONCE


def test_who_stops_in_the_middle_leaves_no_answer_for_the_next(shelf: S3Shelf) -> None:
    sources = filled(shelf)
    pins = [shelf.objects.describe(source) for source in sources]
    buffers = [bytearray(pin.size) for pin in pins]

    def wanted(count: int) -> Iterator[tuple[Source, Pin, memoryview]]:
        yield from zip(sources[:count], pins, views(buffers), strict=False)
        if count < len(sources):
            raise Stopping

    shelf.objects.read_all(wanted(len(sources)))
    for count in range(3, 15):
        with pytest.raises(Stopping):
            shelf.objects.read_all(wanted(count))
        next(shelf.objects.describe_all(sources[count:]))
    for buffer in buffers:
        buffer[:] = bytes(len(buffer))
    shelf.objects.read_all(wanted(len(sources)))
    assert buffers == [content(n, size) for n, size in enumerate(SIZES)]
