"""Our signature is the one that botocore makes of the same request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from adapters.aws.keys import Keys
from adapters.s3.address import UNRESERVED, Address
from adapters.s3.signing import Signer

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
VERSIONS = st.sampled_from(["", "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo"])
HOSTS = ["https://exports.s3.eu-central-1.amazonaws.com/", "http://127.0.0.1:9000/exports/"]
HEADERS = [
    {},
    {"x-amz-checksum-mode": "ENABLED"},
    {"range": "bytes=0-9", "if-match": '"0f343b0931126a20f133d67c2b018a3b"'},
]


class _At(S3SigV4Auth):
    """botocore's signer in Python at a given moment."""

    moment = datetime(2026, 11, 23, 10, 50, 31, tzinfo=UTC)

    def add_auth(self, request: AWSRequest) -> None:
        own: Any = self  # its stubs leave out what is not public
        request.context["timestamp"] = self.moment.strftime("%Y%m%dT%H%M%SZ")
        own._modify_request_before_signing(request)
        canonical = own.canonical_request(request)
        told = own.string_to_sign(request, canonical)
        own._inject_signature_to_request(request, own.signature(told, request))


def theirs(url: str, method: str, headers: dict[str, str], token: str | None) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, headers=dict(headers))
    _At(ReadOnlyCredentials("KEY", "secret", token), "s3", "eu-central-1").add_auth(request)
    return {name.lower(): text for name, text in request.headers.items()}


@given(key=KEYS, version=VERSIONS, at=st.integers(0, 1), said=st.integers(0, 2))
@pytest.mark.parametrize("token", [None, "session/token=="])
def test_it_is_botocores(key: str, version: str, at: int, said: int, token: str | None) -> None:
    signer = Signer(
        "eu-central-1", "s3", lambda: Keys("KEY", "secret", token), _At.moment.timestamp
    )
    query = f"versionId={quote(version, safe='~')}" if version else ""
    signed = Address(HOSTS[at], "us", signer).signed("GET", key, query, HEADERS[said])
    base, more = HOSTS[at] + quote(key, safe=UNRESERVED), f"?{query}" if query else ""
    expected = theirs(base + more, "GET", HEADERS[said], token)
    assert signed.target == base.removeprefix(HOSTS[at][: -len(urlsplit(HOSTS[at]).path)]) + more
    assert signed.headers["authorization"] == expected["authorization"]
    for name in ("x-amz-date", "x-amz-content-sha256"):
        assert signed.headers[name] == expected[name]


def test_a_new_day_and_a_new_secret_make_a_new_key() -> None:
    keys = [Keys("K", "one"), Keys("K", "one"), Keys("K", "two")]
    moments = [datetime(2026, 11, day, tzinfo=UTC) for day in (23, 24, 24)]
    signer = Signer("eu-central-1", "s3", lambda: keys.pop(0), lambda: moments.pop(0).timestamp())
    found = [signer.sign("GET", "host", "/", "", {})["authorization"] for _ in range(3)]
    assert len({text.partition("Signature=")[2] for text in found}) == 3


def test_keys_are_not_shown() -> None:
    assert "secret" not in repr(Keys("KEY", "secret", "token"))
