"""A look at a bucket that reads no object: is it there, may we list it, what time is it there?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.s3.refusals import translated
from transfer.errors import FerryError
from transfer.model import Source

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Look:
    """`error` is why nothing can be listed. `skew` is how many seconds our clock is ahead of S3's,
    None where that tells no time; while the answer was under way both may have been right.
    """

    skew: float | None
    error: FerryError | None


def look(client: S3Client, source: Source) -> Look:
    """At what begins with the key, which may be empty."""
    begun = datetime.now(UTC)
    try:
        answer: Any = client.list_objects_v2(Bucket=source.bucket, Prefix=source.key, MaxKeys=1)
    except Exception as error:
        told = translated(error, source)
        if not isinstance(told, FerryError):
            raise
        answer = error.response if isinstance(error, ClientError) else {}
        return Look(_skew(begun, _at(answer)), told)
    return Look(_skew(begun, _at(answer)), None)


def _skew(begun: datetime, at: datetime | None) -> float | None:
    if at is None:
        return None
    # The header has whole seconds.
    early = (begun - at).total_seconds() - 1
    late = (datetime.now(UTC) - at).total_seconds()
    return early if early > 0 else min(late, 0.0)


def _at(answer: Any) -> datetime | None:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        found = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return found if found.tzinfo else None
