"""Secrets from Secrets Manager: read once in a while, and never said."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.aws.secrets import Vault, make_client
from config.secrets import Secrets
from sandbox.boto import make_client as plain_client
from tests.servers.embedded_aws import EmbeddedAws
from transfer.errors import Code, FerryError, Permanent, Transient

CANARY = "c4n4ry-in-a-cage"


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as server:
        vault = server.client("secretsmanager")
        vault.create_secret(Name="fileferry/partner", SecretString=f"{CANARY}\n")
        vault.create_secret(Name="fileferry/bytes", SecretBinary=b"\0")
        yield server


def refusal(vault: Vault, name: str) -> FerryError:
    with pytest.raises(FerryError) as refused:
        vault(name)
    assert refused.value.code is Code.SECRET_MISSING
    assert CANARY not in "".join(traceback.format_exception(refused.value))
    return refused.value


def test_a_secret_is_read_again_after_a_while_and_as_it_was_meant(aws: EmbeddedAws) -> None:
    now = [0.0]
    client = aws.client("secretsmanager")
    vault = Vault(client, "fileferry/", 300.0, lambda: now[0])
    secrets = Secrets({}, vault=vault)
    assert secrets("partner") == CANARY
    client.put_secret_value(SecretId="fileferry/partner", SecretString="another")
    now[0] = 299.0
    assert secrets("partner") == CANARY
    now[0] = 301.0
    assert secrets("partner") == "another"
    assert CANARY not in repr(vault)


@pytest.mark.parametrize(("name", "words"), [("nobody", "is not there"), ("bytes", "has no text")])
def test_what_is_not_there_is_named_by_its_place(aws: EmbeddedAws, name: str, words: str) -> None:
    error = refusal(Vault(aws.client("secretsmanager"), "fileferry/", 300.0), name)
    assert isinstance(error, Permanent)
    assert f"fileferry/{name} {words}" in error.message


def test_a_role_without_the_right_is_told_so(aws: EmbeddedAws) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="clerk")
    made = iam.create_access_key(UserName="clerk")["AccessKey"]
    keys = {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}
    error = refusal(Vault(aws.client("secretsmanager", **keys), "fileferry/", 300.0), "partner")
    assert isinstance(error, Permanent)
    assert "may not be read" in error.message


def test_silence_may_pass() -> None:
    closed: Any = {"endpoint_url": "http://127.0.0.1:9", "region": "eu-central-1"}
    client = plain_client("secretsmanager", closed | {"access_key": "K", "secret_key": "s"})
    assert isinstance(refusal(Vault(client, "fileferry/", 300.0), "partner"), Transient)


def test_a_line_that_others_can_hear_is_refused() -> None:
    with pytest.raises(Permanent, match="address") as refused:
        make_client("eu-central-1", "http://vault.lan")
    assert refused.value.code is Code.CONFIG_INVALID
