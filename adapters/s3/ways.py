"""The ways to ask S3 for an object: thin, and by boto3 for what the thin one cannot do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from adapters.aws.keys import Keys, Lending
from adapters.aws.terms import TRIES, Terms
from adapters.s3.address import Address, Addresses
from adapters.s3.http import Answer, Asked, ThinHttp
from adapters.s3.pin import Headers
from adapters.s3.plain import Plain
from transfer.model import Pin, Source

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef, HeadObjectRequestTypeDef

WITH_CHECKSUMS = {"x-amz-checksum-mode": "ENABLED"}


class Way(Protocol):
    """Raises ClientError for a refusal, and whatever sending and receiving raises."""

    @property
    def url(self) -> str:
        """Where it asks: scheme, host and port at least."""

    def head(self, source: Source) -> Headers: ...

    def get(self, source: Source, pin: Pin, start: int, length: int) -> Answer:
        """The range, if the object is the pinned one."""


class Ways:
    """`plain` is asked first where it knows the bucket, under `terms`; then the client, which is
    made when it is needed.
    """

    def __init__(
        self,
        make_client: Callable[[], S3Client],
        plain: Plain | None = None,
        terms: Terms | None = None,
    ) -> None:
        self._make_client = make_client
        self._plain = plain
        self._plain_http = ThinHttp(terms) if terms else None
        self._lock = threading.Lock()
        self._made: _Made | None = None
        self._mistaken: set[str] = set()

    def boto(self, keys: Callable[[], Keys] | None = None) -> ByBoto:
        """With `keys` in place of the client's own credentials."""
        way = self._client.way
        return way.under(keys) if keys else way

    @property
    def http(self) -> ThinHttp:
        """That of the thin ways, but for buckets that only boto3 could find."""
        return self._plain_http or self._client.http

    def thin(self, source: Source, keys: Callable[[], Keys] | None = None) -> Thin | None:
        """None where only boto3 can; it also has the words for a key that cannot be."""
        found = self._thin(source)
        return Thin(found.http, found.address.under(keys)) if found and keys else found

    def _thin(self, source: Source) -> Thin | None:
        if not source.key:
            return None
        if self._plain and self._plain_http and source.bucket not in self._mistaken:
            found = self._plain.find(source.bucket)
            if found and self._plain_http.can(found):
                return Thin(self._plain_http, found)
        address, http = self._client.addresses.find(source.bucket), self._client.http
        return Thin(http, address) if address and http.can(address) else None

    def mistaken(self, source: Source) -> None:
        """The bucket is not where it was thought to be."""
        self._mistaken.add(source.bucket)
        self._client.addresses.forget(source.bucket)

    @property
    def _client(self) -> _Made:
        with self._lock:
            if self._made is None:
                client = self._make_client()
                http = ThinHttp(_terms(client))
                self._made = _Made(ByBoto(client, Lending(client)), Addresses(client), http)
            return self._made


@dataclass(frozen=True, slots=True)
class Thin:
    http: ThinHttp
    address: Address

    @property
    def url(self) -> str:
        return self.address.base

    def head(self, source: Source) -> Headers:
        with closing(self.http.ask("HEAD", self.to_head(source))) as answer:
            return answer.headers

    def get(self, source: Source, pin: Pin, start: int, length: int) -> Answer:
        return self.http.ask("GET", self.to_get(source, pin, start, length))

    def to_head(self, source: Source) -> Asked:
        return Asked(self.address, source.key, versioned(source.version_id), WITH_CHECKSUMS)

    def to_get(self, source: Source, pin: Pin, start: int, length: int) -> Asked:
        asked = {"range": span(start, length), "if-match": pin.etag}
        return Asked(self.address, source.key, versioned(pin.version_id), asked)


class ByBoto:
    def __init__(
        self, client: S3Client, lending: Lending, keys: Callable[[], Keys] | None = None
    ) -> None:
        self._client = client
        self._lending = lending
        self._keys = keys

    def under(self, keys: Callable[[], Keys]) -> ByBoto:
        return ByBoto(self._client, self._lending, keys)

    @property
    def url(self) -> str:
        return self._client.meta.endpoint_url

    def head(self, source: Source) -> Headers:
        request: HeadObjectRequestTypeDef = {
            "Bucket": source.bucket,
            "Key": source.key,
            "ChecksumMode": "ENABLED",
        }
        if source.version_id:
            request["VersionId"] = source.version_id
        with self._lending.by(self._keys):
            answer = self._client.head_object(**request)
        return answer["ResponseMetadata"]["HTTPHeaders"]

    def get(self, source: Source, pin: Pin, start: int, length: int) -> Answer:
        request: GetObjectRequestTypeDef = {
            "Bucket": source.bucket,
            "Key": source.key,
            "Range": span(start, length),
            "IfMatch": pin.etag,
        }
        if pin.version_id:
            request["VersionId"] = pin.version_id
        with self._lending.by(self._keys):
            answer = self._client.get_object(**request)
        return _BotoAnswer(answer["ResponseMetadata"]["HTTPHeaders"], answer["Body"])

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        """1,000 keys a request (ListObjectsV2); botocore undoes their URL encoding."""
        found = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        pages = iter(found)
        while True:
            # Not around the `yield`: whoever has the keys may ask this client for something else.
            with self._lending.by(self._keys):
                page = next(pages, None)
            if page is None:
                return
            yield from (item["Key"] for item in page.get("Contents", ()))

    def provoke_reason(self, source: Source) -> None:
        """The answer to HEAD has no body, so its 403 and 404 have no reason; that to GET has one.

        Only the GET tells a wrong secret, a wrong clock and a missing bucket apart.
        """
        request: GetObjectRequestTypeDef = {"Bucket": source.bucket, "Key": source.key}
        if source.version_id:
            request["VersionId"] = source.version_id
        with self._lending.by(self._keys):
            self._client.get_object(**request)["Body"].close()


@dataclass(frozen=True, slots=True)
class _Made:
    """What there is once there is a client."""

    way: ByBoto
    addresses: Addresses
    http: ThinHttp


@dataclass(frozen=True, slots=True)
class _BotoAnswer:
    headers: Mapping[str, str]
    body: Any

    def readinto(self, buffer: memoryview, /) -> int:
        count: int = self.body.readinto(buffer)
        return count

    def close(self) -> None:
        self.body.close()


def versioned(version_id: str | None) -> str:
    """The query of a request for one version."""
    return f"versionId={quote(version_id, safe='~')}" if version_id else ""


def span(start: int, length: int) -> str:
    return f"bytes={start}-{start + length - 1}"


def _terms(client: S3Client) -> Terms:
    """Those of the client."""
    config: Any = client.meta.config
    return Terms(
        connect_timeout=config.connect_timeout,
        timeout=config.read_timeout,
        tries=(config.retries or {}).get("total_max_attempts", TRIES),
        trust=_trust(client),
    )


def _trust(client: S3Client) -> str | None:
    """The file of CAs that the client trusts; None where it has another way to prove the server.

    AWS_CA_BUNDLE, a profile's `ca_bundle` and REQUESTS_CA_BUNDLE are put together by botocore
    while it makes the client, and are to be had nowhere else.
    """
    # Whoever has a client has paid for botocore; who has none need not.
    from botocore.httpsession import get_cert_path  # noqa: PLC0415

    if getattr(client.meta.config, "client_cert", None):
        return None
    try:
        verify = client._endpoint.http_session._verify  # type: ignore[attr-defined]  # noqa: SLF001
    except AttributeError:
        return None
    return get_cert_path(verify) or None
