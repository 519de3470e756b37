"""What each role may do: every call of a table is tried by every role, on an AWS that judges.

The embedded AWS judges actions, resources and session policies. What only AWS knows (that a key is
used through a service, which function's code calls, from which sender a mail is) is compared by its
words, or asked of the simulator (test_deploy.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from adapters.aws.scope import Scope, policy
from cloud import policies
from cloud.functions import FUNCTIONS
from cloud.template import STACK
from config.audit import AuditSettings
from config.settings import Settings
from tests.cloud.site import NOTICES, READER, TOPIC, Site, by_sessions, settings

FUNCTION_ROLES = frozenset(each.name for each in FUNCTIONS)
READERS = frozenset({"DownloadS3", "TransferFTP", "ChunkedTransfer"})
CALLERS = frozenset({"TransferFTP", "ChunkedTransfer", "UpdateServiceNow", "Cleanup"})
TELLER = frozenset({"NotifyUser"})
MACHINE, HOST = frozenset({"Transfers"}), frozenset({"host"})
STARTERS = MACHINE | HOST
"""The machine starts an execution of its own for each shard."""
NOBODY: frozenset[str] = frozenset()
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "AuthorizationError"})
KEY = {"pk": {"S": "none"}, "sk": {"S": "none"}}
TABLE = {"TableName": "fileferry", "Key": KEY}
OTHER = {"TableName": "others", "Key": KEY}
LOG = {"logGroupName": "/aws/lambda/FileFerry-Cleanup", "logStreamName": "tried"}
ACCOUNT = "000000000000"
QUEUE = f"http://127.0.0.1/{ACCOUNT}/FileFerry-Hints"
MACHINE_ARN = f"arn:aws:states:eu-central-1:{ACCOUNT}:stateMachine:FileFerry-Transfers"
ENDED = f"arn:aws:states:eu-central-1:{ACCOUNT}:execution:FileFerry-Transfers:none"
SHARD = ENDED.replace(":none", "/Shards:none")
ROLE = {"RoleName": "tried", "AssumeRolePolicyDocument": "{}"}

HOSTS_ROLE = f"arn:aws:iam::{ACCOUNT}:role/host"
TAKEN = {"RoleArn": READER, "RoleSessionName": "fileferry-tried", "SourceIdentity": "RITM0010001"}
UNNAMED = {"RoleArn": READER, "RoleSessionName": "fileferry-tried"}
NARROWED = {"Policy": policy(Scope("exports", "payroll/1.csv"), "aws"), "DurationSeconds": 900}
OPENERS = READERS | {"AuthSSO"}

Call = tuple[str, dict[str, Any], frozenset[str]]
CALLS: tuple[Call, ...] = (
    ("dynamodb get_item", TABLE, FUNCTION_ROLES | HOST),
    ("dynamodb get_item", OTHER, NOBODY),
    ("dynamodb scan", {"TableName": "fileferry"}, NOBODY),
    ("dynamodb delete_table", {"TableName": "others"}, NOBODY),
    ("secretsmanager get_secret_value", {"SecretId": "fileferry/servicenow"}, FUNCTION_ROLES),
    ("secretsmanager get_secret_value", {"SecretId": "fileferry/bank-key"}, CALLERS),
    ("secretsmanager get_secret_value", {"SecretId": "fileferry/bank-key-of-others"}, NOBODY),
    ("secretsmanager get_secret_value", {"SecretId": "others/bank-key"}, NOBODY),
    ("secretsmanager delete_secret", {"SecretId": "fileferry/servicenow"}, NOBODY),
    ("s3 get_object", {"Bucket": "exports", "Key": "payroll/1.csv"}, READERS),
    ("s3 get_object", {"Bucket": "exports", "Key": "board/1.csv"}, NOBODY),
    ("s3 list_objects_v2", {"Bucket": "exports"}, READERS),
    ("s3 list_objects_v2", {"Bucket": "artefacts"}, NOBODY),
    ("s3 put_object", {"Bucket": "exports", "Key": "payroll/2.csv", "Body": b""}, NOBODY),
    ("s3 delete_object", {"Bucket": "exports", "Key": "payroll/1.csv"}, NOBODY),
    ("lambda invoke", {"FunctionName": "FileFerry-Cleanup"}, MACHINE),
    ("lambda get_function_configuration", {"FunctionName": "FileFerry-Cleanup"}, NOBODY),
    ("stepfunctions start_execution", {"stateMachineArn": MACHINE_ARN, "name": "tried"}, STARTERS),
    ("stepfunctions describe_execution", {"executionArn": ENDED}, STARTERS),
    ("stepfunctions stop_execution", {"executionArn": ENDED}, STARTERS),
    ("stepfunctions stop_execution", {"executionArn": SHARD}, MACHINE),
    ("stepfunctions redrive_execution", {"executionArn": SHARD}, MACHINE),
    ("sqs send_message", {"QueueUrl": QUEUE, "MessageBody": "{}"}, HOST),
    ("sqs receive_message", {"QueueUrl": QUEUE}, HOST),
    ("sqs purge_queue", {"QueueUrl": QUEUE}, NOBODY),
    ("logs create_log_stream", LOG, frozenset({"Cleanup"})),
    ("sns publish", {"TopicArn": TOPIC, "Message": "-"}, TELLER),
    ("sns publish", {"TopicArn": f"{TOPIC[:-7]}others", "Message": "-"}, NOBODY),
    ("secretsmanager get_secret_value", {"SecretId": "fileferry/hook"}, TELLER),
    ("iam create_role", ROLE, NOBODY),
    ("cloudformation delete_stack", {"StackName": STACK}, NOBODY),
)

PAY, BOARD = ({"Bucket": "exports", "Key": f"{folder}/1.csv"} for folder in ("payroll", "board"))
ROLES = FUNCTION_ROLES | MACHINE | HOST
BY_SESSIONS: tuple[Call, ...] = (
    ("s3 get_object", PAY, NOBODY),
    ("s3 list_objects_v2", {"Bucket": "exports"}, NOBODY),
    ("sts assume_role", TAKEN, OPENERS | HOST),
    ("sts assume_role", UNNAMED, NOBODY),
    ("sts get_scoped_credentials", NARROWED, NOBODY),
)
ITSELF = frozenset({"reader"})
OF_THE_READER: tuple[Call, ...] = (
    ("s3 get_object", PAY, ITSELF),
    ("s3 get_object", BOARD, NOBODY),
    ("s3 list_objects_v2", {"Bucket": "exports"}, ITSELF),
    ("s3 put_object", {**PAY, "Body": b""}, NOBODY),
    ("sts assume_role", TAKEN, NOBODY),
    ("sts get_scoped_credentials", NARROWED, ITSELF),
)
OF_ONE_SESSION: tuple[Call, ...] = (
    ("s3 get_object", PAY, frozenset({"session"})),
    ("s3 get_object", {"Bucket": "exports", "Key": "payroll/2.csv"}, NOBODY),
    ("s3 list_objects_v2", {"Bucket": "exports"}, NOBODY),
    ("sts get_scoped_credentials", NARROWED, NOBODY),
    ("sts assume_role", TAKEN, NOBODY),
)


@dataclass
class Trial:
    """Sessions of all roles of the stack, which trust this test from now on."""

    site: Site
    configured: Settings | None = None
    session: Any = field(default_factory=boto3.session.Session)
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)

    def begin(self) -> None:
        site = self.site
        configured = self.configured or site.settings
        site.deploy(configured=configured.model_copy(update={"notices": NOTICES}))
        site.client("sns").create_topic(Name="endings")
        site.client("sns").create_topic(Name="others")
        place = {"LocationConstraint": site.aws.region}
        site.client("s3").create_bucket(Bucket="exports", CreateBucketConfiguration=place)
        for key in ("payroll/1.csv", "board/1.csv"):
            site.client("s3").put_object(Bucket="exports", Key=key, Body=b"1")
        for name in ("servicenow", "bank-key", "bank-key-of-others", "hook"):
            site.client("secretsmanager").create_secret(Name=f"fileferry/{name}", SecretString="-")
        site.client("secretsmanager").create_secret(Name="others/bank-key", SecretString="-")
        found = site.client("cloudformation").describe_stack_resources(StackName=STACK)
        stands = {one["LogicalResourceId"]: one for one in found["StackResources"]}
        for logical, one in stands.items():
            if one["ResourceType"] == "AWS::IAM::Role" and logical != "ReaderRole":
                self._take(logical.removesuffix("Role"), one["PhysicalResourceId"])
        iam = site.client("iam")
        iam.create_role(RoleName="host", AssumeRolePolicyDocument=json.dumps(self._trust()))
        policy = stands["ServicePolicy"]["PhysicalResourceId"]
        iam.attach_role_policy(RoleName="host", PolicyArn=policy)
        self._take("host", "host")

    def read_by(self, role: str) -> None:
        """A session of the reader as that role opens it."""
        self._denied_or_kept(role, "sts assume_role", TAKEN, "reader")

    def narrow(self, scope: Scope) -> None:
        """Of the reader's session, what reads that alone."""
        asked = {"Policy": policy(scope, "aws"), "DurationSeconds": 900}
        self._denied_or_kept("reader", "sts get_scoped_credentials", asked, "session")

    def _denied_or_kept(self, role: str, what: str, asked: dict[str, Any], name: str) -> None:
        assert not self.denied(role, what, asked)
        self._keep(name, self.said["Credentials"])

    def _trust(self) -> dict[str, Any]:
        root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        return policies.policy([{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}])

    def _take(self, name: str, role: str) -> None:
        iam, trust = self.site.client("iam"), json.dumps(self._trust())
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
        given = self.site.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="tried"
        )["Credentials"]
        self._keep(name, given)

    def _keep(self, name: str, given: dict[str, str]) -> None:
        self.keys[name] = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def denied(self, role: str, what: str, arguments: dict[str, Any]) -> bool:
        service, _, method = what.partition(" ")
        if (role, service) not in self.clients:
            self.clients[role, service] = self.session.client(
                service,
                endpoint_url=self.site.aws.endpoint_url,
                region_name=self.site.aws.region,
                config=Config(retries={"total_max_attempts": 1}),
                **self.keys[role],
            )
        try:
            self.said = getattr(self.clients[role, service], method)(**arguments)
        except ClientError as error:
            return str(error.response["Error"]["Code"]) in DENIED
        return False


