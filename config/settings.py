"""Every knob, its default and its consequence, in one model.

Read from one YAML file, overridden by `FILEFERRY_…` variables (`__` separates levels, e.g.
`FILEFERRY_POLL__EVERY=10`). It holds the *names* of secrets only; secrets.py reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.audit import AuditSettings
from config.cloud import CloudSettings
from config.destination import DestinationSettings
from config.doors import ApprovalSettings, EccSettings, StandingSettings
from config.instance import Auth, JwtSettings, TicketSettings
from config.kinds import (
    Count,
    DestinationName,
    Label,
    Once,
    Prefix,
    QueueUrl,
    RoleArn,
    Scope,
    Seconds,
    SecondsOrZero,
    SecretName,
    ServiceUrl,
    SysId,
    Text,
)
from config.ledger import ControlSettings, LedgerSettings
from config.notices import NoticeSettings
from config.part import Part, absent
from config.telemetry import MetricsSettings, TracesSettings


class VariableNames(Part):
    """Names of the catalog item's variables."""

    source: str = Field("source", description="S3 URIs, one a line.")
    destination: str = Field("destination", description="Name of a destination below.")
    path: str = Field("path", description="Path below the destination's root.")
    not_before: Text | None = Field(
        None, description="Date and time (UTC) before which nothing moves; null: the item has none."
    )
    finish_by: Text | None = Field(
        None, description="Date and time (UTC) after which nothing is published any more."
    )
    dry_run: Text | None = Field(None, description="true: check everything, send nothing.")
    all_or_nothing: Text | None = Field(
        None, description="true: publish no file before every file is verified."
    )
    version: Text | None = Field(
        None, description="Version id of the one object or manifest that is ordered; binds it."
    )
    sha256: Text | None = Field(
        None, description="SHA-256 (hex) that the one object or manifest must have."
    )


