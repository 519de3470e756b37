"""Where the objects of a bucket are and how requests to them are signed, as boto3 has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from adapters.aws.keys import Keys
from adapters.s3.signing import Signer

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from types_boto3_s3 import S3Client

PROBE = "key"
UNRESERVED = "/~"
"""What botocore leaves as it is in a key, beside letters, digits, `-`, `.` and `_`."""
USUAL_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that is ready to be sent; `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]


class Address:
    """`base` is the URL of a bucket up to where the key begins."""

    def __init__(self, base: str, agent: str, signer: Signer) -> None:
        parts = urlsplit(base)
        self.base = base
        self.origin: Origin = (parts.scheme, parts.hostname or "", parts.port)
        self.agent = agent
        self.signer = signer
        usual = parts.port == USUAL_PORTS.get(parts.scheme)
        self._host = parts.netloc.rpartition(":")[0] if usual else parts.netloc
        self._path = parts.path

    def under(self, keys: Callable[[], Keys]) -> Address:
        """The same place, asked with other credentials."""
        ours = Signer(self.signer.region, self.signer.service, keys)
        return Address(self.base, self.agent, ours)

    def signed(self, method: str, key: str, query: str, headers: Mapping[str, str]) -> Signed:
        """`headers` have their names in small letters; `query` is without its question mark.

        Raises what botocore raises for want of credentials.
        """
        path = self._path + quote(key, safe=UNRESERVED)
        ready = self.signer.sign(method, self._host, path, query, headers)
        ready["user-agent"] = self.agent
        return Signed(method, f"{path}?{query}" if query else path, ready)


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
        proxies = _proxies(url) if own is None else own
        if built.signer is None or proxies.get(urlsplit(url).scheme) or not url.endswith(PROBE):
            return None
        return Address(
            url.removesuffix(PROBE),
            str(built.request.headers.get("User-Agent", "")),
            Signer(built.region, built.service, _keys(built)),
        )


def _proxies(url: str) -> Mapping[str, str]:
    # Whoever has a client has paid for botocore; who has none need not.
    from botocore.utils import get_environ_proxies  # noqa: PLC0415

    return get_environ_proxies(url)


def _keys(built: _BuiltError) -> Callable[[], Keys]:
    """Asks botocore's own signer each time, so they are refreshed as everywhere in botocore."""
    from botocore.exceptions import NoCredentialsError  # noqa: PLC0415  as in _proxies

    def keys() -> Keys:
        auth = built.signer.get_auth_instance(built.service, built.region, "s3v4")
        if auth.credentials is None:
            raise NoCredentialsError
        return Keys(*auth.credentials[:3])

    return keys
