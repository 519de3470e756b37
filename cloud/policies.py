"""What each role may do: one role a function, and no word more than its step asks for.

No action and no resource is `*`, but for those that AWS cannot narrow, which say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import transfer.steps as do
from adapters.ledger.dynamo.definition import SERVICE
from cloud.functions import FUNCTIONS, MACHINE, Function
from cloud.state_machine import SHARDS
from config.secrets import names_of_audit, names_of_destinations, names_of_login, names_of_notices
from config.settings import Settings

Statement = dict[str, Any]

READERS = (do.download_s3, do.transfer_ftp, do.chunked_transfer)
"""Steps that read objects."""
OPENERS = (do.auth_sso, *READERS)
"""Steps that open sessions, where a role of its own reads."""
CALLERS = (do.transfer_ftp, do.chunked_transfer, do.update_servicenow, do.cleanup)
"""Steps that may have to speak to a partner's server: the last two look for what was left there."""
NOTHING = {"Ref": "AWS::NoValue"}
TAKES = ["sts:AssumeRole", "sts:SetSourceIdentity"]
NETWORK = (
    *("AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface"),
    *("DescribeNetworkInterfaces", "DescribeSubnets", "UnassignPrivateIpAddresses"),
)
"""What Lambda does by a function's role to put it into subnets; AWS cannot narrow it."""


def of_function(function: Function, settings: Settings) -> dict[str, Any]:
    return policy(_of_function(function, settings))


def policy(statements: Iterable[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _of_function(function: Function, settings: Settings) -> Iterator[Statement]:
    log = f"logs:{HERE}:log-group:/aws/lambda/{function.full_name}"
    yield _allow("logs:CreateLogStream logs:PutLogEvents", arn(log), arn(f"{log}:*"))
    yield _allow("secretsmanager:GetSecretValue", *_secrets(function, settings))
    if reads_by_role(settings):
        if function.step in OPENERS:
            yield _taking(settings)
    elif function.step in READERS:
        yield from _objects(settings)
    if function.step is do.notify_user:
        yield from _notices(settings)
    if function.step is do.update_servicenow and settings.audit.kms_key:
        yield _allow("kms:GetPublicKey kms:Sign", settings.audit.kms_key)


def reads_by_role(settings: Settings) -> bool:
    """Sessions read; whoever opens them has no right on an object of his own."""
    return settings.aws.sessions != "process"


def of_reader(settings: Settings) -> dict[str, Any]:
    """What the role of the sessions may read: the most that any session of it can be."""
    narrows = [_allow("sts:GetScopedCredentials", "*")] if settings.aws.sessions == "scoped" else []
    return policy([*_objects(settings), *narrows])


def trust_in_openers() -> dict[str, Any]:
    """The functions that open sessions and the hosts' roles, each under a request's number."""
    functions = [att(f"{each.name}Role") for each in FUNCTIONS if each.step in OPENERS]
    return policy([_trusted(functions), when("HasHosts", _trusted(ref("Hosts")))])


def _trusted(principals: Any) -> Statement:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principals},
        "Action": TAKES,
        "Condition": {"StringLike": {"sts:SourceIdentity": "?*"}},
    }


def _taking(settings: Settings) -> Statement:
    """By its name: by reference it and the roles that it trusts would wait for each other."""
    return _allow(" ".join(TAKES), reader(settings))


def reader(settings: Settings) -> Any:
    """The ARN of the role of the sessions, in the account that the template is for."""
    whole = settings.aws.role_arn or ""
    if not settings.cloud.deploy.make_reader:
        return whole
    return arn(f"iam::${{AWS::AccountId}}:role${{RolePath}}{whole.rpartition('/')[2]}")


def of_all_functions() -> dict[str, Any]:
    """What each of them needs alike."""
    return policy([*_ledger(), *_own_key(), *_network()])


def _ledger() -> Iterator[Statement]:
    yield _allow(" ".join(f"dynamodb:{action}" for action in SERVICE), att("Ledger"))
    yield _allow("dynamodb:Query", sub("${Ledger.Arn}/index/*"))


def _secrets(function: Function, settings: Settings) -> Iterator[Any]:
    """Those of ServiceNow for all, and of partners for those who call them."""
    names = set(names_of_login(settings))
    if function.step in CALLERS:
        names |= set(names_of_destinations(settings))
    if function.step is do.notify_user:
        names |= set(names_of_notices(settings))
    if function.step is do.update_servicenow:
        names |= set(names_of_audit(settings))
    for name in sorted(names):
        # AWS adds a dash and six characters to a name; a bare * would cover longer names as well.
        yield arn(f"secretsmanager:{HERE}:secret:{settings.cloud.secrets}{name}-??????")


def _objects(settings: Settings) -> Iterator[Statement]:
    """What the grants name. Without ListBucket a missing object is told from a forbidden one by
    nobody, and a pattern finds nothing.
    """
    prefixes = _prefixes(settings)
    yield _allow(
        "s3:GetObject s3:GetObjectVersion", *(arn(f"s3:::{_plain(each)}*") for each in prefixes)
    )
    buckets = sorted({each.partition("/")[0] for each in prefixes})
    yield _allow("s3:ListBucket", *(arn(f"s3:::{bucket}") for bucket in buckets))
    keys = settings.cloud.deploy.object_keys
    if keys:
        yield {
            **_allow("kms:Decrypt", *keys),
            "Condition": _through("s3"),
        }


