"""What the headers of S3's answers say: which version, which digests, which range."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from transfer.errors import Code, Permanent, Transient
from transfer.model import Pin, Source

Headers = Mapping[str, str]
"""By their names in small letters."""

ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"})
CHANGED = "was overwritten after it was pinned"


def pin(source: Source, head: Headers) -> Pin:
    """What HeadObject's answer describes.

    Raises Permanent `source.archived`, Transient `source.unavailable`; ValueError for what S3 never
    says.
    """
    size, etag = int(head.get("content-length", -1)), head.get("etag")
    if not etag or size < 0:
        raise misfit(source, "its answer bears no ETag or no size")
    _refuse_archived(source, head)
    version, modified = head.get("x-amz-version-id"), head.get("last-modified")
    return Pin(
        size=size,
        etag=etag,
        version_id=None if version in (None, "", "null") else version,
        modified=_time(modified) if modified else None,
        md5=_md5(source, head),
        sha256=_checksum(head, "sha256", 32),
        crc64nvme=_checksum(head, "crc64nvme", 8),
        crc32c=_checksum(head, "crc32c", 4),
        crc32=_checksum(head, "crc32", 4),
    )


def check_fit(source: Source, pin: Pin, start: int, length: int, headers: Headers) -> None:
    """Believe no answer about another object or another range; some stores ignore conditions.

    Raises Permanent `source.changed`, Transient `source.unavailable`.
    """
    size = int(headers.get("content-length", length))
    given = headers.get("content-range", f"bytes 0-{size - 1}/{size}")
    etag = headers.get("etag", pin.etag)
    if etag.strip('"') != pin.etag.strip('"') or not given.endswith((f"/{pin.size}", "/*")):
        raise Permanent(Code.SOURCE_CHANGED, f"{source.uri} {CHANGED}.", file=source.uri)
    if not given.startswith(f"bytes {start}-{start + length - 1}/"):
        raise misfit(source, f"it sent {given} when asked for {length:,} bytes from {start:,}")
    if size != length:
        raise misfit(source, f"it announced {size:,} of {length:,} bytes")


def misfit(source: Source, what: str) -> Transient:
    return Transient(
        Code.SOURCE_UNAVAILABLE,
        f"FileFerry could not read {source.uri} whole from S3: {what}.",
        file=source.uri,
    )


def _time(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        # Not RFC 9110's form; botocore reads several more, a good deal slower.
        from botocore.utils import parse_timestamp  # noqa: PLC0415  a quarter of a second to load

        return parse_timestamp(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _md5(source: Source, head: Headers) -> str | None:
    """The ETag where it is one: a single PUT, unencrypted or SSE-S3 (API reference, Object).

    Directory buckets have ETags of their own making.
    """
    etag = head["etag"].strip('"')
    plain = head.get("x-amz-server-side-encryption", "AES256") == "AES256"
    own_key = "x-amz-server-side-encryption-customer-algorithm" in head
    if own_key or not plain or source.bucket.endswith("--x-s3"):
        return None
    return etag if re.fullmatch("[0-9a-f]{32}", etag) else None


def _checksum(head: Headers, name: str, size: int) -> str | None:
    """Hex, where it is the whole object's and not one made of the checksums of parts.

    S3 sends the value big-endian, in base64; CRC-64/NVME it has of whole objects only.
    """
    value = head.get(f"x-amz-checksum-{name}", "")
    kind = head.get("x-amz-checksum-type", "")
    in_parts = "-" in head["etag"] and kind != "FULL_OBJECT" and name != "crc64nvme"
    if kind == "COMPOSITE" or in_parts or not re.fullmatch("[A-Za-z0-9+/]+=*", value):
        return None
    raw = base64.b64decode(value)
    return raw.hex() if len(raw) == size else None


def _refuse_archived(source: Source, head: Headers) -> None:
    tier = head.get("x-amz-archive-status", head.get("x-amz-storage-class", "STANDARD"))
    restore = head.get("x-amz-restore", "")
    if tier not in ARCHIVES or 'ongoing-request="false"' in restore:
        return
    state = "is still being restored from" if "ongoing-request" in restore else "is archived in"
    raise Permanent(Code.SOURCE_ARCHIVED, f"{source.uri} {state} {tier}.", file=source.uri)
