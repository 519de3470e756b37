"""Every knob, its default and its consequence, in one model.

Read from one YAML file, overridden by `FILEFERRY_…` variables (`__` separates levels, e.g.
`FILEFERRY_POLL__EVERY=10`). It holds the *names* of secrets only; secrets.py reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

SysId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
DestinationName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")]
Seconds = Annotated[float, Field(gt=0)]


def _absolute(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be an absolute directory without '..'")
    return path


Root = Annotated[str, AfterValidator(_absolute)]


class Part(BaseModel):
    """A section of the file: unknown keys are refused, so a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TicketSettings(Part):
    """The user ticket (urgency 2) and the audit ticket (urgency 3)."""

    table: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")] = Field(
        "incident", description="Table of both tickets."
    )
    category: str = Field("inquiry", description="Category of both tickets.")
    assignment_group: SysId | None = Field(
        None, description="Group (sys_id) that gets the user ticket of a failed transfer."
    )
    resolved_state: str = Field("6", description="State of a resolved user ticket.")
    closed_state: str = Field(
        "7", description="State of a closed audit ticket; where refused, resolved_state is used."
    )
    close_code_delivered: str = Field(
        "Solution provided", description="close_code after a delivery; see sys_choice."
    )
    close_code_failed: str = Field(
        "No resolution provided", description="close_code after a refusal or a failure."
    )


class VariableNames(Part):
    """Names of the catalog item's variables."""

    source: str = Field("source", description="S3 URIs, one a line.")
    destination: str = Field("destination", description="Name of a destination below.")
    path: str = Field("path", description="Path below the destination's root.")


class ServiceNowSettings(Part):
    """The instance, and who FileFerry is there."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s?#]+$")] = Field(
        description="Address of the instance, e.g. https://example.service-now.com."
    )
    auth: Literal["oauth", "basic"] = Field(
        "oauth", description="oauth: client credentials; basic: user and password."
    )
    user: str = Field(description="OAuth client id, or user name for basic.")
    secret: SecretName = Field(
        "servicenow", description="Name of the secret: client secret or password."
    )
    ca_file: Path | None = Field(None, description="PEM file of a private certificate authority.")
    group: SysId = Field(description="Assignment group (sys_id) whose tasks FileFerry works on.")
    approver_group: SysId = Field(description="Group (sys_id) whose members may approve.")
    catalog_items: list[SysId] = Field(
        min_length=1, description="Catalog items (sys_id) that may order a transfer."
    )
    variables: VariableNames = Field(default_factory=VariableNames)
    tickets: TicketSettings = Field(default_factory=TicketSettings)
    timeout: Seconds = Field(30.0, description="Seconds for one answer of the instance.")
    max_rows: int = Field(
        100, ge=1, le=1000, description="Open tasks read in one poll, oldest first."
    )


class PollSettings(Part):
    """How often ServiceNow is asked for work."""

    every: Seconds = Field(30.0, description="Seconds between two polls.")
    max_backoff: Seconds = Field(
        900.0, description="Longest wait in seconds while ServiceNow does not answer."
    )


class AwsSettings(Part):
    """Where the objects are. Credentials come from the process (profile, role, environment)."""

    region: str = Field("eu-central-1", description="Region of the buckets.")
    endpoint_url: str | None = Field(
        None, description="Address of an S3-compatible store instead of AWS."
    )
    sts_endpoint_url: str | None = Field(None, description="Address of STS, where not AWS's own.")
    profile: str | None = Field(None, description="Profile of the shared credentials file.")
    check_identity: bool = Field(
        True,
        description="Ask STS who FileFerry is before each transfer, and name it on the audit "
        "ticket; false for stores without STS.",
    )
    timeout: Seconds = Field(30.0, description="Seconds without a byte from S3.")


class LedgerSettings(Part):
    """The durable memory."""

    path: Path = Field(
        Path("/var/lib/fileferry/ledger.db"),
        description="SQLite file on a local disk; one running daemon a file.",
    )


class TransferSettings(Part):
    """How the carrier works."""

    max_parallel: int = Field(5, ge=1, le=32, description="Transfers carried at the same time.")
    tries: int = Field(3, ge=1, le=20, description="Tries of a step that fails transiently.")
    retry_wait: Seconds = Field(
        2.0, description="Longest wait in seconds before the second try; doubles, with jitter."
    )
    drain: Annotated[float, Field(ge=0)] = Field(
        25.0, description="Seconds that a stop waits for running transfers; then they checkpoint."
    )
    note_every: Seconds = Field(
        300.0, description="Shortest time in seconds between two progress notes on a ticket."
    )


class DestinationSettings(Part):
    """A partner endpoint. Requests name it; they never carry a host or a password."""

    protocol: Literal["sftp"] = Field("sftp", description="How to speak to it.")
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]+$")] = Field(
        description="Host name or address."
    )
    port: int = Field(22, ge=1, le=65535, description="TCP port.")
    username: Annotated[str, StringConstraints(min_length=1)] = Field(description="Login name.")
    password: SecretName | None = Field(None, description="Name of the secret: password.")
    private_key: SecretName | None = Field(
        None, description="Name of the secret: private key in OpenSSH or PEM form."
    )
    host_keys: list[Fingerprint] = Field(
        min_length=1, description="Pinned fingerprints, as `ssh-keygen -lf` prints them."
    )
    root: Root = Field("/", description="Everything is delivered below this directory.")
    replace: bool = Field(False, description="Replace a file that is already there.")
    connect_timeout: Seconds = Field(15.0, description="Seconds to connect and log in.")
    timeout: Seconds = Field(30.0, description="Seconds without progress before giving up.")


class Grant(Part):
    """Who may send what where. Without a matching grant a request is refused."""

    requesters: list[str] = Field(min_length=1, description="ServiceNow user names, or '*'.")
    sources: list[Annotated[str, StringConstraints(pattern=r"^s3://[^/\s]+/.*$")]] = Field(
        min_length=1, description="Prefixes of S3 URIs, e.g. s3://exports/payroll/."
    )
    destinations: list[DestinationName] = Field(min_length=1, description="Destination names.")


class LogSettings(Part):
    """The log goes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level.")
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: colours on a terminal, one JSON object a line elsewhere."
    )


class Settings(BaseSettings):
    """The whole file."""

    model_config = SettingsConfigDict(
        env_prefix="FILEFERRY_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    servicenow: ServiceNowSettings
    poll: PollSettings = Field(default_factory=PollSettings)
    aws: AwsSettings = Field(default_factory=AwsSettings)
    ledger: LedgerSettings = Field(default_factory=LedgerSettings)
    transfers: TransferSettings = Field(default_factory=TransferSettings)
    destinations: dict[DestinationName, DestinationSettings] = Field(min_length=1)
    grants: list[Grant] = Field(min_length=1)
    log: LogSettings = Field(default_factory=LogSettings)
