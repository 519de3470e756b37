"""What botocore's errors say of an object, in our words.

Apart, because botocore is loaded with it: a quarter of a second that who meets no error, and asks
S3 in the thin way, need not wait.
"""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from adapters import aws
from adapters.s3_pin import CHANGED
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Source

OURS = frozenset({"HeadObject", "GetObject", "ListObjectsV2", "CreateSession"})
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
    "PreconditionFailed": (Code.SOURCE_CHANGED, CHANGED),
    "412": (Code.SOURCE_CHANGED, CHANGED),
    "InvalidRange": (Code.SOURCE_CHANGED, "is shorter than when it was pinned"),
    "InvalidObjectState": (Code.SOURCE_ARCHIVED, "is in an archive tier and not restored"),
    "InvalidBucketName": (Code.SOURCE_MALFORMED, "names a bucket that S3 does not allow"),
    "KeyTooLongError": (Code.SOURCE_MALFORMED, "has a key longer than S3's 1,024 bytes"),
}


def refusal(method: str, status: int, headers: Mapping[str, str], body: bytes) -> ClientError:
    """What boto3 would raise for such an answer."""
    answer = {"status_code": max(status, 301), "headers": dict(headers), "body": body}
    told = create_parser("rest-xml").parse(answer, None)  # type: ignore[arg-type]
    told["ResponseMetadata"]["HTTPStatusCode"] = status
    return ClientError(told, "HeadObject" if method == "HEAD" else "GetObject")


def is_busy(error: Exception) -> bool:
    return isinstance(error, ClientError) and aws.is_busy(error)


def is_misplaced(error: Exception) -> bool:
    """Another region or way of asking may help; HEAD says no more than 301 or 400."""
    return isinstance(error, ClientError) and aws.code_of(error) in MISPLACED | {"400"}


def wants_reason(error: Exception) -> bool:
    """It was refused for good, without a word."""
    return isinstance(error, ClientError) and aws.status_of(error) < 500  # noqa: PLR2004  RFC 9110


def translated(error: Exception, source: Source) -> Exception:
    """A FerryError for what S3 and the way there can raise; anything else is our own fault."""
    errand = f"read {source.uri}"
    try:
        with aws.no_answer_translated("S3", errand, source.uri):
            raise error
    except ClientError as refused:
        known = aws.answer_translated(refused, "S3", errand, source.uri)
        return known or _judged(refused, source)
    except Exception as other:  # noqa: BLE001  whoever asked raises it
        return other


def _judged(error: ClientError, source: Source) -> FerryError:
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
