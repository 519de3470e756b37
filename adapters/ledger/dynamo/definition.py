"""What the table is made of, and the rights that are needed on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

VERSION = 2
EXPIRY = "expires"
"""The attribute by which DynamoDB drops garbage: locks of long ago, never a lease."""

INDEXES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "work": ("work", "since", ("stage", "outcome", "received")),
    "received": ("listed", "received", ()),
    "number": ("number", "received", ()),
    "task": ("task_number", "received", ()),
}
"""Partition key, sort key and what is projected beside the keys."""

SERVICE = (
    *("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem"),
    *("PutItem", "Query", "UpdateItem"),
)
"""Of the service and the operator's commands; a transaction needs the rights of its parts."""
LOOKING = (
    *("BatchGetItem", "GetItem", "Query"),
    *("DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive"),
)
MAKING = ("CreateTable", "PutItem", "UpdateContinuousBackups", "UpdateTimeToLive")


def keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def indexes() -> Iterator[dict[str, Any]]:
    for name, (partition, sort, more) in INDEXES.items():
        projection: dict[str, Any] = {"ProjectionType": "KEYS_ONLY"}
        if more:
            projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(more)}
        yield {"IndexName": name, "KeySchema": keys(partition, sort), "Projection": projection}


def shape() -> dict[str, Any]:
    """What CreateTable and CloudFormation call alike."""
    keyed = {name for partition, sort, _ in INDEXES.values() for name in (partition, sort)}
    return {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in sorted(keyed | {"pk", "sk"})
        ],
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": list(indexes()),
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
    }


def creation(table: str) -> dict[str, Any]:
    """The input of CreateTable."""
    return {"TableName": table, **shape(), "SSESpecification": {"Enabled": True, "SSEType": "KMS"}}


def template(table: str) -> str:
    """The table and both policies as a template of CloudFormation."""
    ledger = {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": table,
            **shape(),
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "TimeToLiveSpecification": {"AttributeName": EXPIRY, "Enabled": True},
        },
    }
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The ledger of FileFerry. Run `fileferry ledger init` after it.",
        "Resources": {
            "Ledger": ledger,
            "ServicePolicy": _policy("The service and its commands", SERVICE),
            "SetupPolicy": _policy("fileferry ledger init and check", (*LOOKING, *MAKING)),
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _policy(purpose: str, actions: tuple[str, ...]) -> dict[str, Any]:
    table = {"Fn::GetAtt": ["Ledger", "Arn"]}
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": f"FileFerry: {purpose}",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": [f"dynamodb:{action}" for action in sorted(set(actions))],
                        "Resource": table,
                    },
                    {
                        "Effect": "Allow",
                        "Action": ["dynamodb:Query"],
                        "Resource": {"Fn::Sub": "${Ledger.Arn}/index/*"},
                    },
                ],
            },
        },
    }
