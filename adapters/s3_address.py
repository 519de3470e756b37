"""Where the objects of a bucket are and how requests to them are signed, as boto3 has it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from botocore.awsrequest import AWSRequest
from botocore.utils import get_environ_proxies

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROBE = "key"
UNRESERVED = "/~"
"""What botocore leaves as it is in a key, beside letters, digits, `-`, `.` and `_`."""


Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


@dataclass(frozen=True, slots=True)
class Address:
    """`base` is the URL of the bucket up to where the key begins. `signer` is botocore's own: it
    asks for the credentials at each request, so they are refreshed as everywhere in botocore.
    """

    base: str
    origin: Origin
    agent: str
    region: str
    service: str
    signer: Any

    def signed(self, method: str, key: str, query: str, headers: dict[str, str]) -> AWSRequest:
        """Raises what botocore raises for want of credentials."""
        url = self.base + quote(key, safe=UNRESERVED) + query
        request = AWSRequest(method=method, url=url, headers=headers | {"User-Agent": self.agent})
        self.signer.get_auth_instance(self.service, self.region, "s3v4").add_auth(request)
        return request


class _BuiltError(Exception):
    """Carries a request out of boto3 before it is signed or sent."""

    def __init__(self, request: AWSRequest, region: str, service: str, signer: Any) -> None:
        super().__init__("not an error")
        self.request = request
        self.region = region
        self.service = service
        self.signer = signer


class Addresses:
    """Asks boto3 to build a request, once a bucket, and stops it before it is sent.

    So every setting that boto3 knows (address style, dual stack, access points) holds here too.
    """

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._known: dict[str, Address | None] = {}
        self._thread = threading.local()
        client.meta.events.register("before-sign.s3.HeadObject", self._stop)

    def find(self, bucket: str) -> Address | None:
        """None for a bucket whose requests only boto3 can sign or send: directory buckets, access
        points of many regions, requests without signature, and whatever goes by a proxy.

        Raises what boto3 raises for a name that cannot be.
        """
        if bucket not in self._known:
            self._known[bucket] = self._ask(bucket)
        return self._known[bucket]

    def forget(self, bucket: str) -> None:
        """boto3 may have learned of the bucket's own region in the meantime."""
        self._known.pop(bucket, None)

    def _ask(self, bucket: str) -> Address | None:
        self._thread.asking = True
        try:
            self._client.head_object(Bucket=bucket, Key=PROBE)
        except _BuiltError as built:
            return self._address(built)
        finally:
            self._thread.asking = False
        return None

    def _stop(
        self,
        request: AWSRequest,
        region_name: str,
        signing_name: str,
        signature_version: str,
        request_signer: Any,
        **_: Any,
    ) -> None:
        if not getattr(self._thread, "asking", False):
            return
        signing = request.context.get("signing", {})
        special = {"identity_cache", "request_credentials"} & set(signing)
        raise _BuiltError(
            request,
            signing.get("region", region_name),
            signing.get("signing_name", signing_name),
            request_signer if signature_version == "s3v4" and not special else None,
        )

    def _address(self, built: _BuiltError) -> Address | None:
        url, config = str(built.request.url), self._client.meta.config
        own: dict[str, str] | None = getattr(config, "proxies", None)
        proxies = get_environ_proxies(url) if own is None else own
        parts = urlsplit(url)
        if built.signer is None or proxies.get(parts.scheme) or not url.endswith(PROBE):
            return None
        return Address(
            base=url.removesuffix(PROBE),
            origin=(parts.scheme, parts.hostname or "", parts.port),
            agent=str(built.request.headers.get("User-Agent", "")),
            region=built.region,
            service=built.service,
            signer=built.signer,
        )
