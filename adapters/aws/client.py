"""What S3 and STS have in common: the client's settings, and botocore's errors in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, TypeVar, cast

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidConfigError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from adapters.aws.terms import POOL, TRIES
from transfer.addresses import RULE, is_guarded
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.visible import visible

Client = TypeVar("Client")

# fmt: off
BUSY = frozenset({
    "SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "RequestLimitExceeded",
    "TooManyRequests", "BandwidthLimitExceeded", "OperationAborted", "429",
})
"""Codes that come with a 4xx status although another try may help; every 5xx is busy anyway."""

BAD_CREDENTIALS = frozenset({
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException",
    "InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException", "TokenRefreshRequired",
    "RequestExpired", "IncompleteSignature", "InvalidSecurity", "NotSignedUp", "AccountProblem",
})
"""Codes that speak of who asks, not of what is asked for."""
# fmt: on
WRONG_CLOCK = ("Signature not yet current", "Signature expired")
"""STS says SignatureDoesNotMatch to a wrong clock as to a wrong secret; only the words differ."""

NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
    InvalidConfigError,
    ProfileNotFound,
)
# botocore lets through urllib3's TLS errors while a body is read, and KeyError and ValueError when
# some proxy's page stands in the place of an answer.
NO_WHOLE_ANSWER = (
    BotoCoreError,
    ResponseParserError,
    HTTPError,
    HTTPException,
    OSError,
    KeyError,
    ValueError,
)


def client_config(endpoint_url: str | None, timeout: float) -> Config:
    """Settings of a client; `timeout` is in seconds, to connect and without a byte.

    The retries here are the transport's: a request that was never answered, or answered with 5xx.
    """
    return Config(
        signature_version="s3v4",
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=timeout,
        read_timeout=timeout,
        tcp_keepalive=True,
        max_pool_connections=POOL,
        # The checksum of a whole object says nothing about a range of it, and computing one costs
        # the reader's time; the crossing compares its own digests with the pin's.
        response_checksum_validation="when_required",
        # Buckets of a store on an address or an inner name have no DNS names of their own.
        s3={"addressing_style": "path" if endpoint_url else "auto"},
    )


@contextmanager
def settings_checked() -> Iterator[None]:
    """Around the making of a client: a profile or address that cannot be is `config.invalid`."""
    try:
        yield
    except (BotoCoreError, ValueError) as error:
        raise Permanent(
            Code.CONFIG_INVALID,
            f"The aws settings make no client of S3 or STS: {str(error).rstrip('.')}.",
        ) from error


def guarded(client: Client) -> Client:
    """The client, unless its line is open to others: a variable or a profile may name an address
    as well. Raises Permanent `config.invalid`.
    """
    url = cast("Any", client).meta.endpoint_url
    if not is_guarded(url):
        raise Permanent(
            Code.CONFIG_INVALID,
            f"The address {visible(url)} of an AWS service {RULE}.",
            action="Set the address in the configuration, the AWS_ENDPOINT_URL… variables or the "
            "profile to one that is encrypted.",
        )
    return client


@contextmanager
def no_answer_translated(service: str, errand: str, file: str | None = None) -> Iterator[None]:
    """Turn everything but an answer of AWS (ClientError) into a FerryError.

    `errand` completes "FileFerry could not …", e.g. `read s3://bucket/key`.
    """
    try:
        yield
    except (ParamValidationError, UnicodeEncodeError) as error:
        raise Permanent(
            Code.SOURCE_MALFORMED,
            f"FileFerry could not {errand}: {service} allows no such bucket or key.",
            file=file,
        ) from error
    except NO_CREDENTIALS as error:
        raise Permanent(
            Code.SESSION_REFUSED,
            f"FileFerry could not {errand} for want of AWS credentials ({type(error).__name__}).",
            file=file,
        ) from error
    except NO_WHOLE_ANSWER as error:
        raise Transient(
            Code.SOURCE_UNAVAILABLE,
            f"FileFerry could not {errand}: {service} gave no whole answer "
            f"({type(error).__name__}).",
            file=file,
        ) from error


def answer_translated(
    error: ClientError, service: str, errand: str, file: str | None = None
) -> FerryError | None:
    """What S3 and STS mean alike: busy, a wrong clock, bad credentials; None for anything else."""
    code, status = code_of(error), status_of(error)
    if is_busy(error):
        return Transient(
            Code.SOURCE_UNAVAILABLE,
            f"FileFerry could not {errand}: {service} was not ready ({code}, HTTP {status}).",
            file=file,
        )
    if code == "RequestTimeTooSkewed" or any(words in str(error) for words in WRONG_CLOCK):
        return Permanent(
            Code.SESSION_REFUSED,
            f"FileFerry could not {errand} because this host's clock is wrong{_skew(error)}.",
            action="Tell the operators: set the clock of the bastion; then order again.",
            file=file,
        )
    if code in BAD_CREDENTIALS:
        return Permanent(
            Code.SESSION_REFUSED,
            f"FileFerry could not {errand}: {service} refused its credentials ({code}).",
            file=file,
        )
    return None


def is_busy(error: ClientError) -> bool:
    """Another try may help."""
    # KMS is throttled apart from S3, which hands its code on with a prefix.
    code = code_of(error).removeprefix("KMS.")
    return status_of(error) >= 500 or code in BUSY  # noqa: PLR2004  RFC 9110


def code_of(error: ClientError) -> str:
    """The error code; the bare HTTP status of an answer without a body, e.g. `403`."""
    return str(error.response.get("Error", {}).get("Code", "no code"))


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _skew(error: ClientError) -> str:
    """By how much, where the answer gives both times (S3 does, in two spellings of ISO 8601)."""
    told = error.response.get("Error", {})
    try:
        ours, theirs = (_instant(str(told.get(name))) for name in ("RequestTime", "ServerTime"))
    except (ValueError, OverflowError):
        return ""
    return f" by {abs((ours - theirs).total_seconds()):.0f} s"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
