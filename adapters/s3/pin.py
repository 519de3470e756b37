"""What the headers of S3's answers say: which version, which digests, which range."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from transfer.attest import Word, judge
from transfer.errors import Code, Permanent, Transient
from transfer.model import Pin, Source

Headers = Mapping[str, str]
"""By their names in small letters."""

ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"})
CHECKSUM = "x-amz-checksum-"
NO_CHECKSUMS = frozenset({"type", "algorithm", "mode"})
"""What headers of that beginning say beside the values."""
SEALED = "x-amz-server-side-encryption"
FIXED = re.compile(
    r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)
"""How RFC 9110 has a time written (IMF-fixdate)."""
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
CHANGED = "was overwritten after it was pinned"


def pin(source: Source, head: Headers, *, by_aws: bool = False) -> Pin:
    """What HeadObject's answer describes; `by_aws`: it is proven to come from there.

    Raises Permanent `source.archived`, Transient `source.unavailable`; ValueError for what S3 never
    says.
    """
    size, etag = int(head.get("content-length", -1)), head.get("etag")
    if not etag or size < 0:
        raise misfit(source, "its answer bears no ETag or no size")
    _refuse_archived(source, head)
    version, modified = head.get("x-amz-version-id"), head.get("last-modified")
    judged = judge(_word(source, head, by_aws=by_aws))
    return Pin(
        size=size,
        etag=etag,
        version_id=None if version in (None, "", "null") else version,
        modified=_time(modified) if modified else None,
        md5=judged.values.get("md5"),
        sha256=judged.values.get("sha256"),
        crc64nvme=judged.values.get("crc64nvme"),
        crc32c=judged.values.get("crc32c"),
        crc32=judged.values.get("crc32"),
        sha1=judged.values.get("sha1"),
        sha512=judged.values.get("sha512"),
        attested=judged.attested,
        doubt=judged.doubt,
    )


def _word(source: Source, head: Headers, *, by_aws: bool) -> Word:
    """A version that was asked for is named in the answer; another one's word is nobody's."""
    asked = source.version_id in (None, head.get("x-amz-version-id"))
    return Word(
        bucket=source.bucket,
        etag=head["etag"],
        by_aws=by_aws and asked,
        encryption=head.get(SEALED, ""),
        own_key=f"{SEALED}-customer-algorithm" in head,
        kind=head.get(f"{CHECKSUM}type", ""),
        parts="x-amz-mp-parts-count" in head,
        checksums={
            name.removeprefix(CHECKSUM): value
            for name, value in head.items()
            if name.startswith(CHECKSUM) and name.removeprefix(CHECKSUM) not in NO_CHECKSUMS
        },
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
    if usual := FIXED.fullmatch(text):
        with suppress(ValueError):
            day, year, hour, minute, second = map(int, usual.group(1, 3, 4, 5, 6))
            month = MONTHS.index(usual[2]) + 1
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    # RFC 9110's older forms, which no store that was met writes: it takes long to load.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        # Not RFC 9110's form; botocore reads several more, a good deal slower.
        from botocore.utils import parse_timestamp  # noqa: PLC0415  a quarter of a second to load

        return parse_timestamp(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _refuse_archived(source: Source, head: Headers) -> None:
    tier = head.get("x-amz-archive-status", head.get("x-amz-storage-class", "STANDARD"))
    restore = head.get("x-amz-restore", "")
    if tier not in ARCHIVES or 'ongoing-request="false"' in restore:
        return
    state = "is still being restored from" if "ongoing-request" in restore else "is archived in"
    raise Permanent(Code.SOURCE_ARCHIVED, f"{source.uri} {state} {tier}.", file=source.uri)
