"""Reading S3: one object is pinned by HeadObject, then read in ranges that must match the pin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.exceptions import ClientError

from adapters import aws, checksums, s3_pin
from adapters.s3_http import Answer
from adapters.s3_ways import Way, Ways
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Pin, Source

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

T = TypeVar("T")
OURS = frozenset({"HeadObject", "GetObject", "CreateSession"})
"""Operations on the object; botocore opens a directory bucket by CreateSession."""
MISPLACED = frozenset(
    {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"}
)

# What an error code says of the object; the words go behind its URI.
MEANINGS: dict[str, tuple[Code, str]] = {
    "NoSuchBucket": (Code.SOURCE_MISSING, "is in a bucket that does not exist (NoSuchBucket)"),
    "NoSuchKey": (Code.SOURCE_MISSING, "does not exist"),
    "NoSuchVersion": (Code.SOURCE_MISSING, "has lost the version that was pinned"),
    "404": (Code.SOURCE_MISSING, "does not exist"),
    "PreconditionFailed": (Code.SOURCE_CHANGED, s3_pin.CHANGED),
    "412": (Code.SOURCE_CHANGED, s3_pin.CHANGED),
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
        self._ways = Ways(client)
        self.checksums = checksums.available()

    def describe(self, source: Source) -> Pin:
        with _translated(source):
            return s3_pin.pin(source, self._head(source))

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        data = bytearray(length)
        self.read_into(source, pin, start, memoryview(data))
        return bytes(data)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        length = len(buffer)
        if length == 0:
            return
        with (
            _translated(source),
            closing(self._ask(source, lambda way: way.get(source, pin, start, length))) as answer,
        ):
            s3_pin.check_fit(source, pin, start, length, answer.headers)
            count = _fill(buffer, answer)
        if count != length:
            raise s3_pin.misfit(source, f"the body ended after {count:,} of {length:,} bytes")

    def _head(self, source: Source) -> s3_pin.Headers:
        try:
            return self._ask(source, lambda way: way.head(source))
        except ClientError as error:
            if aws.status_of(error) < 500:  # noqa: PLR2004  RFC 9110
                self._ways.boto.provoke_reason(source)
            raise

    def _ask(self, source: Source, ask: Callable[[Way], T]) -> T:
        thin = self._ways.thin(source)
        if thin is None:
            return ask(self._ways.boto)
        try:
            return ask(thin)
        except ClientError as error:
            # boto3 follows a bucket into its region; HEAD says no more than 301 or 400.
            if aws.code_of(error) not in MISPLACED | {"400"}:
                raise
        self._ways.mistaken(source)
        return ask(self._ways.boto)


def _fill(buffer: memoryview, answer: Answer) -> int:
    filled = 0
    while filled < len(buffer) and (count := answer.readinto(buffer[filled:])):
        filled += count
    return filled


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
