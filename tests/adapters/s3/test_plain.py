"""Where nothing unusual is set S3 is asked without boto3, and exactly where boto3 would ask."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from adapters.aws.client import client_config
from adapters.s3 import plain as s3_plain
from adapters.s3.address import Addresses
from adapters.s3.plain import plain, usual_terms
from adapters.s3.store import make_objects
from tests.adapters.s3.test_misbehaviour import SOURCE
from tests.servers.odd_s3 import Answer, OddS3, refusal
from transfer.errors import Code, Permanent

KEYED = {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "secret"}
HEAD = Answer(headers={"ETag": '"abc"', "Content-Length": "20"})
FOREIGN = ("AWS_", "BOTO", "REQUESTS_CA_BUNDLE", "HTTP", "http", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process with keys in its environment, at a home without files of AWS."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, text in KEYED.items():
        monkeypatch.setenv(name, text)


def regions() -> list[str]:
    session = boto3.session.Session()
    return sorted({*session.get_available_regions("s3"), "cn-north-1", "us-gov-west-1", "eu-x"})


@pytest.mark.parametrize("region", regions())
def test_aws_is_asked_where_boto3_asks(region: str) -> None:
    client = boto3.session.Session(region_name=region).client(
        "s3", config=client_config(None, 5.0).merge(Config(proxies={}))
    )
    known = plain(region, None, None)
    assert (known is None) == (region in ("cn-north-1", "us-gov-west-1", "eu-x"))
    for bucket in ("exports", "with-dash-1", "a1b", "x" * 63):
        ours, theirs = known and known.find(bucket), Addresses(client).find(bucket)
        assert theirs
        if ours:
            assert (ours.base, ours.origin) == (theirs.base, theirs.origin)
            assert (ours.signer.region, ours.signer.service) == (region, "s3")
            assert theirs.signer.region == region


@pytest.mark.parametrize("store", ["http://127.0.0.1:9", "http://[::1]:9", "https://s3.lan"])
def test_a_store_is_asked_where_boto3_asks(store: str) -> None:
    config = client_config(store, 5.0).merge(Config(proxies={}))
    client = boto3.session.Session(region_name="eu-central-1").client(
        "s3", endpoint_url=store, config=config
    )
    known = plain("eu-central-1", store, None)
    assert known
    ours, theirs = known.find("exports"), Addresses(client).find("exports")
    assert ours
    assert theirs
    assert (ours.base, ours.origin) == (theirs.base, theirs.origin)


@pytest.mark.parametrize(
    "bucket",
    [
        *("with.dots", "UPPER", "ab", "x" * 64, "-a-", "under_score", "a b", ""),
        "data--euc1-az1--x-s3",
        "arn:aws:s3:us-west-2:123456789012:accesspoint/mine",
    ],
)
def test_other_names_are_for_boto3_to_judge(bucket: str) -> None:
    for store in (None, "http://127.0.0.1:9"):
        known = plain("eu-central-1", store, None)
        assert known
        assert known.find(bucket) is None


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_ACCESS_KEY_ID": "KEY"},
        KEYED | {"AWS_PROFILE": "ferry"},
        KEYED | {"AWS_ENDPOINT_URL_S3": "http://store.lan"},
        KEYED | {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        KEYED | {"AWS_CREDENTIAL_EXPIRATION": "2026-11-23T12:00:00Z"},
        KEYED | {"https_proxy": "http://proxy.lan:3128"},
        KEYED | {"HTTP_PROXY": "http://proxy.lan:3128"},
        KEYED | {"AWS_CONFIG_FILE": __file__},
    ],
)
def test_what_only_boto3_knows_is_left_to_it(environ: dict[str, str]) -> None:
    assert plain("eu-central-1", None, None, environ) is None


def test_what_every_lambda_function_finds_is_nothing_unusual() -> None:
    found = KEYED | {"AWS_SESSION_TOKEN": "token", "AWS_DEFAULT_REGION": "eu-central-1"}
    found |= {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR"}
    parts = ("FUNCTION_NAME", "FUNCTION_MEMORY_SIZE", "LOG_GROUP_NAME", "RUNTIME_API")
    found |= {f"AWS_LAMBDA_{part}": "1" for part in parts}
    assert plain("eu-central-1", None, None, found)
    assert plain("eu-central-1", None, None, found | {"AWS_EXECUTION_ENVIRONMENT": "1"}) is None


def test_a_profile_a_file_and_a_strange_address_are_left_to_boto3(tmp_path: Path) -> None:
    assert plain("eu-central-1", None, "ferry", KEYED) is None
    for store in ("not an address", "https://s3.eu-central-1.amazonaws.com", "http://a/b"):
        assert plain("eu-central-1", store, None, KEYED) is None
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\nregion = eu-west-1\n")
    assert plain("eu-central-1", None, None, KEYED) is None


def test_files_that_say_nothing_and_harmless_variables_change_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    more = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": str(empty)}
    assert plain("eu-central-1", None, None, KEYED | more | {"NO_PROXY": "localhost"})


def test_the_bundle_that_is_named_is_trusted() -> None:
    both = {"AWS_CA_BUNDLE": "/one.pem", "REQUESTS_CA_BUNDLE": "/two.pem"}
    assert usual_terms(5.0, both).trust == "/one.pem"
    assert usual_terms(5.0, {"REQUESTS_CA_BUNDLE": "/two.pem"}).trust == "/two.pem"
    assert usual_terms(5.0, {"AWS_CA_BUNDLE": ""}).trust is None
    trusted = usual_terms(5.0, {}).trust
    assert trusted
    assert Path(trusted).exists()


def test_an_object_is_pinned_with_the_keys_of_the_environment() -> None:
    with OddS3(HEAD) as server:
        objects = make_objects("eu-central-1", server.endpoint_url)
        assert objects.describe(SOURCE).etag == '"abc"'
        [seen] = server.seen
    assert "Credential=KEY/" in seen.headers["authorization"]
    assert seen.headers["user-agent"] == s3_plain.AGENT


def test_a_bucket_elsewhere_is_followed_by_boto3() -> None:
    elsewhere = Answer(status=301, headers={"x-amz-bucket-region": "eu-west-1"})
    with OddS3(elsewhere, elsewhere, HEAD) as server:
        objects = make_objects("eu-central-1", server.endpoint_url)
        assert objects.describe(SOURCE).etag == '"abc"'
        assert objects.describe(SOURCE).etag == '"abc"'
        regions = [seen.headers["authorization"].split("/")[2] for seen in server.seen]
    assert regions == ["eu-central-1", "eu-central-1", "eu-west-1", "eu-west-1"]


def test_a_refusal_is_explained_by_boto3() -> None:
    with OddS3(Answer(status=403), refusal(403, "SignatureDoesNotMatch")) as server:
        with pytest.raises(Permanent) as raised:
            make_objects("eu-central-1", server.endpoint_url).describe(SOURCE)
        assert [seen.method for seen in server.seen] == ["HEAD", "GET"]
    assert raised.value.code is Code.SESSION_REFUSED


def test_settings_that_boto3_must_judge_are_judged_at_once() -> None:
    for wrong in ({"profile": "nobody-wrote-it"}, {"endpoint_url": "not an address"}):
        with pytest.raises(Permanent) as raised:
            make_objects("eu-central-1", **wrong)  # type: ignore[arg-type]
        assert raised.value.code is Code.CONFIG_INVALID
