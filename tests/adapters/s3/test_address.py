"""The thin way asks the same URL as boto3, signed for the same region, whatever the settings."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from urllib3 import HTTPResponse

from adapters.s3.address import Address, Addresses, Signed

# fmt: off
KEYS = [
    "report.csv", "a b", "übergabe é.csv", "a+b", "100%25", "%2F", "/leading", "a//b", "a/../b",
    "./x", "x?y#z", "a&b=c;d", "~*'()!$@,:", "日本語", "a\\b", "key", "-._~", "tab\there",
]
# fmt: on
POINT = "arn:aws:s3:us-west-2:123456789012:accesspoint/mine"
SETTINGS = [
    pytest.param({}, "exports", "exports.s3.eu-central-1.amazonaws.com", id="by host"),
    pytest.param({}, "with.dots", "s3.eu-central-1.amazonaws.com", id="dots go by path"),
    pytest.param(
        {"s3": {"addressing_style": "path"}}, "exports", "s3.eu-central-1.amazonaws.com", id="path"
    ),
    pytest.param(
        {"use_dualstack_endpoint": True},
        "exports",
        "exports.s3.dualstack.eu-central-1.amazonaws.com",
        id="dual stack",
    ),
    pytest.param(
        {"s3": {"use_accelerate_endpoint": True}},
        "exports",
        "exports.s3-accelerate.amazonaws.com",
        id="accelerate",
    ),
    pytest.param(
        {},
        POINT,
        "mine-123456789012.s3-accesspoint.us-west-2.amazonaws.com",
        id="access point",
    ),
]


def client(endpoint_url: str | None = None, **settings: Any) -> Any:
    session = boto3.session.Session(
        aws_access_key_id="KEY",
        aws_secret_access_key="secret",
        aws_session_token="token",
        region_name="eu-central-1",
    )
    config = Config(**{"proxies": {}} | settings)
    return session.client("s3", endpoint_url=endpoint_url, config=config)


def sent_by_boto3(s3: Any, bucket: str, key: str) -> AWSPreparedRequest:
    """boto3's own request, answered before it leaves."""
    sent: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), HTTPResponse(body=io.BytesIO()))

    s3.meta.events.register("before-send.s3.HeadObject", answer)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    finally:
        s3.meta.events.unregister("before-send.s3.HeadObject", answer)
    return sent[0]


def asked(address: Address, signed: Signed) -> str:
    parts = urlsplit(address.base)
    return f"{parts.scheme}://{parts.netloc}{signed.target}"


def scope(authorization: str | bytes) -> str:
    """Region, service and key id of a signature; its time is another each second."""
    text = authorization if isinstance(authorization, str) else authorization.decode()
    return text.partition("Credential=")[2].partition(",")[0]


@pytest.mark.parametrize(("settings", "bucket", "host"), SETTINGS)
def test_the_url_is_the_one_of_boto3(settings: dict[str, Any], bucket: str, host: str) -> None:
    s3 = client(**settings)
    address = Addresses(s3).find(bucket)
    assert address
    assert address.origin == ("https", host, None)
    for key in KEYS:
        theirs = sent_by_boto3(s3, bucket, key)
        ours = address.signed("HEAD", key, "", {})
        assert asked(address, ours) == theirs.url
        assert scope(ours.headers["authorization"]) == scope(theirs.headers["Authorization"])
        assert ours.headers["x-amz-security-token"] == "token"
        agent = theirs.headers["User-Agent"]
        assert ours.headers["user-agent"] == (agent.decode() if isinstance(agent, bytes) else agent)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[::1]:9", "https://s3.lan/gate"])
def test_a_store_of_our_own_is_asked_where_boto3_asks(url: str) -> None:
    s3 = client(url, s3={"addressing_style": "path"})
    address = Addresses(s3).find("exports")
    assert address
    assert address.base == f"{url}/exports/"
    for key in KEYS:
        theirs = sent_by_boto3(s3, "exports", key).url
        assert asked(address, address.signed("GET", key, "", {})) == theirs


@pytest.mark.parametrize(
    ("settings", "bucket"),
    [
        ({}, "data--euc1-az1--x-s3"),
        ({"signature_version": UNSIGNED}, "exports"),
        ({"signature_version": "s3"}, "exports"),
        ({"proxies": {"https": "http://proxy.lan:3128"}}, "exports"),
    ],
)
def test_what_only_boto3_can_do_is_left_to_it(settings: dict[str, Any], bucket: str) -> None:
    assert Addresses(client(**settings)).find(bucket) is None


def test_a_proxy_of_the_environment_counts_as_with_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.lan:3128")
    assert Addresses(client(proxies=None)).find("exports") is None
    monkeypatch.setenv("NO_PROXY", ".amazonaws.com")
    assert Addresses(client(proxies=None)).find("exports")


def test_credentials_are_asked_for_at_each_request() -> None:
    session = boto3.session.Session(
        aws_access_key_id="FIRST", aws_secret_access_key="secret", region_name="eu-central-1"
    )
    address = Addresses(session.client("s3", config=Config(proxies={}))).find("exports")
    assert address
    assert "FIRST/" in address.signed("GET", "k", "", {}).headers["authorization"]
    credentials: Any = session._session.get_credentials()
    credentials.access_key = "SECOND"
    assert "SECOND/" in address.signed("GET", "k", "", {}).headers["authorization"]
