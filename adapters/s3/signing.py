"""AWS Signature Version 4 of requests without a body (S3 API reference, "Authenticating Requests").

botocore signs by way of awscrt and several copies of the headers; with thousands of small files
that costs more than everything else that is done for one of them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from time import gmtime, strftime, time

from adapters.aws.keys import Keys

EMPTY = hashlib.sha256(b"").hexdigest()
"""The hash of no body."""
METHOD = "AWS4-HMAC-SHA256"


class Signer:
    """For one region and service. `keys` is asked at each request, so that they may change; `clock`
    tells seconds since 1970.
    """

    def __init__(
        self,
        region: str,
        service: str,
        keys: Callable[[], Keys],
        clock: Callable[[], float] = time,
    ) -> None:
        self.region = region
        self.service = service
        self._keys = keys
        self._clock = clock
        self._second: tuple[int, str] = (-1, "")
        self._key: tuple[str, str, bytes] = ("", "", b"")

    def sign(
        self, method: str, host: str, path: str, query: str, headers: Mapping[str, str]
    ) -> dict[str, str]:
        """The headers to send, `headers` (names in small letters) and `host` among them.

        `path` and `query` are as they stand in the URL, the query with one parameter at most.
        Raises what `keys` raises.
        """
        keys, stamp = self._keys(), self._stamp()
        signed = {**headers, "host": host, "x-amz-content-sha256": EMPTY, "x-amz-date": stamp}
        if keys.token:
            signed["x-amz-security-token"] = keys.token
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        ordered = sorted(signed)
        lines = "".join([f"{name}:{signed[name].strip()}\n" for name in ordered])
        names = ";".join(ordered)
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{EMPTY}"
        told = f"{METHOD}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = _mac(self._day_key(keys.secret, stamp[:8]), told).hex()
        signed["authorization"] = (
            f"{METHOD} Credential={keys.access}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return signed

    def _stamp(self) -> str:
        """Kept for its second, in which many small objects are asked for."""
        now = int(self._clock())
        second, stamp = self._second
        if second != now:
            stamp = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
            self._second = (now, stamp)
        return stamp

    def _day_key(self, secret: str, day: str) -> bytes:
        """Kept for as long as day and secret stay: four MACs of the five."""
        kept_secret, kept_day, key = self._key
        if (kept_secret, kept_day) != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self.region, self.service, "aws4_request"):
                key = _mac(key, part)
            self._key = (secret, day, key)
        return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
