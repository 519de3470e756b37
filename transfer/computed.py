"""What was computed of the bytes of a file, and is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Hex digests of the bytes that were sent, and what of S3's own was compared with ours.

    Empty where it was neither computed nor known; `origins` says which, by the digest's name.
    """

    md5: str
    sha256: str
    source_check: str
    crc64nvme: str = ""
    crc32c: str = ""
    crc32: str = ""
    sha1: str = ""
    sha512: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The states of all digests of a file after its first `at` bytes, so that nobody need read
    those again. `seal` binds them to the pinned version and the place: see transfer/digests.py.
    """

    at: int
    states: Mapping[str, str]
    seal: str
