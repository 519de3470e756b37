"""Digests whose state is kept have the published values, wherever they are cut and gone on with."""

from __future__ import annotations

import hashlib
import random
from base64 import b64encode
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.digests import PIECE, Stateable
from transfer.digests import STATELESS, Makers, Stateless

RFC_1321 = {  # A.5, the whole test suite
    b"": "d41d8cd98f00b204e9800998ecf8427e",
    b"a": "0cc175b9c0f1b6a831c399e269772661",
    b"abc": "900150983cd24fb0d6963f7d28e17f72",
    b"message digest": "f96b697d7cb7938d525a2f31aaf161d0",
    b"abcdefghijklmnopqrstuvwxyz": "c3fcd3d76192e4007dfb496cca67e13b",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789": (
        "d174ab98d277d9f5a5611c2c9f419d9f"
    ),
    b"1234567890" * 8: "57edf4a22be3c955ac49da2e2107b67a",
}
FIPS_180 = {  # the examples of FIPS 180-2, B.1 to B.3, and the empty message of its test vectors
    b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    b"a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}
VECTORS = [("md5", *each) for each in RFC_1321.items()]
VECTORS += [("sha256", *each) for each in FIPS_180.items()]


def gone_on_with(makers: Makers, name: str, pieces: list[bytes]) -> str:
    """The digest, by another process for each piece."""
    value = makers[name]()
    for piece in pieces:
        value.update(memoryview(piece))
        value = makers[name](value.state())
    return value.hexdigest()


def cuts(data: bytes) -> list[int]:
    return list(range(len(data) + 1)) if len(data) < 100 else [1, 63, 64, 65, PIECE, PIECE + 1]


@pytest.mark.parametrize(("name", "data", "digest"), VECTORS)
def test_the_published_values_come_out(name: str, data: bytes, digest: str) -> None:
    makers = Stateable()
    for cut in cuts(data):
        assert gone_on_with(makers, name, [data[:cut], data[cut:]]) == digest
    every_byte = [data[place : place + 1] for place in range(len(data))]
    assert len(data) > 100 or gone_on_with(makers, name, every_byte) == digest


@pytest.mark.parametrize("name", ["md5", "sha256"])
def test_it_is_what_hashlib_says_of_anything(name: str) -> None:
    chance = random.Random(2026)  # noqa: S311
    for _ in range(20):
        pieces = [chance.randbytes(chance.randrange(2 * PIECE)) for _ in range(4)]
        whole = hashlib.new(name, b"".join(pieces), usedforsecurity=False).hexdigest()
        assert gone_on_with(Stateable(), name, pieces) == whole


def test_telling_a_state_or_a_value_ends_nothing() -> None:
    value = Stateable()["sha256"]()
    value.update(memoryview(b"ab"))
    assert value.state() == value.state()
    assert value.hexdigest() == hashlib.sha256(b"ab").hexdigest()
    value.update(memoryview(b"c"))
    assert value.hexdigest() == FIPS_180[b"abc"]


def test_a_state_of_another_version_or_digest_is_not_read_and_the_log_says_so_once() -> None:
    makers = Stateable()
    strange = "rehashes/0.2.9/md5 AAAA"
    with capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(ValueError, match=r"rehashes/0\.2\.9/md5, and not"):
                makers["md5"](strange)
        with pytest.raises(ValueError, match="sha256, and not"):
            makers["md5"](makers["sha256"]().state())
    assert [line["event"] for line in lines] == ["digest state not read"] * 2


@pytest.mark.parametrize("broken", ["", "AAAA", "/" * 120, "?", b64encode(b"\xff" * 88).decode()])
def test_a_broken_state_is_not_read(broken: str) -> None:
    makers = Stateable()
    label = makers["md5"]().state().partition(" ")[0]
    with pytest.raises(ValueError, match=r"slice|base64|padding|Deserialization"):
        makers["md5"](f"{label} {broken}")


def missing(_name: str) -> Any:
    raise ImportError("no wheel for this processor")


class Wrong:
    """A library that loses what went before."""

    def __init__(self) -> None:
        self.data = b""

    def update(self, data: bytes) -> None:
        self.data = data

    def serialize(self) -> bytes:
        return b""

    @staticmethod
    def deserialize(_state: bytes) -> Wrong:
        return Wrong()

    def finalize(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@pytest.mark.parametrize(
    ("load", "why"),
    [
        (missing, "no wheel for this processor"),
        (lambda _name: SimpleNamespace(PyMd5=Wrong, PySha256=Wrong), "a wrong md5"),
        (lambda _name: SimpleNamespace(), "has no attribute 'PyMd5'"),
    ],
)
def test_where_the_library_is_missing_or_wrong_hashlib_does_and_the_log_says_so_once(
    load: Any, why: str
) -> None:
    makers = Stateable(load)
    with capture_logs() as lines:
        for name, data, digest in VECTORS:
            value = makers[name]()
            value.update(memoryview(data))
            assert (value.hexdigest(), value.state()) == (digest, "")
    [line] = lines
    assert line["event"] == "digest states are not kept"
    assert why in line["reason"]


def test_hashlib_goes_on_from_no_state() -> None:
    assert isinstance(STATELESS["md5"](), Stateless)
    with pytest.raises(ValueError, match="no state"):
        STATELESS["md5"](Stateable()["md5"]().state())
