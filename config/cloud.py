"""Settings of the second door: what Step Functions and Lambda functions carry."""

from __future__ import annotations

from pydantic import Field

from config.deploy import DeploySettings
from config.kinds import MachineArn, Seconds, SecretPrefix, ServiceUrl
from config.part import Part, absent


class CloudSettings(Part):
    """The second door: AWS carries what this host does not. The ledger is in DynamoDB then."""

    state_machine: MachineArn | None = Field(
        None, description="ARN of the state machine; null: everything is carried on this host."
    )
    secrets: SecretPrefix = Field(
        "fileferry/",
        description="What stands before a secret's name in AWS Secrets Manager, where functions "
        "read it.",
    )
    keep_secrets: Seconds = Field(
        300.0, description="Seconds for which a function keeps a secret that it has read."
    )
    shard_files: int = Field(
        500,
        ge=1,
        le=1_000,
        description="Files of a shard: of more than twice as many the functions share the work.",
    )
    endpoint_url: ServiceUrl | None = Field(
        None,
        description="Address of a stand-in for Step Functions, Lambda, CloudFormation and Secrets "
        "Manager.",
    )
    deploy: DeploySettings = absent()