@pytest.fixture
def trial(site: Site) -> Trial:
    made = Trial(site)
    made.begin()
    return made


def wrong(trial: Trial, calls: Iterable[Call], roles: Iterable[str]) -> list[str]:
    """Where the table is not kept."""
    return [
        f"{role} {'may' if role in allowed else 'may not'} {what} {arguments}"
        for what, arguments, allowed in calls
        for role in sorted(roles)
        if trial.denied(role, what, arguments) is (role in allowed)
    ]


def test_each_role_may_do_what_the_table_says_and_nothing_else(trial: Trial) -> None:
    assert set(trial.keys) == ROLES
    assert wrong(trial, CALLS, ROLES) == []


def test_with_sessions_the_reader_reads_alone_and_trusts_who_opens_them(site: Site) -> None:
    trial = Trial(site, by_sessions(site.settings, hosts=[HOSTS_ROLE]))
    trial.begin()
    back = {each.resource: each.action for each in site.parts().deployment.plan(site.order())}
    assert back["ReaderRole"] == "Remove"
    assert {back[f"{name}Role"] for name in OPENERS} == {"Modify"}
    unread = [call for call in CALLS if call[2] != READERS]
    assert wrong(trial, [*unread, *BY_SESSIONS], ROLES) == []
    trial.read_by("DownloadS3")
    others = [(what, asked, NOBODY) for what, asked, _ in CALLS if not what.startswith("s3")]
    assert wrong(trial, [*others, *OF_THE_READER], {"reader"}) == []
    trial.narrow(Scope("exports", "payroll/1.csv"))
    assert wrong(trial, OF_ONE_SESSION, {"session"}) == []


