"""All that stands in AWS, as one template of CloudFormation.

What is made follows from the configuration; what a bank's rules decide (boundary, path, key,
network) are parameters too, so that an exported template can be taken elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.ledger.dynamo import definition as books
from cloud import policies, watching
from cloud.functions import FUNCTIONS, MACHINE, Function
from cloud.policies import HERE, NOTHING, arn, att, ref, when
from cloud.state_machine import definition
from config.settings import Settings
from transfer.errors import Code, Permanent

STACK = "FileFerry"
LARGEST = 1_000_000
"""Bytes of a template in S3 (CloudFormation quotas, 1 MB)."""
RECEIVES = 5
KEPT = 14 * 86_400
"""Seconds: the longest that SQS keeps a message."""
LISTS = frozenset({"Subnets", "SecurityGroups", "Hosts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Zip:
    """Where the functions' zip is, and what it runs on."""

    bucket: str
    key: str
    runtime: str
    architecture: str


def template(settings: Settings, code: Zip) -> dict[str, Any]:
    """Raises Permanent `config.invalid` where the configuration makes none that AWS takes."""
    made: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "FileFerry: approved file transfers, carried by Step Functions.",
        "Parameters": _parameters(settings, code),
        "Conditions": {
            "HasBoundary": _given("PermissionsBoundary"),
            "HasHosts": _given("Hosts"),
            "HasKey": _given("KmsKey"),
            "HasNetwork": _given("Subnets"),
            "HasTopic": _given("AlarmTopic"),
        },
        "Resources": dict(_resources(settings)),
        "Outputs": {
            "StateMachine": {"Value": ref("Transfers")},
            "Queue": {"Value": ref("Hints")},
            "Table": {"Value": ref("Ledger")},
            "ServicePolicy": {"Value": ref("ServicePolicy")},
        },
    }
    if not _makes_reader(settings):
        # What nothing uses cfn-lint takes for a mistake, and so would a reader.
        del made["Parameters"]["Hosts"], made["Conditions"]["HasHosts"]
    if len(as_text(made).encode()) > LARGEST:
        raise Permanent(
            Code.CONFIG_INVALID,
            "The grants name so many prefixes that the template is larger than AWS takes "
            f"({LARGEST:,} bytes).",
            action="Grant folders instead of single objects.",
        )
    return made


def as_text(made: Mapping[str, Any]) -> str:
    """As it is sent: without a space that nobody needs."""
    return json.dumps(made, separators=(",", ":"), sort_keys=True)


def parameters(made: Mapping[str, Any]) -> dict[str, str]:
    """All of them by name: what is left out of an update would keep its old value."""
    return {name: str(each["Default"]) for name, each in made["Parameters"].items()}


def capabilities(made: Mapping[str, Any]) -> list[str]:
    """What a person who sends it must own up to: a role with a name of its own asks for more."""
    named = any("RoleName" in each["Properties"] for each in made["Resources"].values())
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"]


def _parameters(settings: Settings, code: Zip) -> dict[str, Any]:
    part = settings.cloud.deploy
    values: dict[str, str | int] = {
        "CodeBucket": code.bucket,
        "CodeKey": code.key,
        "Runtime": code.runtime,
        "Architecture": code.architecture,
        "PermissionsBoundary": part.permissions_boundary or "",
        "RolePath": part.role_path,
        "KmsKey": part.kms_key or "",
        "Subnets": ",".join(part.subnets),
        "SecurityGroups": ",".join(part.security_groups),
        "Hosts": ",".join(part.hosts),
        "AlarmTopic": part.alarm_topic or "",
    }
    lists = {"Type": "CommaDelimitedList"}
    return {
        name: {"Type": "String", "Default": value, **(lists if name in LISTS else {})}
        for name, value in values.items()
    }


def _given(parameter: str) -> Any:
    value = ref(parameter)
    if parameter in LISTS:
        value = {"Fn::Join": ["", value]}
    return {"Fn::Not": [{"Fn::Equals": [value, ""]}]}


def _resources(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Ledger", _ledger(settings.ledger.table)
    for function in FUNCTIONS:
        name = function.name
        yield f"{name}Log", _log(function, settings)
        may = policies.of_function(function, settings)
        yield f"{name}Role", _role(policies.trust("lambda"), may, ref("FunctionsPolicy"))
        yield f"{name}Function", _function(function)
    yield from _machine(settings)
    yield from _queue(settings)
    about = "What each of FileFerry's functions needs alike."
    yield "FunctionsPolicy", _policy(about, policies.of_all_functions())
    about = "What FileFerry's service on a host needs: attach it to that host's role."
    yield "ServicePolicy", _policy(about, policies.of_service(settings))
    if _makes_reader(settings):
        yield "ReaderRole", _reader(settings)
    yield from watching.resources()


def _ledger(table: str) -> dict[str, Any]:
    """Kept whatever becomes of the stack, and taken over where it is there already."""
    keyed = when("HasKey", ref("KmsKey"))
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": table,
            **books.shape(),
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": keyed},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "TimeToLiveSpecification": {"AttributeName": books.EXPIRY, "Enabled": True},
        },
    }