def _notices(settings: Settings) -> Iterator[Statement]:
    """To publish to the topics, and to send as the senders: by their address or its domain."""
    ways = settings.notices.values()
    if topics := sorted({each.topic for each in ways if each.topic}):
        yield _allow("sns:Publish", *topics)
    for each in ways:
        if each.kind == "ses" and each.sender:
            place = f"ses:{each.region or settings.aws.region}:${{AWS::AccountId}}:identity"
            domain = each.sender.rpartition("@")[2]
            senders = [_plain(each.sender), domain]
            yield _allow("ses:SendEmail", *(arn(f"{place}/{one}") for one in senders))


def _prefixes(settings: Settings) -> list[str]:
    """`bucket/prefix` of all grants, without those that another one covers."""
    named = {each.removeprefix("s3://") for grant in settings.grants for each in grant.sources}
    covers = {
        each for each in named if not any(each != one and each.startswith(one) for one in named)
    }
    return sorted(covers)


def _plain(text: str) -> str:
    """As it is, in an ARN of a policy, where *, ? and $ say something else."""
    return "".join(f"${{!{sign}}}" if sign in "*?$" else sign for sign in text)


def _own_key() -> Iterator[Statement]:
    may = _allow("kms:Decrypt kms:GenerateDataKey", ref("KmsKey"))
    yield when("HasKey", {**may, "Condition": _through("dynamodb", "secretsmanager")})


def _network() -> Iterator[Statement]:
    actions = " ".join(f"ec2:{action}" for action in NETWORK)
    yield when("HasNetwork", _allow(actions, "*"))
    # Lambda itself needs these rights; the code that runs in the function does not.
    own = [arn(f"lambda:{HERE}:function:{each.full_name}") for each in FUNCTIONS]
    denied = {**_allow(actions, "*"), "Effect": "Deny"}
    yield when(
        "HasNetwork", {**denied, "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": own}}}
    )


def of_machine() -> dict[str, Any]:
    """By name, for the machine needs its role before it stands itself."""
    return policy(
        [
            _allow("lambda:InvokeFunction", *(att(f"{one.name}Function") for one in FUNCTIONS)),
            _allow("states:StartExecution", arn(f"states:{HERE}:stateMachine:{MACHINE}")),
            _allow(
                "states:DescribeExecution states:RedriveExecution states:StopExecution",
                arn(f"states:{HERE}:execution:{MACHINE}:*"),
                arn(f"states:{HERE}:execution:{MACHINE}/{SHARDS}:*"),
            ),
        ]
    )


def of_service(settings: Settings) -> dict[str, Any]:
    """What the service on a host needs on what stands here; attach it to that host's role."""
    executions = sub(
        "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${Transfers.Name}:*"
    )
    queue = "ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage SendMessage"
    return policy(
        [
            *_ledger(),
            _allow("states:StartExecution", ref("Transfers")),
            _allow("states:DescribeExecution states:StopExecution", executions),
            _allow(" ".join(f"sqs:{each}" for each in queue.split()), att("Hints")),
            _allow("sqs:SendMessage", att("HintsDead")),
            *([_taking(settings)] if reads_by_role(settings) else []),
            when(
                "HasKey",
                {
                    **_allow("kms:Decrypt kms:GenerateDataKey", ref("KmsKey")),
                    "Condition": _through("dynamodb", "sqs"),
                },
            ),
        ]
    )


def trust(service: str, source: Any = None) -> dict[str, Any]:
    """Who may take the role on: a service of AWS, for this account only, and for `source`."""
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}
    if source is not None:
        condition["ArnEquals"] = {"aws:SourceArn": source}
    return policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }
        ]
    )


def of_queue(queue: str, rule: str, *, clear: bool) -> dict[str, Any]:
    """EventBridge may send for that rule alone, and nobody may in `clear`, but to a stand-in."""
    send = {
        **_allow("sqs:SendMessage", att(queue)),
        "Principal": {"Service": "events.amazonaws.com"},
        "Condition": {
            "ArnEquals": {"aws:SourceArn": att(rule)},
            "StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")},
        },
    }
    never = {
        **_allow("sqs:*", att(queue)),
        "Effect": "Deny",
        "Principal": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return policy([send] if clear else [send, never])


def _allow(actions: str, *resources: Any) -> Statement:
    return {"Effect": "Allow", "Action": actions.split(), "Resource": list(resources)}


def _through(*services: str) -> dict[str, Any]:
    """A key is used by these services of this region alone, never by whoever holds the role."""
    names = [sub(f"{each}.${{AWS::Region}}.${{AWS::URLSuffix}}") for each in services]
    return {"StringEquals": {"kms:ViaService": names}}


HERE = "${AWS::Region}:${AWS::AccountId}"


def arn(rest: str) -> Any:
    return sub("arn:${AWS::Partition}:" + rest)


def sub(text: str) -> Any:
    return {"Fn::Sub": text}


def ref(name: str) -> Any:
    return {"Ref": name}


def att(name: str, attribute: str = "Arn") -> Any:
    return {"Fn::GetAtt": [name, attribute]}


def when(condition: str, value: Any, otherwise: Any = NOTHING) -> Any:
    return {"Fn::If": [condition, value, otherwise]}