def statements(configured: Settings | None = None, **deploy: Any) -> Iterator[dict[str, Any]]:
    configured = configured or settings(**deploy)
    documents = [policies.of_function(each, configured) for each in FUNCTIONS]
    documents += [policies.of_all_functions(), policies.of_machine()]
    documents += [policies.of_service(configured)]
    for document in documents:
        for each in document["Statement"]:
            yield each["Fn::If"][1] if "Fn::If" in each else each


def test_no_action_is_a_star_and_no_resource_but_for_networks_and_narrowing() -> None:
    sessions = by_sessions(settings())
    of_reader = policies.of_reader(sessions)["Statement"]
    narrowing = [each for each in of_reader if each["Resource"] == ["*"]]
    assert [each["Action"] for each in narrowing] == [["sts:GetScopedCredentials"]]
    for each in (*statements(), *statements(sessions)):
        actions, resources = each["Action"], each["Resource"]
        assert not [action for action in actions if "*" in action]
        if "*" in resources:
            assert all(action.startswith("ec2:") for action in actions)


def test_a_key_is_used_through_services_of_this_region_only() -> None:
    key = "arn:aws:kms:eu-central-1:000000000000:key/1"
    used = [each for each in statements(object_keys=[key]) if "kms:Decrypt" in each["Action"]]
    assert len(used) == len(READERS) + 2
    for each in used:
        services = each["Condition"]["StringEquals"]["kms:ViaService"]
        assert all("AWS::Region" in service["Fn::Sub"] for service in services)


