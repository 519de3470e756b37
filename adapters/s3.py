"""Reading S3: one object is pinned by HeadObject, then read in ranges that must match the pin."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from adapters import aws
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Pin, Source

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import (
        GetObjectOutputTypeDef,
        GetObjectRequestTypeDef,
        HeadObjectOutputTypeDef,
    )

OURS = frozenset({"HeadObject", "GetObject", "CreateSession"})
"""Operations on the object; botocore opens a directory bucket by CreateSession."""
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"})
MISPLACED = frozenset(
    {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"}
)

# What an error code says of the object; the words go behind its URI.
MEANINGS: dict[str, tuple[Code, str]] = {
    "NoSuchBucket": (Code.SOURCE_MISSING, "is in a bucket that does not exist (NoSuchBucket)"),
    "NoSuchKey": (Code.SOURCE_MISSING, "does not exist"),
    "NoSuchVersion": (Code.SOURCE_MISSING, "has lost the version that was pinned"),
    "404": (Code.SOURCE_MISSING, "does not exist"),
    "PreconditionFailed": (Code.SOURCE_CHANGED, "was overwritten after it was pinned"),
    "412": (Code.SOURCE_CHANGED, "was overwritten after it was pinned"),
    "InvalidRange": (Code.SOURCE_CHANGED, "is shorter than when it was pinned"),
    "InvalidObjectState": (Code.SOURCE_ARCHIVED, "is in an archive tier and not restored"),
    "InvalidBucketName": (Code.SOURCE_MALFORMED, "names a bucket that S3 does not allow"),
    "KeyTooLongError": (Code.SOURCE_MALFORMED, "has a key longer than S3's 1,024 bytes"),
}


def make_client(
    region: str, endpoint_url: str | None = None, profile: str | None = None, timeout: float = 30.0
) -> S3Client:
    """A client with the credentials of the process or profile, safe to share between threads.

    `timeout` is in seconds. Raises Permanent `config.invalid`.
    """
    with aws.settings_checked():
        session = boto3.session.Session(profile_name=profile, region_name=region)
        return session.client(
            "s3", endpoint_url=endpoint_url, config=aws.client_config(endpoint_url, timeout)
        )


class S3Objects:
    """ObjectStore on S3. `Pin.etag` stands as S3 wrote it, quotes and all."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def describe(self, source: Source) -> Pin:
        with _translated(source):
            try:
                head = self._client.head_object(
                    Bucket=source.bucket, Key=source.key, ChecksumMode="ENABLED"
                )
            except ClientError as error:
                if aws.status_of(error) < 500:  # noqa: PLR2004  RFC 9110
                    self._provoke_reason(source)
                raise
        if not head.get("ETag") or head.get("ContentLength", -1) < 0:
            raise _misfit(source, "its answer bears no ETag or no size")
        _refuse_archived(source, head)
        return _pin(source, head)

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        if length == 0:
            return b""
        request: GetObjectRequestTypeDef = {
            "Bucket": source.bucket,
            "Key": source.key,
            "Range": f"bytes={start}-{start + length - 1}",
            "IfMatch": pin.etag,
        }
        if pin.version_id:
            request["VersionId"] = pin.version_id
        with _translated(source):
            answer = self._client.get_object(**request)
            with closing(answer["Body"]) as body:
                _check_fit(source, pin, start, length, answer)
                data = body.read(length)
        if len(data) != length:
            raise _misfit(source, f"the body ended after {len(data):,} of {length:,} bytes")
        return data

    def _provoke_reason(self, source: Source) -> None:
        """The answer to HEAD has no body, so its 403 and 404 have no reason; that to GET has one.

        Only the GET tells a wrong secret, a wrong clock and a missing bucket apart.
        """
        self._client.get_object(Bucket=source.bucket, Key=source.key)["Body"].close()


@contextmanager
def _translated(source: Source) -> Iterator[None]:
    errand = f"read {source.uri}"
    try:
        with aws.no_answer_translated("S3", errand, source.uri):
            yield
    except ClientError as error:
        known = aws.answer_translated(error, "S3", errand, source.uri)
        raise (known or _refusal(error, source)) from error


