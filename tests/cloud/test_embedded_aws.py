"""The AWS of these tests keeps what AWS promises, as far as the other tests here lean on it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.servers.embedded_aws import EmbeddedAws

FUNCTION = """
import importlib.util, os, signal

class Refused(Exception):
    pass

def handler(event, context):
    if event == "raise":
        raise Refused("not today")
    if event == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    names = ("botocore", "dateutil", "ministack")
    return {"seen": [name for name in names if importlib.util.find_spec(name)],
            "left": context.get_remaining_time_in_millis(),
            "key": os.environ["AWS_ACCESS_KEY_ID"]}
"""
ROLE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as server:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as file:
            file.writestr("given.py", FUNCTION)
        role = server.client("iam").create_role(
            RoleName="given", AssumeRolePolicyDocument=json.dumps(ROLE)
        )
        server.client("lambda").create_function(
            FunctionName="given",
            Runtime="python3.11",
            Handler="given.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": code.getvalue()},
            Timeout=20,
        )
        yield server


def call(aws: EmbeddedAws, event: str) -> Any:
    answer = aws.client("lambda").invoke(FunctionName="given", Payload=json.dumps(event))
    return json.load(answer["Payload"])


def test_a_function_sees_its_zip_and_its_clock_and_bears_its_role(aws: EmbeddedAws) -> None:
    told = call(aws, "look")
    assert told["seen"] == []
    assert 0 < told["left"] <= 20_000
    assert told["key"].startswith("ASIA")


def test_an_error_bears_its_own_name_and_a_death_that_of_aws(aws: EmbeddedAws) -> None:
    assert call(aws, "raise")["errorType"] == "Refused"
    assert call(aws, "die")["errorType"] == "Runtime.ExitError"
    assert call(aws, "look")["seen"] == []


def test_a_wrong_signature_and_what_no_policy_allows_are_refused(aws: EmbeddedAws) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="clerk")
    made = iam.create_access_key(UserName="clerk")["AccessKey"]
    keys = {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}
    refused = [refusal(aws, keys | wrong) for wrong in ({}, {"secret_key": "wrong"})]
    assert refused == ["AccessDeniedException", "InvalidSignatureException"]


def refusal(aws: EmbeddedAws, keys: dict[str, str]) -> str:
    with pytest.raises(ClientError) as refused:
        aws.client("dynamodb", **keys).list_tables()
    return str(refused.value.response["Error"]["Code"])
