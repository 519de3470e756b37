"""What S3's word on one version of an object is worth.

Two questions, answered without a look at a byte: which of its values are of the whole object, so
that ours can be compared with them; and which of them may stand on a receipt without being computed
here, once the bytes are proven by another one. Whatever is not known to be so is computed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SIZES = {
    "crc64nvme": 8,
    "crc32c": 4,
    "crc32": 4,
    "sha256": 32,
    "sha1": 20,
    "sha512": 64,
    "md5": 16,
}
"""Bytes of each checksum of S3's that can be computed here; the cheapest to compute first."""
DIGESTS = ("md5", "sha256")
"""What a receipt shows."""
SPECIAL = re.compile(r":|\.mrap$|-s3alias$|--[a-z0-9-]+-s3$")
"""Names that stand for something else than a general-purpose bucket: access points, of which some
change what they hand out; directory buckets, whose ETags are of their own making; tables.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a store said of one version, in one answer.

    `by_aws`: it is proven that AWS says it, of the version that was asked for. `encryption` and
    `kind` are the headers x-amz-server-side-encryption and x-amz-checksum-type, `own_key` that of
    SSE-C. `checksums` are in base64, as they came, by the algorithm's name in small letters.
    """

    bucket: str
    etag: str
    by_aws: bool = False
    encryption: str = ""
    own_key: bool = False
    kind: str = ""
    parts: bool = False
    checksums: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`values` are hex and of the whole object. `attested` are names of those that S3 vouches for.
    `doubt` says what is odd about its word, in half a sentence; empty for a usual one.
    """

    values: Mapping[str, str]
    attested: tuple[str, ...] = ()
    doubt: str = ""


def judge(word: Word) -> Judged:
    """Nothing is attested while anything in it is odd, or where S3 made it of parts."""
    values = {name: _whole(word, name) for name in SIZES if name in word.checksums}
    known = {name: value for name, value in values.items() if value}
    tag = _md5_of_etag(word)
    doubt = next(_doubts(word, known, tag), "") if _vouched(word) else ""
    if tag and known.setdefault("md5", tag) != tag:
        # One of the two is not what it is called, and nobody can tell which.
        del known["md5"]
    trusted = _vouched(word) and not doubt
    return Judged(values=known, attested=_attested(word, known) if trusted else (), doubt=doubt)


def _vouched(word: Word) -> bool:
    return word.by_aws and not SPECIAL.search(word.bucket)


def _attested(word: Word, known: Mapping[str, str]) -> tuple[str, ...]:
    """For objects in parts S3 has nothing but CRCs of the whole ("Checking object integrity")."""
    if _in_parts(word):
        return ()
    own = {name for name in word.checksums if word.kind == "FULL_OBJECT"}
    if _is_plain(word):
        own.add("md5")
    return tuple(name for name in DIGESTS if name in known and name in own)


def _is_plain(word: Word) -> bool:
    """Its ETag is an MD5: one PUT, POST or copy, under a key of S3's own (API reference, Object).

    An ETag stays when UpdateObjectEncryption changes the key, but no way leads back to this one.
    """
    tagged = bool(re.fullmatch('"[0-9a-f]{32}"', word.etag)) and word.kind != "COMPOSITE"
    return tagged and word.encryption == "AES256" and not word.own_key


def _in_parts(word: Word) -> bool:
    return word.parts or "-" in word.etag


def _md5_of_etag(word: Word) -> str:
    """The ETag where it looks like one; good for a comparison, whoever says it."""
    etag = word.etag.strip('"')
    plain = word.encryption in ("", "AES256") and not word.own_key
    if not plain or word.parts or SPECIAL.search(word.bucket):
        return ""
    return etag if re.fullmatch("[0-9a-f]{32}", etag) else ""


def _whole(word: Word, name: str) -> str:
    """Hex, where it is the whole object's and not one made of the checksums of parts.

    CRC-64/NVME S3 has of whole objects only.
    """
    of_parts = _in_parts(word) and word.kind != "FULL_OBJECT" and name != "crc64nvme"
    if word.kind not in ("", "FULL_OBJECT") or of_parts:
        return ""
    return _hex(word.checksums[name], SIZES[name])


def _hex(value: str, size: int) -> str:
    """Big-endian, in base64; of anything else, such as `…-2` of two parts, nothing."""
    if not re.fullmatch("[A-Za-z0-9+/]+=*", value):
        return ""
    try:
        raw = base64.b64decode(value)
    except ValueError:
        return ""
    return raw.hex() if len(raw) == size else ""


def _doubts(word: Word, known: Mapping[str, str], tag: str) -> Iterator[str]:
    for name in sorted(word.checksums.keys() - SIZES.keys()):
        yield f"S3 holds a checksum that FileFerry cannot compute ({name.upper()})"
    if len(word.checksums) > 1:
        names = " and ".join(sorted(word.checksums)).upper()
        yield f"S3 holds more than one checksum ({names})"
    if word.kind not in ("", "FULL_OBJECT", "COMPOSITE"):
        yield f"S3 holds a checksum of a kind that FileFerry does not know ({word.kind})"
    if tag and known.get("md5", tag) != tag:
        yield "S3 holds an MD5 and an ETag that contradict each other"
    if word.kind == "COMPOSITE" and (not _in_parts(word) or "crc64nvme" in word.checksums):
        yield "S3 holds a checksum of parts where there can be none"
    whole = word.kind == "FULL_OBJECT" or (not word.kind and not _in_parts(word))
    for name in sorted(word.checksums.keys() - known.keys()) if whole else ():
        yield f"S3 holds no {name.upper()} of the whole object where it says so"