def test_the_code_of_a_function_may_not_make_network_interfaces() -> None:
    denied = [each for each in statements() if each["Effect"] == "Deny"]
    assert len(denied) == 1
    assert "lambda:SourceFunctionArn" in denied[0]["Condition"]["ArnEquals"]
    assert denied[0]["Action"] == [f"ec2:{each}" for each in policies.NETWORK]


@pytest.mark.parametrize("service", ["lambda", "states"])
def test_every_trust_is_for_this_account_only(service: str) -> None:
    (only,) = policies.trust(service)["Statement"]
    assert only["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert only["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_a_sign_of_policies_in_a_prefix_stands_for_itself() -> None:
    configured = settings()
    grant = configured.grants[0].model_copy(update={"sources": ["s3://exports/a*b/$x/"]})
    changed = configured.model_copy(update={"grants": [grant]})
    reader = next(each for each in FUNCTIONS if each.name == "DownloadS3")
    found = json.dumps(policies.of_function(reader, changed))
    assert ":s3:::exports/a${!*}b/${!$}x/*" in found


def test_only_who_reports_may_sign() -> None:
    key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/audit"
    for part, words in (
        (AuditSettings(kms_key=key), f'"kms:Sign"], "Resource": ["{key}"]'),
        (AuditSettings(key="audit-key"), "secret:fileferry/audit-key-??????"),
    ):
        changed = settings().model_copy(update={"audit": part})
        may = {each.name: json.dumps(policies.of_function(each, changed)) for each in FUNCTIONS}
        assert [name for name, told in may.items() if words in told] == ["UpdateServiceNow"]
        assert sum("kms:" in told for told in may.values()) == ("kms:" in words)


def test_only_who_tells_people_may_publish_and_send_as_the_configured_ones() -> None:
    changed = settings().model_copy(update={"notices": NOTICES})
    may = {each.name: json.dumps(policies.of_function(each, changed)) for each in FUNCTIONS}
    for words in (TOPIC, "secret:fileferry/hook-??????", "identity/a@b.example", "ses:SendEmail"):
        assert [name for name, found in may.items() if words in found] == ["NotifyUser"]