class ServiceNowSettings(Part):
    """The instance, and who FileFerry is there."""

    url: ServiceUrl = Field(
        description="Address of the instance.", examples=["https://example.service-now.com"]
    )
    auth: Auth = Field(
        "oauth",
        description="How to log in. oauth: client credentials; basic: user and password; "
        "certificate: the client certificate alone.",
    )
    user: Text = Field(description="OAuth client id, else the user name.", examples=["fileferry"])
    secret: SecretName = Field(
        "servicenow", description="Name of the secret: client secret or password."
    )
    refresh_token: SecretName | None = Field(
        None, description="auth: refresh_token. Name of the secret with the token."
    )
    jwt: JwtSettings = absent()
    certificate: SecretName | None = Field(
        None,
        description="Name of the secret with a client certificate and its private key (PEM), which "
        "is shown to the instance with every auth.",
    )
    ca_file: Path | None = Field(None, description="PEM file of a private certificate authority.")
    group: SysId = Field(
        description="Assignment group (sys_id) whose tasks FileFerry works on.",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    approver_group: SysId = Field(
        description="Group (sys_id) whose members may approve.",
        examples=["123456789abcdef0123456789abcdef0"],
    )
    catalog_items: Annotated[list[SysId], Once] = Field(
        min_length=1,
        description="Catalog items (sys_id) that may order a transfer.",
        examples=[["23456789abcdef0123456789abcdef01"]],
    )
    content_as_found: Annotated[list[SysId], Once] = Field(
        default_factory=list,
        description="Those of catalog_items whose orders mean whatever is in S3 when FileFerry "
        "looks, also what was written after the approval. The audit ticket says so.",
    )
    variables: VariableNames = absent()
    standing: StandingSettings = absent()
    ecc: EccSettings = absent()
    tickets: TicketSettings = absent()
    application: Scope | None = Field(
        None,
        description="Scope of FileFerry's own application on the instance, x_fferry as it is "
        "shipped; null: it is not used.",
    )
    known_as: Label | None = Field(
        None,
        description="Name of this FileFerry in the application's tables; null: the host's name.",
    )
    timeout: Seconds = Field(30.0, description="Seconds for one answer of the instance.")
    max_rows: Count = Field(
        100, ge=1, le=1000, description="Open tasks judged in one poll, approved ones first."
    )
    believed_rows: Count = Field(
        10_000,
        ge=100,
        le=100_000,
        description="Open tasks beyond which the poll's query is taken for broken, and all are "
        "left alone.",
    )
    batches: bool = Field(
        True,
        description="Calls of one moment go in one request to the Batch API. An instance that "
        "takes none is found out, and asked one by one.",
    )
    calls_per_hour: Count | None = Field(
        None,
        ge=100,
        description="Calls that FileFerry allows itself in an hour; what is under way comes first. "
        "null: only the instance's own limit holds.",
    )


class PollSettings(Part):
    """How often ServiceNow is asked for work."""

    every: Seconds = Field(30.0, description="Seconds between two polls.")
    max_backoff: Seconds = Field(
        120.0, description="Longest wait in seconds while ServiceNow does not answer."
    )


class QueueSettings(Part):
    """An SQS queue whose messages name tickets to look at before the next poll does."""

    url: QueueUrl | None = Field(None, description="Address of the queue; null: there is none.")
    region: str | None = Field(None, description="Its region; null is aws.region.")
    endpoint_url: ServiceUrl | None = Field(
        None, description="Address of an SQS-compatible service instead of AWS."
    )
    wait: Count = Field(
        20, ge=1, le=20, description="Seconds for which an empty queue is waited at."
    )
    visibility: Count = Field(
        120,
        ge=30,
        le=43_200,
        description="Seconds for which a message in hand is hidden; renewed three times as often.",
    )


class AwsSettings(Part):
    """Where the objects are. Credentials come from the process (profile, role, environment)."""

    region: str = Field("eu-central-1", description="Region of the buckets.")
    endpoint_url: ServiceUrl | None = Field(
        None, description="Address of an S3-compatible store instead of AWS."
    )
    sts_endpoint_url: ServiceUrl | None = Field(
        None, description="Address of STS, where not AWS's own."
    )
    profile: str | None = Field(None, description="Profile of the shared credentials file.")
    check_identity: bool = Field(
        True,
        description="Ask STS who FileFerry is before each transfer, and name it on the audit "
        "ticket; false for stores without STS.",
    )
    sessions: Literal["process", "scoped", "role"] = Field(
        "process",
        description="Whose credentials read the objects. process: FileFerry's own, which need no "
        "role and end with nothing; scoped: of aws.role_arn, ten seconds and one object each "
        "(sts:GetScopedCredentials; where AWS refuses that, as role); role: the same by a session "
        "policy that ends after ten seconds.",
    )
    role_arn: RoleArn | None = Field(
        None, description="The role that may read the buckets, for aws.sessions: scoped and role."
    )
    timeout: Seconds = Field(30.0, description="Seconds without a byte from S3.")


class TransferSettings(Part):
    """How the carrier works."""

    max_parallel: Count = Field(
        5,
        ge=1,
        le=32,
        description="Files carried at the same time, shared fairly over requests and destinations.",
    )
    tries: Count = Field(
        3, ge=1, le=20, description="Tries of a step that fails transiently without progress."
    )
    retry_wait: Seconds = Field(
        2.0, description="Longest wait in seconds before the second try; doubles, with jitter."
    )
    deadline: Seconds = Field(
        86_400.0,
        description="Seconds for which a step that still makes progress is tried again.",
    )
    drain: SecondsOrZero = Field(
        25.0,
        description="Seconds that a stop waits for running transfers; then they checkpoint. "
        "Keep it well below TimeoutStopSec of the unit.",
    )
    note_every: Seconds = Field(
        300.0, description="Shortest time in seconds between two progress notes on a ticket."
    )


class Grant(Part):
    """Who may send what where. Without a matching grant a request is refused."""

    requesters: Annotated[list[Text], Once] = Field(
        min_length=1,
        description="ServiceNow user names; '*' is everybody.",
        examples=[["beth.anglin"]],
    )
    sources: Annotated[list[Prefix], Once] = Field(
        min_length=1,
        description="Prefixes of S3 URIs; end a folder with a slash.",
        examples=[["s3://exports/payroll/"]],
    )
    destinations: Annotated[list[DestinationName], Once] = Field(
        min_length=1, description="Names of destinations above.", examples=[["bank"]]
    )
    items: Annotated[list[SysId], Once] = Field(
        default_factory=list,
        description="Catalog items (sys_id) through which it may be ordered; none is any of them.",
    )


def _none(value: object) -> object:
    # A name with nothing but comments below it is an empty value for YAML.
    return {} if value is None else value


class LogSettings(Part):
    """The log goes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level.")
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: colours on a terminal, one JSON object a line elsewhere."
    )


class Settings(Part):
    """The whole file; loading.load() reads it."""

    servicenow: ServiceNowSettings
    approvals: ApprovalSettings = absent()
    poll: PollSettings = absent()
    queue: QueueSettings = absent()
    aws: AwsSettings = absent()
    ledger: LedgerSettings = absent()
    transfers: TransferSettings = absent()
    cloud: CloudSettings = absent()
    destinations: dict[DestinationName, DestinationSettings] = Field(
        min_length=1, examples=["bank"]
    )
    grants: list[Grant] = Field(min_length=1)
    notices: Annotated[dict[DestinationName, NoticeSettings], BeforeValidator(_none)] = Field(
        default_factory=dict,
        description="Ways to tell people of an ending beside the tickets, each by a name; none "
        "are needed.",
        examples=["operators"],
    )
    audit: AuditSettings = absent()
    log: LogSettings = absent()
    control: ControlSettings = absent()
    metrics: MetricsSettings = absent()
    traces: TracesSettings = absent()