def _refusal(error: ClientError, source: Source) -> FerryError:
    """What S3's answer says of this object."""
    code, status = aws.code_of(error), aws.status_of(error)
    if error.operation_name not in OURS:
        # Credentials that are fetched on demand ask STS inside a request to S3.
        return Permanent(
            Code.SESSION_REFUSED,
            f"FileFerry could not read {source.uri}: AWS gave it no credentials "
            f"({error.operation_name}, {code}).",
            file=source.uri,
        )
    if code in MISPLACED:
        return Permanent(
            Code.SOURCE_DENIED,
            f"{source.uri} is in a bucket of another region than FileFerry asks in ({code}).",
            action="Tell the operators: set aws.region to the bucket's region.",
            file=source.uri,
        )
    if code in MEANINGS:
        meaning, words = MEANINGS[code]
        return Permanent(meaning, f"{source.uri} {words}.", file=source.uri)
    return Permanent(
        Code.SOURCE_DENIED,
        f"S3 does not let FileFerry read {source.uri} ({code}, HTTP {status}).",
        # S3 hides from those who may not list a bucket whether a key exists.
        action="Check bucket and key, ask the bucket's owner to let FileFerry read, order again.",
        file=source.uri,
    )


def _pin(source: Source, head: HeadObjectOutputTypeDef) -> Pin:
    version = head.get("VersionId")
    return Pin(
        size=head["ContentLength"],
        etag=head["ETag"],
        version_id=None if version in (None, "", "null") else version,
        md5=_md5(source, head),
        sha256=_sha256(head),
    )


def _md5(source: Source, head: HeadObjectOutputTypeDef) -> str | None:
    """The ETag where it is one: a single PUT, unencrypted or SSE-S3 (API reference, Object).

    Directory buckets have ETags of their own making.
    """
    etag = head["ETag"].strip('"')
    plain = head.get("ServerSideEncryption", "AES256") == "AES256"
    own_key = "SSECustomerAlgorithm" in head
    if own_key or not plain or source.bucket.endswith("--x-s3"):
        return None
    return etag if re.fullmatch("[0-9a-f]{32}", etag) else None


def _sha256(head: HeadObjectOutputTypeDef) -> str | None:
    """The checksum where it is the whole object's, not one made of the checksums of parts."""
    value, kind = head.get("ChecksumSHA256", ""), head.get("ChecksumType", "")
    in_parts = "-" in head["ETag"] and kind != "FULL_OBJECT"
    if kind == "COMPOSITE" or in_parts or not re.fullmatch("[A-Za-z0-9+/]{43}=", value):
        return None
    return base64.b64decode(value).hex()


def _refuse_archived(source: Source, head: HeadObjectOutputTypeDef) -> None:
    tier = head.get("ArchiveStatus", head.get("StorageClass", "STANDARD"))
    restore = head.get("Restore", "")
    if tier not in ARCHIVES or 'ongoing-request="false"' in restore:
        return
    state = "is still being restored from" if "ongoing-request" in restore else "is archived in"
    raise Permanent(Code.SOURCE_ARCHIVED, f"{source.uri} {state} {tier}.", file=source.uri)


def _check_fit(
    source: Source, pin: Pin, start: int, length: int, answer: GetObjectOutputTypeDef
) -> None:
    """Believe no answer about another object or another range; some stores ignore conditions."""
    size = answer.get("ContentLength", length)
    given = answer.get("ContentRange", f"bytes 0-{size - 1}/{size}")
    etag = answer.get("ETag", pin.etag)
    if etag.strip('"') != pin.etag.strip('"') or not given.endswith((f"/{pin.size}", "/*")):
        meaning, words = MEANINGS["PreconditionFailed"]
        raise Permanent(meaning, f"{source.uri} {words}.", file=source.uri)
    if not given.startswith(f"bytes {start}-{start + length - 1}/"):
        raise _misfit(source, f"it sent {given} when asked for {length:,} bytes from {start:,}")
    if size != length:
        raise _misfit(source, f"it announced {size:,} of {length:,} bytes")


def _misfit(source: Source, what: str) -> Transient:
    return Transient(
        Code.SOURCE_UNAVAILABLE,
        f"FileFerry could not read {source.uri} whole from S3: {what}.",
        file=source.uri,
    )
