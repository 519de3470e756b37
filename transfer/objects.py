"""Objects in S3: as they are asked for, as they are pinned, and as lists of others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An S3 object as it was asked for; without a version the one that is there at the pin.

    `sha256` is the hex digest that its bytes must have, or ''.
    """

    bucket: str
    key: str
    version_id: str | None = None
    sha256: str = ""

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One version of an S3 object: what every later read must match.

    The digests and checksums are hex, of the whole object, or None where S3 holds none that can be
    compared (the ETag of a multipart or KMS object is not an MD5).
    """

    size: int
    etag: str
    version_id: str | None = None
    modified: datetime | None = None
    md5: str | None = None
    sha256: str | None = None
    crc64nvme: str | None = None
    crc32c: str | None = None
    crc32: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A list of files as it was read: which version, and the SHA-256 of its bytes."""

    source: Source
    pin: Pin
    sha256: str
    files: int
