"""The two ways to ask S3 for an object: thin, and by boto3 for what the thin one cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from botocore.response import StreamingBody

from adapters.s3_address import Address, Addresses
from adapters.s3_http import Answer, ThinHttp
from adapters.s3_pin import Headers
from transfer.model import Pin, Source

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef


class Way(Protocol):
    """Raises ClientError for a refusal, and whatever sending and receiving raises."""

    def head(self, source: Source) -> Headers: ...

    def get(self, source: Source, pin: Pin, start: int, length: int) -> Answer:
        """The range, if the object is the pinned one."""


class Ways:
    def __init__(self, client: S3Client) -> None:
        self.boto = ByBoto(client)
        self._addresses = Addresses(client)
        self._http = ThinHttp(client)

    def thin(self, source: Source) -> Way | None:
        """None where only boto3 can; it also has the words for a key that cannot be."""
        address = self._addresses.find(source.bucket) if source.key else None
        if address is None or not self._http.can(address):
            return None
        return Thin(self._http, address)

    def mistaken(self, source: Source) -> None:
        """The bucket is not where boto3 said."""
        self._addresses.forget(source.bucket)


@dataclass(frozen=True, slots=True)
class Thin:
    http: ThinHttp
    address: Address

    def head(self, source: Source) -> Headers:
        asked = {"x-amz-checksum-mode": "ENABLED"}
        with closing(self.http.ask("HEAD", self.address, source.key, "", asked)) as answer:
            return answer.headers

    def get(self, source: Source, pin: Pin, start: int, length: int) -> Answer:
        version = pin.version_id
        query = f"?versionId={quote(version, safe='~')}" if version else ""
        asked = {"Range": span(start, length), "If-Match": pin.etag}
        return self.http.ask("GET", self.address, source.key, query, asked)


class ByBoto:
    def __init__(self, client: S3Client) -> None:
        self._client = client

    def head(self, source: Source) -> Headers:
        answer = self._client.head_object(
            Bucket=source.bucket, Key=source.key, ChecksumMode="ENABLED"
        )
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
        answer = self._client.get_object(**request)
        return _BotoAnswer(answer["ResponseMetadata"]["HTTPHeaders"], answer["Body"])

    def provoke_reason(self, source: Source) -> None:
        """The answer to HEAD has no body, so its 403 and 404 have no reason; that to GET has one.

        Only the GET tells a wrong secret, a wrong clock and a missing bucket apart.
        """
        self._client.get_object(Bucket=source.bucket, Key=source.key)["Body"].close()


@dataclass(frozen=True, slots=True)
class _BotoAnswer:
    headers: Mapping[str, str]
    body: StreamingBody

    def readinto(self, buffer: memoryview, /) -> int:
        return self.body.readinto(buffer)  # type: ignore[arg-type]

    def close(self) -> None:
        self.body.close()


def span(start: int, length: int) -> str:
    return f"bytes={start}-{start + length - 1}"
