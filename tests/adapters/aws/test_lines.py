"""An address that a variable or a profile names is judged as one of the configuration is."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.aws import sessions, sqs
from adapters.ledger.dynamo import books as dynamodb
from adapters.s3 import store as s3
from transfer.errors import Code, Permanent

MAKERS = {
    "S3": s3.make_client,
    "STS": sessions.make_client,
    "SQS": sqs.make_client,
    "DYNAMODB": dynamodb.make_client,
}


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.mark.parametrize("service", MAKERS)
def test_an_open_line_of_a_variable_is_refused(
    monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://store.lan")
    with pytest.raises(
        Permanent, match=r"http://store\.lan .* must begin with https://"
    ) as refused:
        MAKERS[service]("eu-central-1")
    assert refused.value.code is Code.CONFIG_INVALID
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "https://store.lan")
    assert MAKERS[service]("eu-central-1").meta.endpoint_url == "https://store.lan"


def test_an_open_line_of_a_profile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://store.lan\n")
    with pytest.raises(Permanent, match="must begin with https://"):
        s3.make_objects("eu-central-1")
