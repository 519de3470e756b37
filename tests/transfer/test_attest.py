"""Whatever S3 says of an object, and however it is mixed: no attested digest is a wrong one."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.s3 import checksums
from transfer.attest import SIZES, Judged, Word, judge

DATA = b"what the partner is to get\n" * 3
MD5, SHA256 = hashlib.md5(DATA).hexdigest(), hashlib.sha256(DATA).hexdigest()  # noqa: S324
TRUE = {"md5": MD5, "sha256": SHA256}
BUCKETS = (
    "exports",
    "exports--euc1-az1--x-s3",
    "exports-metadata-ktqr-s3alias",
    "transformed-ktqr--ol-s3",
    "exports--table-s3",
    "arn:aws:s3:eu-central-1:123456789012:accesspoint/exports",
    "mfzwi23gnjvgw.mrap",
)
XXHASHES = ("xxhash3", "xxhash64", "xxhash128")


def digest_of(name: str, data: bytes) -> bytes:
    if name in ("md5", "sha1", "sha256", "sha512"):
        return hashlib.new(name, data, usedforsecurity=False).digest()
    if name in XXHASHES:
        return zlib.crc32(data).to_bytes(8)  # as long as one, and of no use here
    value = checksums.available()[name]()
    value.update(memoryview(data))
    return bytes.fromhex(value.hexdigest())


def sent(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@dataclass(frozen=True)
class Held:
    """An object as S3 or a store like it may hold it, and so what it says of it.

    `parts` is 0 for a single PUT. `own_tag` are ETags of the store's own making.
    """

    data: bytes = DATA
    parts: int = 0
    algorithm: str = "crc64nvme"
    encryption: str = "AES256"
    bucket: str = "exports"
    aws: bool = True
    own_tag: bool = False

    def word(self) -> Word:
        return Word(
            bucket=self.bucket,
            etag=f'"{self._etag()}"',
            by_aws=self.aws,
            encryption="" if self.encryption == "SSE-C" else self.encryption,
            own_key=self.encryption == "SSE-C",
            kind=self._kind() if self.algorithm else "",
            checksums={self.algorithm: self._checksum()} if self.algorithm else {},
        )

    @property
    def _pieces(self) -> list[bytes]:
        step = -(-len(self.data) // max(self.parts, 1))
        return [self.data[at : at + step] for at in range(0, len(self.data), step)]

    def _etag(self) -> str:
        each = [hashlib.md5(piece, usedforsecurity=False) for piece in self._pieces]
        if self.encryption not in ("", "AES256") or self.own_tag or self.bucket != "exports":
            # Random, of the MD5's length; never for AWS's general-purpose buckets under AES256.
            plain = hashlib.md5(b"salt" + self.data, usedforsecurity=False).hexdigest()
        elif self.parts:
            joined = b"".join(one.digest() for one in each)
            plain = hashlib.md5(joined, usedforsecurity=False).hexdigest()
        else:
            plain = each[0].hexdigest()
        return f"{plain}-{self.parts}" if self.parts else plain

    def _kind(self) -> str:
        crc = self.algorithm.startswith("crc")
        composite = self.parts and (not crc or self.algorithm == "crc32")
        return "COMPOSITE" if composite else "FULL_OBJECT"

    def _checksum(self) -> str:
        if self._kind() == "COMPOSITE":
            joined = b"".join(digest_of(self.algorithm, piece) for piece in self._pieces)
            return f"{sent(digest_of(self.algorithm, joined))}-{self.parts}"
        return sent(digest_of(self.algorithm, self.data))


HELD = st.builds(
    Held,
    data=st.sampled_from([DATA, DATA[::-1], b"x"]),
    parts=st.sampled_from([0, 0, 1, 2, 3]),
    algorithm=st.sampled_from(["", *SIZES, *XXHASHES]),
    encryption=st.sampled_from(["AES256", "AES256", "", "aws:kms", "aws:kms:dsse", "SSE-C", "new"]),
    bucket=st.sampled_from([BUCKETS[0], BUCKETS[0], *BUCKETS]),
    aws=st.booleans(),
    own_tag=st.just(False),
)


def truths(data: bytes) -> dict[str, str]:
    return {name: digest_of(name, data).hex() for name in ("md5", "sha256")}


@settings(max_examples=200, deadline=None)
@given(held=HELD)
def test_nothing_attested_differs_from_the_bytes(held: Held) -> None:
    if not held.aws:
        held = replace(held, own_tag=True)
    judged = judge(held.word())
    for name in judged.attested:
        assert held.aws
        assert judged.values[name] == truths(held.data)[name]
    for name in judged.values.keys() - {"md5"} if held.algorithm not in XXHASHES else ():
        # What is compared is of the whole as well, or every such object would be refused.
        assert judged.values[name] == digest_of(name, held.data).hex()


@settings(max_examples=200, deadline=None)
@given(first=HELD, second=HELD, chance=st.randoms(use_true_random=False))
def test_answers_that_are_mixed_of_two_attest_nothing_unless_each_header_says_so(
    first: Held, second: Held, chance: Random
) -> None:
    one, two = first.word(), second.word()
    fields = ("kind", "encryption", "own_key", "checksums", "etag", "bucket", "by_aws")
    mixed: dict[str, Any] = {name: getattr(chance.choice((one, two)), name) for name in fields}
    if chance.random() < 0.5:
        mixed["checksums"] = {**one.checksums, **two.checksums}
    word = Word(**mixed)
    judged = judge(word)
    if judged.attested:
        assert word.by_aws
        assert word.bucket == "exports"
        assert not judged.doubt
        assert "-" not in word.etag
    if "md5" in judged.attested and "md5" not in word.checksums:
        assert word.encryption == "AES256"
    assert len(word.checksums) <= 1 or not judged.attested


PLAIN = Held().word()
SHA = Held(algorithm="sha256").word()
Change = Callable[[Word], Word]


def but(**changes: Any) -> Change:
    return lambda word: replace(word, **changes)


@pytest.mark.parametrize(
    ("word", "attested"),
    [
        (PLAIN, ("md5",)),
        (SHA, ("md5", "sha256")),
        (Held(algorithm="md5", encryption="aws:kms").word(), ("md5",)),
        (Held(algorithm="sha256", encryption="aws:kms").word(), ("sha256",)),
        (Held(algorithm="").word(), ("md5",)),
    ],
)
def test_what_aws_vouches_for(word: Word, attested: tuple[str, ...]) -> None:
    judged = judge(word)
    assert (judged.attested, judged.doubt) == (attested, "")
    assert {name: judged.values[name] for name in attested} == {n: TRUE[n] for n in attested}


@pytest.mark.parametrize(
    "change",
    [
        but(by_aws=False),
        but(encryption="aws:kms"),
        but(encryption="aws:kms:dsse"),
        but(encryption="aws:fsx"),
        but(encryption=""),
        but(own_key=True),
        but(parts=True),
        but(etag=f'"{MD5}-1"'),
        but(etag=f'W/"{MD5}"'),
        but(etag=MD5),
        but(etag=f'"{MD5.upper()}"'),
        *(but(bucket=name) for name in BUCKETS[1:]),
    ],
)
def test_an_etag_is_not_an_md5_unless_all_says_so(change: Change) -> None:
    assert judge(change(PLAIN)).attested == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (but(checksums={"xxhash3": "AAAAAAAAAAA="}), "cannot compute (XXHASH3)"),
        (but(checksums={"crc128next": "AAAA"}), "cannot compute (CRC128NEXT)"),
        (but(checksums=dict(PLAIN.checksums) | dict(SHA.checksums)), "more than one checksum"),
        (but(kind="ROLLING"), "does not know (ROLLING)"),
        (but(kind="COMPOSITE"), "of parts where there can be none"),
        (but(checksums={"sha256": "nonsense"}), "no SHA256 of the whole"),
        (but(checksums={"sha256": "A==="}), "no SHA256 of the whole"),
        (but(checksums={"sha256": f"{SHA.checksums['sha256']}-2"}), "no SHA256 of the whole"),
        (but(checksums={"md5": sent(b"another one's 16")}), "contradict each other"),
    ],
)
def test_an_odd_word_attests_nothing_and_is_told(change: Change, said: str) -> None:
    judged = judge(change(PLAIN))
    assert judged.attested == ()
    assert said in judged.doubt


def test_of_two_md5s_that_contradict_each_other_none_is_compared() -> None:
    judged = judge(but(checksums={"md5": sent(b"another one's 16")})(PLAIN))
    assert "md5" not in judged.values


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "sha512", "md5", "crc32"])
def test_a_composite_is_never_taken_for_a_whole(algorithm: str) -> None:
    word = Held(parts=2, algorithm=algorithm).word()
    value = word.checksums[algorithm].removesuffix("-2")
    for checksum in ({algorithm: value}, word.checksums):
        assert judge(replace(word, checksums=checksum)) == Judged(values={})


def test_of_parts_a_crc_of_the_whole_is_compared_and_nothing_attested() -> None:
    judged = judge(Held(parts=2).word())
    assert judged == Judged(values={"crc64nvme": digest_of("crc64nvme", DATA).hex()})


def test_another_stores_etag_is_compared_and_never_attested() -> None:
    assert judge(Held(aws=False, encryption="").word()) == Judged(
        values={"md5": MD5, "crc64nvme": digest_of("crc64nvme", DATA).hex()}
    )


def test_every_size_is_that_of_its_algorithm() -> None:
    made: Mapping[str, int] = {name: len(digest_of(name, DATA)) for name in SIZES}
    assert made == SIZES
