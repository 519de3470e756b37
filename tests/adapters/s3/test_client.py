"""How the client is made: whose credentials, which address style, which retries and timeouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.aws import sessions
from adapters.s3 import store as s3
from tests.servers.odd_s3 import OddS3, refusal
from tests.servers.seaweedfs import SeaweedFS
from transfer.errors import Code, Permanent
from transfer.model import Source

SOURCE = Source(bucket="exports", key="report.csv")
FOREIGN = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)


@pytest.fixture(autouse=True)
def own_aws_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The credentials file of a bastion, empty; nothing of this host's own."""
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path / "credentials"


def test_a_profile_reads_an_object(seaweedfs: SeaweedFS, own_aws_files: Path) -> None:
    own_aws_files.write_text(
        "[ferry]\naws_access_key_id = READER\naws_secret_access_key = reader-secret\n"
    )
    admin = seaweedfs.client()
    admin.create_bucket(Bucket="profiled")
    admin.put_object(Bucket="profiled", Key="report.csv", Body=b"report")
    source = Source(bucket="profiled", key="report.csv")
    client = s3.make_client("eu-central-1", seaweedfs.endpoint_url, "ferry", 5.0)
    objects = s3.S3Objects(client)
    assert objects.read(source, objects.describe(source), 0, 6) == b"report"


def test_without_credentials_no_session() -> None:
    with OddS3(refusal(403, "AccessDenied")) as server:
        objects = s3.S3Objects(s3.make_client("eu-central-1", server.endpoint_url))
        with pytest.raises(Permanent, match="for want of AWS credentials") as raised:
            objects.describe(SOURCE)
    assert raised.value.code is Code.SESSION_REFUSED
    assert server.seen == []


@pytest.mark.parametrize("make", [s3.make_client, sessions.make_client])
def test_settings_that_make_no_client_are_named(make: type) -> None:
    for wrong in ({"profile": "nobody-wrote-it"}, {"endpoint_url": "not an address"}):
        with pytest.raises(Permanent, match=r"aws settings.*\.$") as raised:
            make("eu-central-1", **wrong)
        assert raised.value.code is Code.CONFIG_INVALID


def test_a_store_of_our_own_is_asked_by_path_and_aws_by_name() -> None:
    near: Any = s3.make_client("eu-central-1", "http://127.0.0.1:9", timeout=7.0).meta
    far: Any = s3.make_client("eu-central-1").meta
    assert near.config.s3 == {"addressing_style": "path"}
    assert far.config.s3 == {"addressing_style": "auto"}
    assert far.endpoint_url.startswith("https://")
    for meta, seconds in ((near, 7.0), (far, 30.0)):
        assert meta.config.signature_version == "s3v4"
        assert meta.config.retries["mode"] == "standard"
        assert (meta.config.connect_timeout, meta.config.read_timeout) == (seconds, seconds)
