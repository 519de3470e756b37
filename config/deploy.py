"""Settings of `fileferry deploy`: where the second door stands, and what the bank asks of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.kinds import (
    AccountId,
    Bucket,
    GroupId,
    KeyArn,
    LogDays,
    Once,
    PolicyArn,
    RoleArn,
    RolePath,
    SubnetId,
    TopicArn,
)
from config.part import Part


class DeploySettings(Part):
    """What `fileferry deploy` makes, and where; it refuses any other account."""

    account: AccountId | None = Field(
        None, description="The account, 12 digits in quotes; needed for deploying."
    )
    partition: Literal["aws", "aws-cn", "aws-us-gov", "aws-eusc"] = Field(
        "aws", description="The part of AWS in which the account is."
    )
    bucket: Bucket | None = Field(
        None, description="An own bucket for the functions' zip; needed for deploying."
    )
    permissions_boundary: PolicyArn | None = Field(
        None, description="ARN of the policy that bounds all roles."
    )
    role_path: RolePath = Field("/", description="Path of all roles, e.g. /fileferry/.")
    make_reader: bool = Field(
        True,
        description="Make aws.role_arn, which reads the objects, with the rest; false: it is there "
        "already, and trusts the functions.",
    )
    hosts: Annotated[list[RoleArn], Once] = Field(
        default_factory=list,
        description="ARNs of the roles of hosts on which the service runs: aws.role_arn trusts "
        "them too.",
    )
    cloudformation_role: RoleArn | None = Field(
        None,
        description="ARN of the role by which CloudFormation works; null: the rights of whoever "
        "deploys.",
    )
    kms_key: KeyArn | None = Field(
        None, description="ARN of an own key for ledger, queue and secrets; null: AWS's own."
    )
    object_keys: Annotated[list[KeyArn], Once] = Field(
        default_factory=list, description="ARNs of the keys by which objects are encrypted."
    )
    subnets: Annotated[list[SubnetId], Once] = Field(
        default_factory=list,
        description="Subnets of the functions, with a way to the partners; none: AWS's network.",
    )
    security_groups: Annotated[list[GroupId], Once] = Field(
        default_factory=list, description="Security groups of the functions, with the subnets."
    )
    log_days: LogDays = Field(400, description="Days for which logs are kept.")
    alarm_topic: TopicArn | None = Field(
        None, description="ARN of the SNS topic that hears of alarms."
    )
