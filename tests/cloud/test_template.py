"""The template is what CloudFormation takes, and what the configuration asks for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.ledger.dynamo import definition as books
from cloud.functions import FUNCTIONS
from cloud.template import (
    LARGEST,
    Zip,
    as_terraform,
    as_text,
    capabilities,
    parameters,
    template,
)
from tests.cloud.site import READER, by_sessions, settings
from transfer.errors import Code, Permanent

ZIP = Zip(bucket="artefacts", key="fileferry/1.zip", runtime="python3.11", architecture="arm64")
OPENERS = ("AuthSSO", "DownloadS3", "TransferFTP", "ChunkedTransfer")
HOST = "arn:aws:iam::000000000000:role/bastion"
BANK = {
    "permissions_boundary": "arn:aws:iam::000000000000:policy/boundary",
    "role_path": "/fileferry/",
    "kms_key": "arn:aws:kms:eu-central-1:000000000000:key/1",
    "subnets": ["subnet-0a", "subnet-0b"],
    "security_groups": ["sg-0c"],
    "alarm_topic": "arn:aws:sns:eu-central-1:000000000000:alarms",
}


def made(**deploy: Any) -> dict[str, Any]:
    return template(settings(**deploy), ZIP)


def of_sessions(kind: str = "scoped", **deploy: Any) -> dict[str, Any]:
    return template(by_sessions(settings(), kind, **deploy), ZIP)


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = made()["Resources"][name]["Properties"]
    return found


def test_cfn_lint_has_nothing_to_say(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.json" for name in ("usual", "bank", "sessions", "reader-given")]
    # It does not know sts:GetScopedCredentials yet, which is all that `scoped` has beside `role`.
    found = [made(), made(**BANK), of_sessions("role", hosts=[HOST])]
    found.append(of_sessions(make_reader=False))
    for path, each in zip(paths, found, strict=True):
        path.write_text(json.dumps(each))
    said = subprocess.run(
        [
            Path(sys.executable).with_name("cfn-lint"),
            "--regions",
            "eu-central-1",
            "--",
            *map(str, paths),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_the_ledger_is_that_of_the_books_and_is_kept() -> None:
    ledger = made()["Resources"]["Ledger"]
    assert ledger["DeletionPolicy"] == ledger["UpdateReplacePolicy"] == "Retain"
    assert books.shape().items() <= ledger["Properties"].items()
    assert ledger["Properties"]["TableName"] == settings().ledger.table
    assert ledger["Properties"]["TimeToLiveSpecification"]["Enabled"] is True
    assert ledger["Properties"]["SSESpecification"]["SSEType"] == "KMS"


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_a_function_has_its_own_role_log_and_size(function: Any) -> None:
    own = properties(f"{function.name}Function")
    assert own["MemorySize"] == function.memory
    assert own["Timeout"] == function.seconds
    assert own["Role"] == {"Fn::GetAtt": [f"{function.name}Role", "Arn"]}
    assert properties(f"{function.name}Log")["RetentionInDays"] == 400
    assert properties(f"{function.name}Alarm")["Threshold"] == 0


def test_what_the_bank_decides_is_a_parameter() -> None:
    given = parameters(made(**BANK))
    assert given["PermissionsBoundary"] == BANK["permissions_boundary"]
    assert given["RolePath"] == "/fileferry/"
    assert given["Subnets"] == "subnet-0a,subnet-0b"
    assert given["CodeKey"] == ZIP.key
    roles = [one for one in made()["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    assert len(roles) == len(FUNCTIONS) + 1
    for role in roles:
        assert role["Properties"]["Path"] == {"Ref": "RolePath"}
        assert role["Properties"]["PermissionsBoundary"]["Fn::If"][0] == "HasBoundary"


def test_it_is_small_enough_to_be_sent_and_grants_that_make_it_larger_are_refused() -> None:
    assert len(as_text(made(**BANK)).encode()) < LARGEST
    configured = settings()
    many = [f"s3://exports/{number}/{'x' * 200}/" for number in range(2000)]
    grant = configured.grants[0].model_copy(update={"sources": many})
    with pytest.raises(Permanent) as caught:
        template(configured.model_copy(update={"grants": [grant]}), ZIP)
    assert caught.value.code is Code.CONFIG_INVALID


def test_terraform_gets_the_same_template_and_takes_no_word_of_it_for_its_own() -> None:
    told = as_terraform(made(), settings())
    text = json.dumps(told)
    stack = told["resource"]["aws_cloudformation_stack"]["fileferry"]
    assert "${" not in text.replace("$${", "")
    assert json.loads(stack["template_body"].replace("$${", "${")) == made()
    assert stack["parameters"] == parameters(made())
    assert stack["capabilities"] == ["CAPABILITY_IAM"]


def test_the_role_of_the_sessions_is_made_by_the_name_that_the_configuration_has() -> None:
    whole = of_sessions(hosts=[HOST])
    reader = whole["Resources"]["ReaderRole"]["Properties"]
    assert reader["RoleName"] == READER.rpartition("/")[2]
    assert reader["Path"] == {"Ref": "RolePath"}
    assert reader["PermissionsBoundary"]["Fn::If"][0] == "HasBoundary"
    functions, hosts = reader["AssumeRolePolicyDocument"]["Statement"]
    trusted = [each["Fn::GetAtt"][0] for each in functions["Principal"]["AWS"]]
    assert trusted == [f"{name}Role" for name in OPENERS]
    assert hosts["Fn::If"][1]["Principal"] == {"AWS": {"Ref": "Hosts"}}
    assert parameters(whole)["Hosts"] == HOST
    assert capabilities(whole) == ["CAPABILITY_NAMED_IAM"]


def test_without_sessions_or_with_a_role_that_is_there_none_is_made() -> None:
    for whole in (made(), of_sessions(make_reader=False)):
        assert "ReaderRole" not in whole["Resources"]
        assert "Hosts" not in parameters(whole)
        assert capabilities(whole) == ["CAPABILITY_IAM"]


@pytest.mark.parametrize("deploy", [{}, {"make_reader": False}])
def test_with_sessions_no_function_reads_by_itself_and_some_take_the_role(deploy: Any) -> None:
    resources = of_sessions(**deploy)["Resources"]
    may = {
        each.name: json.dumps(resources[f"{each.name}Role"]["Properties"]["Policies"])
        for each in FUNCTIONS
    }
    assert [name for name, told in may.items() if "s3:" in told] == []
    assert [name for name, told in may.items() if "sts:AssumeRole" in told] == list(OPENERS)
    assert "sts:SetSourceIdentity" in json.dumps(resources["ServicePolicy"])
