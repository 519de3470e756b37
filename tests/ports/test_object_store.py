"""What the ObjectStore port promises, on S3 by SeaweedFS and by moto, and in memory."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.ports.shelves import MemoryShelf, S3Shelf, Shelf, read_whole
from tests.servers.s3_clients import s3_client
from transfer.errors import Code, FerryError, Permanent
from transfer.model import CHUNK, Source

KEYS = [
    "with space",
    "übergabe é.csv",
    "e\u0301 not composed",
    "a+b",
    "100%25",
    "%2F",
    "/leading",
    "a//b",
    "ends ",
    "x?y#z",
    "a&b=c;d",
    "~*'()!$@,:",
    "日本語",
    "/".join(["k" * 204] * 5),
]
Make = Callable[[bool], Shelf]


@pytest.fixture(params=["memory", "moto", "seaweedfs"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "memory":
        return lambda versioned: MemoryShelf(versioned=versioned)
    server = request.getfixturevalue(request.param)
    client = server.client() if request.param == "seaweedfs" else s3_client(server.endpoint_url)
    return lambda versioned: S3Shelf(client, versioned=versioned)


@pytest.fixture
def plain(make: Make) -> Shelf:
    return make(False)


@pytest.fixture
def versioned(make: Make) -> Shelf:
    return make(True)


def refusal(call: Callable[[], object], source: Source) -> Code:
    """The code of the Permanent error; its message must name the object."""
    with pytest.raises(FerryError) as raised:
        call()
    assert isinstance(raised.value, Permanent)
    assert source.uri in raised.value.message
    assert raised.value.message.endswith(".")
    assert raised.value.file == source.uri
    return raised.value.code


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_every_size_arrives_whole(plain: Shelf, size: int) -> None:
    data = random.Random(size).randbytes(size)  # noqa: S311
    source = plain.put("data.bin", data)
    pin = plain.objects.describe(source)
    assert pin.size == size
    assert read_whole(plain.objects, source, pin) == data


def test_the_pin_says_when_its_version_was_written(versioned: Shelf) -> None:
    """By the store's clock, which is this host's here; in whole seconds."""
    first = versioned.objects.describe(versioned.put("data.bin", b"one"))
    source = versioned.put("data.bin", b"another")
    assert first.modified
    assert first.modified <= datetime.now(UTC)
    asked = replace(source, version_id=first.version_id)
    assert versioned.objects.describe(asked).modified == first.modified


@pytest.mark.parametrize("key", KEYS)
def test_every_key_finds_its_own_object(plain: Shelf, key: str) -> None:
    plain.put("decoy", b"decoy")
    source = plain.put(key, key.encode())
    pin = plain.objects.describe(source)
    assert plain.objects.read(source, pin, 0, pin.size) == key.encode()


@pytest.mark.parametrize(("start", "length"), [(0, 3), (4, 1), (7, 3), (9, 1), (0, 10), (10, 0)])
def test_a_range_is_exactly_that_range(plain: Shelf, start: int, length: int) -> None:
    source = plain.put("digits", b"0123456789")
    pin = plain.objects.describe(source)
    assert plain.objects.read(source, pin, start, length) == b"0123456789"[start : start + length]


@pytest.mark.parametrize(("start", "length"), [(0, 10), (4, 3), (10, 0)])
def test_a_range_fills_the_buffer_and_nothing_beside_it(
    plain: Shelf, start: int, length: int
) -> None:
    source = plain.put("digits", b"0123456789")
    pin = plain.objects.describe(source)
    room = bytearray(b"." * 14)
    plain.objects.read_into(source, pin, start, memoryview(room)[2 : 2 + length])
    assert room == b".." + b"0123456789"[start : start + length] + b"." * (12 - length)


def test_several_threads_read_at_once(plain: Shelf) -> None:
    sources = [plain.put(f"file-{number}", bytes([number]) * 5000) for number in range(12)]
    pins = [plain.objects.describe(source) for source in sources]
    with ThreadPoolExecutor(6) as pool:
        found = pool.map(
            lambda i: plain.objects.read(sources[i % 12], pins[i % 12], 0, 5000), range(48)
        )
        assert list(found) == [bytes([i % 12]) * 5000 for i in range(48)]


def test_checksums_are_of_those_that_a_pin_has(plain: Shelf) -> None:
    pin = plain.objects.describe(plain.put("digits", b"0123456789"))
    assert all(hasattr(pin, name) for name in plain.objects.checksums)


def test_the_md5_of_a_simple_upload_is_known(plain: Shelf) -> None:
    source = plain.put("simple", b"simple")
    assert plain.objects.describe(source).md5 == hashlib.md5(b"simple").hexdigest()  # noqa: S324


def test_without_versions_overwriting_is_noticed(plain: Shelf) -> None:
    source = plain.put("report.csv", b"first")
    pin = plain.objects.describe(source)
    assert pin.version_id is None
    plain.put("report.csv", b"other")
    assert refusal(lambda: plain.objects.read(source, pin, 0, 5), source) is Code.SOURCE_CHANGED
    fresh = plain.objects.describe(source)
    assert plain.objects.read(source, fresh, 0, 5) == b"other"


def test_a_pinned_version_outlives_overwriting(versioned: Shelf) -> None:
    source = versioned.put("report.csv", b"first")
    pin = versioned.objects.describe(source)
    assert pin.version_id
    versioned.put("report.csv", b"the second one")
    assert versioned.objects.read(source, pin, 0, 5) == b"first"
    assert versioned.objects.describe(source).size == 14


def test_without_versions_a_removed_object_is_missing(plain: Shelf) -> None:
    source = plain.put("report.csv", b"first")
    pin = plain.objects.describe(source)
    plain.remove(source)
    assert refusal(lambda: plain.objects.read(source, pin, 0, 5), source) is Code.SOURCE_MISSING
    assert refusal(lambda: plain.objects.describe(source), source) is Code.SOURCE_MISSING


def test_a_pinned_version_outlives_removal(versioned: Shelf) -> None:
    source = versioned.put("report.csv", b"first")
    pin = versioned.objects.describe(source)
    versioned.remove(source)
    assert versioned.objects.read(source, pin, 0, 5) == b"first"
    assert refusal(lambda: versioned.objects.describe(source), source) is Code.SOURCE_MISSING


def test_a_key_that_never_was_is_missing(plain: Shelf) -> None:
    plain.put("other", b"other")
    source = Source(bucket=plain.bucket, key="nothing here")
    assert refusal(lambda: plain.objects.describe(source), source) is Code.SOURCE_MISSING


def test_a_bucket_that_never_was_is_missing(plain: Shelf) -> None:
    source = Source(bucket="no-such-bucket-anywhere", key="report.csv")
    assert refusal(lambda: plain.objects.describe(source), source) is Code.SOURCE_MISSING


def test_an_archived_object_is_refused_before_it_is_read(plain: Shelf) -> None:
    source = plain.put_archived("cold")
    assert refusal(lambda: plain.objects.describe(source), source) is Code.SOURCE_ARCHIVED


def test_pins_are_of_one_moment_and_compare_equal(plain: Shelf) -> None:
    source = plain.put("same", b"same")
    assert plain.objects.describe(source) == plain.objects.describe(source)


def test_a_list_has_the_keys_under_a_prefix_in_order(plain: Shelf) -> None:
    listed = ["in/a b+%.csv", "in/ä&.csv", "in/z/1"]
    for key in (*listed, "in/", "in/z/", "in/z_$folder$", "out/a", "i"):
        plain.put(key, b"x")
    assert list(plain.objects.list(plain.bucket, "in/")) == sorted(listed)
    assert list(plain.objects.list(plain.bucket, "nothing/")) == []


def test_a_list_goes_over_pages(plain: Shelf) -> None:
    keys = [f"{number:04}" for number in range(1010)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: plain.put(key, b""), keys))
    assert list(plain.objects.list(plain.bucket, "")) == keys


def test_a_list_of_a_bucket_that_never_was_is_missing(plain: Shelf) -> None:
    source = Source(bucket="no-such-bucket-anywhere", key="in/")
    listing = plain.objects.list(source.bucket, source.key)
    assert refusal(lambda: next(listing), source) is Code.SOURCE_MISSING


def test_a_version_can_be_asked_for(versioned: Shelf) -> None:
    first = versioned.objects.describe(versioned.put("report.csv", b"first"))
    source = versioned.put("report.csv", b"the second one")
    asked = replace(source, version_id=first.version_id)
    assert versioned.objects.describe(asked) == first
    versioned.remove(source)
    assert versioned.objects.describe(asked).size == 5


def test_a_version_that_never_was_is_an_error(versioned: Shelf) -> None:
    source = replace(versioned.put("report.csv", b"first"), version_id="0" * 32)
    code = refusal(lambda: versioned.objects.describe(source), source)
    assert code in (Code.SOURCE_MISSING, Code.SOURCE_DENIED)