def _log(function: Function, settings: Settings) -> dict[str, Any]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": f"/aws/lambda/{function.full_name}",
            "RetentionInDays": settings.cloud.deploy.log_days,
        },
    }


def _role(trust: dict[str, Any], may: dict[str, Any], *more: Any) -> dict[str, Any]:
    """Its name is CloudFormation's: a name of ours could stand in one region of an account only."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Path": ref("RolePath"),
            "PermissionsBoundary": when("HasBoundary", ref("PermissionsBoundary")),
            "AssumeRolePolicyDocument": trust,
            "Policies": [{"PolicyName": "own", "PolicyDocument": may}],
            "ManagedPolicyArns": list(more),
        },
    }


def _makes_reader(settings: Settings) -> bool:
    return policies.reads_by_role(settings) and settings.cloud.deploy.make_reader


def _reader(settings: Settings) -> dict[str, Any]:
    """The one role whose name is ours: aws.role_arn has told it before anything was made."""
    made = _role(policies.trust_in_openers(), policies.of_reader(settings))
    name = (settings.aws.role_arn or "").rpartition("/")[2]
    return {**made, "Properties": {**made["Properties"], "RoleName": name}}


def _function(function: Function) -> dict[str, Any]:
    name = function.name
    network = {"SubnetIds": ref("Subnets"), "SecurityGroupIds": ref("SecurityGroups")}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": function.full_name,
            "Handler": function.handler,
            "Role": att(f"{name}Role"),
            "Runtime": ref("Runtime"),
            "Architectures": [ref("Architecture")],
            "MemorySize": function.memory,
            "Timeout": function.seconds,
            "Code": {"S3Bucket": ref("CodeBucket"), "S3Key": ref("CodeKey")},
            "LoggingConfig": {"LogGroup": ref(f"{name}Log")},
            "VpcConfig": when("HasNetwork", network),
        },
    }


def _machine(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    source = arn(f"states:{HERE}:stateMachine:{MACHINE}")
    trust = policies.trust("states", source)
    yield "TransfersRole", _role(trust, policies.of_machine())
    yield (
        "Transfers",
        {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": MACHINE,
                "StateMachineType": "STANDARD",
                "RoleArn": att("TransfersRole"),
                "Definition": definition(settings.transfers, lambda each: f"${{{each.name}}}"),
                "DefinitionSubstitutions": {
                    each.name: att(f"{each.name}Function") for each in FUNCTIONS
                },
            },
        },
    )


def _queue(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    dead = {"deadLetterTargetArn": att("HintsDead"), "maxReceiveCount": RECEIVES}
    source = {"redrivePermission": "byQueue", "sourceQueueArns": [arn(f"sqs:{HERE}:{STACK}-Hints")]}
    yield "HintsDead", _one_queue(f"{STACK}-Hints-Dead", {"RedriveAllowPolicy": source})
    yield "Hints", _one_queue(f"{STACK}-Hints", {"RedrivePolicy": dead, "VisibilityTimeout": 120})
    # A stand-in on loopback is spoken to in clear by everybody.
    clear = (settings.cloud.endpoint_url or "").startswith("http://")
    for queue in ("Hints", "HintsDead"):
        yield (
            f"{queue}Policy",
            {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [ref(queue)],
                    "PolicyDocument": policies.of_queue(queue, "Ended", clear=clear),
                },
            },
        )
    yield "Ended", _rule()


def _one_queue(name: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": name,
            "MessageRetentionPeriod": KEPT,
            "SqsManagedSseEnabled": when("HasKey", NOTHING, otherwise=True),
            "KmsMasterKeyId": when("HasKey", ref("KmsKey")),
            **more,
        },
    }


def _rule() -> dict[str, Any]:
    """The end of an execution is a hint as any other: the service looks, and need not ask."""
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": "Tells FileFerry that an execution has ended.",
            "State": "ENABLED",
            "EventPattern": {
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {
                    "stateMachineArn": [ref("Transfers")],
                    "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
                },
            },
            "Targets": [
                {
                    "Id": "hints",
                    "Arn": att("Hints"),
                    "DeadLetterConfig": {"Arn": att("HintsDead")},
                }
            ],
        },
    }


def _policy(about: str, may: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"Description": about, "Path": ref("RolePath"), "PolicyDocument": may},
    }


def as_terraform(made: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """A stack of CloudFormation within Terraform, in its JSON: one template, no second truth."""
    role = settings.cloud.deploy.cloudformation_role
    stack = {
        "name": STACK,
        "capabilities": capabilities(made),
        "parameters": parameters(made),
        "template_body": json.dumps(made, indent=1),
        "tags": TAGS,
        **({"iam_role_arn": role} if role else {}),
    }
    document = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {
            "aws": {
                "region": settings.aws.region,
                "allowed_account_ids": [settings.cloud.deploy.account],
            }
        },
        "resource": {"aws_cloudformation_stack": {"fileferry": stack}},
    }
    told: dict[str, Any] = _untold(document)
    return told


def _untold(value: Any) -> Any:
    """Terraform takes ${ and %{ in any text for its own; doubled they are what they were."""
    if isinstance(value, dict):
        return {name: _untold(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_untold(each) for each in value]
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    return value


TAGS = {"made-by": "fileferry deploy"}
"""By which a stack is known for ours."""
