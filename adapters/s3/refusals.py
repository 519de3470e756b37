"""What botocore's errors say of an object, in our words.

Apart, because botocore is loaded with it: a quarter of a second that who meets no error, and asks
S3 in the thin way, need not wait.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from adapters.aws import client as aws
from adapters.s3.pin import CHANGED
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Source
from transfer.request.names import shown

LISTING = "ListObjectsV2"
OURS = frozenset({"HeadObject", "GetObject", LISTING, "CreateSession"})
"""Operations on the object; botocore opens a directory bucket by CreateSession."""
MISPLACED = frozenset(
    {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"}
)

# What an error code says of the object; the words go behind its URI.
MEANINGS: dict[str, tuple[Code, str]] = {
    "NoSuchBucket": (Code.SOURCE_MISSING, "is in a bucket that does not exist (NoSuchBucket)"),
    "NoSuchKey": (Code.SOURCE_MISSING, "does not exist"),
    "NoSuchVersion": (Code.SOURCE_MISSING, "has no such version, or has lost it"),
    "404": (Code.SOURCE_MISSING, "does not exist"),
    # All that S3 answers of a version that only marks a deletion (User Guide, "Delete markers").
    "MethodNotAllowed": (Code.SOURCE_MISSING, "was deleted: its version is a delete marker"),
    "405": (Code.SOURCE_MISSING, "was deleted: its version is a delete marker"),
    "PreconditionFailed": (Code.SOURCE_CHANGED, CHANGED),
    "412": (Code.SOURCE_CHANGED, CHANGED),
    "InvalidRange": (Code.SOURCE_CHANGED, "is shorter than when it was pinned"),
    "InvalidObjectState": (Code.SOURCE_ARCHIVED, "is in an archive tier and not restored"),
    "InvalidBucketName": (Code.SOURCE_MALFORMED, "names a bucket that S3 does not allow"),
    "KeyTooLongError": (Code.SOURCE_MALFORMED, "has a key longer than S3's 1,024 bytes"),
}

# What a reason is about, in small letters; the first that fits.
ACTIONS = (
    (
        r"\bkms\.(disabled|kmsinvalidstate|notfound)|\bkey/\S+ is (disabled|pending)",
        "Ask the owner of the KMS key to enable or restore it, then order again.",
    ),
    (
        r"\bkms[.:]|:kms:|\bkms key|customer master key",
        "Ask the owner of the KMS key to let FileFerry decrypt with it (kms:Decrypt), order again.",
    ),
    (
        "server side encryption|server-side encryption|customer.provided key",
        "Store the object without a key of the customer (SSE-C), then order again.",
    ),
    (
        "vpc endpoint policy|endpoint policy",
        "Tell the operators: the policy of the VPC endpoint refuses this object.",
    ),
    (
        "service control policy|resource control policy|permissions boundary|session policy",
        "Ask who keeps the named policy to let FileFerry read, then order again.",
    ),
    ("requester pays|requesterpays", "Ask the bucket's owner to turn requester pays off."),
)
# S3 hides from those who may not list a bucket whether a key exists.
USUAL_ACTION = "Check bucket and key, ask the bucket's owner to let FileFerry read, order again."
LISTING_ACTION = "Ask the bucket's owner for s3:ListBucket, or order the objects one by one."
BARE = ("", "Access Denied", "AccessDenied", "Forbidden", "Bad Request")
"""Words that say no more than the code, or the status, does."""
LONGEST = 400
"""Characters of S3's reason on a ticket."""
_REQUEST_ID = re.compile("[0-9A-Za-z-]{8,64}")
_SECRET = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{8,}\b|[0-9A-Za-z+=]{40,}")
"""Access key ids, and what is long enough to be a signature or a token."""


def refusal(method: str, status: int, headers: Mapping[str, str], body: bytes) -> ClientError:
    """What boto3 would raise for such an answer."""
    answer = {"status_code": max(status, 301), "headers": dict(headers), "body": body}
    told = create_parser("rest-xml").parse(answer, None)  # type: ignore[arg-type]
    told["ResponseMetadata"]["HTTPStatusCode"] = status
    return ClientError(told, "HeadObject" if method == "HEAD" else "GetObject")


def status(error: Exception) -> int:
    """The HTTP status of S3's answer; 0 where another try may get one that says something."""
    refused = isinstance(error, ClientError) and not aws.is_busy(error)
    return aws.status_of(error) if isinstance(error, ClientError) and refused else 0


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
    code = aws.code_of(error)
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
        if meaning is Code.SOURCE_MISSING and source.key != source.key.strip():
            words += "; mind that its key, as it was ordered, begins or ends with a blank"
        return Permanent(meaning, f"{source.uri} {words}.", file=source.uri)
    return _denied(error, source)


def _denied(error: ClientError, source: Source) -> Permanent:
    """With S3's own reason, where it gave one: only that tells a key from a policy."""
    words = error.response.get("Error", {}).get("Message") or ""
    request = str(error.response["ResponseMetadata"].get("RequestId", ""))
    # What AWS's support asks for; anything of another form is not one.
    asked = f", request {request}" if _REQUEST_ID.fullmatch(request) else ""
    said = f"; S3 says {shown(_SECRET.sub('…', words), LONGEST)}" if words not in BARE else ""
    # A name in it says nothing of the reason: a key may be called kms.csv.
    about = words.replace(source.key, "") if source.key else words
    verb = "list the keys below" if error.operation_name == LISTING else "read"
    return Permanent(
        Code.SOURCE_DENIED,
        f"S3 does not let FileFerry {verb} {source.uri} ({aws.code_of(error)}, HTTP "
        f"{aws.status_of(error)}{asked}){said}.",
        action=_action(f"{aws.code_of(error)} {about}".lower(), verb),
        file=source.uri,
    )


def _action(reason: str, verb: str) -> str:
    usual = USUAL_ACTION if verb == "read" else LISTING_ACTION
    return next((action for words, action in ACTIONS if re.search(words, reason)), usual)
