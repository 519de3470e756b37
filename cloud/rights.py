"""What each function's role may do and must not, as questions that AWS answers without doing it.

The answers are those of IAM's simulator: it knows roles, boundaries and an organization's policies,
and calls nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import transfer.steps as do
from adapters.aws.control import Identity
from cloud.functions import Function
from cloud.policies import CALLERS, READERS
from config.secrets import (
    names_of_audit,
    names_of_destinations,
    names_of_login,
    names_of_notices,
)
from config.settings import Settings

NOBODYS = "fileferry-verify-nobodys"
"""A name that stands for what is not FileFerry's."""
SUFFIX = "-aBcDeF"
"""As AWS adds one to the name of a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May the role do these `actions` on `resource`, an ARN? It `ought` to, or must not."""

    actions: tuple[str, ...]
    resource: str
    ought: bool


Asked = tuple[str, str, bool]
"""Actions, the ARN without its partition, and whether the role ought to."""


def questions(function: Function, settings: Settings, who: Identity) -> Iterator[Question]:
    """For the role of that function."""
    here = f"{settings.aws.region}:{who.account}"
    for asked in (_of_all, _of_secrets, _of_objects, _of_notices):
        for actions, resource, ought in asked(function, settings, here):
            where = f"arn:{who.partition}:{resource}"
            yield Question(actions=tuple(actions.split()), resource=where, ought=ought)


def _of_all(function: Function, settings: Settings, here: str) -> Iterator[Asked]:
    region, _, account = here.partition(":")
    table = f"dynamodb:{settings.ledger.region or region}:{account}:table"
    yield "dynamodb:GetItem dynamodb:PutItem", f"{table}/{settings.ledger.table}", True
    yield "dynamodb:DeleteTable dynamodb:Scan", f"{table}/{settings.ledger.table}", False
    yield "dynamodb:GetItem", f"{table}/{NOBODYS}", False
    log = f"logs:{here}:log-group:/aws/lambda"
    yield "logs:PutLogEvents", f"{log}/{function.full_name}:log-stream:1", True
    yield "logs:PutLogEvents", f"{log}/{NOBODYS}:log-stream:1", False
    yield "lambda:InvokeFunction", f"lambda:{here}:function:{function.full_name}", False
    yield "iam:PassRole sts:AssumeRole", f"iam::{account}:role/{NOBODYS}", False


def _of_secrets(function: Function, settings: Settings, here: str) -> Iterator[Asked]:
    place = f"secretsmanager:{here}:secret:"
    for name, ought in _secrets(function, settings):
        whole = f"{place}{settings.cloud.secrets}{name}{SUFFIX}"
        yield "secretsmanager:GetSecretValue", whole, ought
        yield "secretsmanager:PutSecretValue", whole, False
    yield "secretsmanager:GetSecretValue", f"{place}{NOBODYS}{SUFFIX}", False


def _of_objects(function: Function, settings: Settings, _here: str) -> Iterator[Asked]:
    for key in _keys(settings):
        yield "s3:GetObject", f"s3:::{key}", function.step in READERS
        yield "s3:PutObject s3:DeleteObject", f"s3:::{key}", False
    yield "s3:GetObject s3:PutObject", f"s3:::{NOBODYS}/1", False


def _of_notices(function: Function, settings: Settings, here: str) -> Iterator[Asked]:
    ought, ways = function.step is do.notify_user, settings.notices.values()
    for topic in sorted({each.topic for each in ways if each.topic}):
        yield "sns:Publish", topic.split(":", 2)[2], ought
    region, _, account = here.partition(":")
    for each in ways:
        if each.kind == "ses" and each.sender:
            place = f"ses:{each.region or region}:{account}:identity"
            yield "ses:SendEmail", f"{place}/{each.sender}", ought
            yield "ses:SendEmail", f"{place}/{NOBODYS}.example", False


def _secrets(function: Function, settings: Settings) -> Iterator[tuple[str, bool]]:
    """The names, and whether this function needs them."""
    login, partners = set(names_of_login(settings)), set(names_of_destinations(settings))
    notices, audit = set(names_of_notices(settings)), set(names_of_audit(settings))
    needed = set(login)
    needed |= partners if function.step in CALLERS else set()
    needed |= notices if function.step is do.notify_user else set()
    needed |= audit if function.step is do.update_servicenow else set()
    for name in sorted(login | partners | notices | audit):
        yield name, name in needed


def _keys(settings: Settings) -> list[str]:
    """A key below each prefix that the grants name."""
    prefixes = {each.removeprefix("s3://") for one in settings.grants for each in one.sources}
    return [f"{each}{NOBODYS}" for each in sorted(prefixes)]


OPERATORS: Sequence[tuple[str, str]] = (
    ("whether a KMS key's own policy lets functions, EventBridge and SQS use it", "one transfer"),
    ("whether functions reach partners and ServiceNow from their subnets", "one transfer"),
    ("whether an alarm reaches somebody", "aws cloudwatch set-alarm-state, on one of them"),
    ("whether the queue of hints hears of an execution's end", "one transfer by the second door"),
)
"""What only a person can find out, and by what."""
