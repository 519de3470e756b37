"""The settings of a way to tell people beside the tickets, and what must hold between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from config.kinds import (
    Count,
    DestinationName,
    Host,
    MailAddress,
    NoticeTopic,
    Once,
    Seconds,
    SecretName,
    ServiceUrl,
    Text,
)
from config.part import Part
from transfer.model import Outcome

PORTS = {"starttls": 587, "tls": 465}
NEEDED = {
    "smtp": ("host", "sender", "to"),
    "ses": ("sender", "to"),
    "sns": ("topic",),
    "teams": ("webhook",),
    "slack": ("webhook",),
}
_MAIL = ("smtp", "ses")
ONLY = {
    "webhook": ("teams", "slack"),
    "topic": ("sns",),
    "sender": _MAIL,
    "to": _MAIL,
    "host": ("smtp",),
    "port": ("smtp",),
    "encryption": ("smtp",),
    "user": ("smtp",),
    "password": ("smtp",),
    "ca_file": ("smtp", "teams", "slack"),
    "region": ("ses",),
    "endpoint_url": ("ses", "sns"),
}
"""Settings that some kinds have, and the others must not have."""


def _what_went_wrong() -> list[Outcome]:
    return [Outcome.FAILED, Outcome.UNKNOWN]


class NoticeSettings(Part):
    """One way to tell people how a transfer ended."""

    kind: Literal["smtp", "ses", "sns", "teams", "slack"] = Field(
        description="smtp and ses: mail; sns: a topic; teams: a workflow's webhook; slack: an "
        "incoming webhook.",
        examples=["smtp"],
    )
    outcomes: Annotated[list[Outcome], Once] = Field(
        default_factory=_what_went_wrong,
        min_length=1,
        description="What is told: delivered, refused, cancelled, failed, rehearsed, unknown.",
    )
    destinations: Annotated[list[DestinationName], Once] = Field(
        default_factory=list,
        description="Names of destinations above; none: all, and orders that name an unknown one.",
    )
    timeout: Seconds = Field(10.0, le=20, description="Seconds for a notice as a whole.")
    webhook: SecretName | None = Field(
        None, description="teams, slack. Name of the secret: the webhook's address."
    )
    topic: NoticeTopic | None = Field(None, description="sns. ARN of the topic, also a FIFO one.")
    sender: MailAddress | None = Field(
        None, description="smtp, ses. Who sends it.", examples=["fileferry@example.com"]
    )
    to: Annotated[list[MailAddress], Once] = Field(
        default_factory=list,
        description="smtp, ses. Who gets it.",
        examples=[["operations@example.com"]],
    )
    host: Host | None = Field(
        None, description="smtp. Name of the mail server.", examples=["mail.example.com"]
    )
    port: Count | None = Field(
        None, ge=1, le=65535, description="smtp. TCP port; null: starttls 587, tls 465."
    )
    encryption: Literal["starttls", "tls"] = Field(
        "starttls", description="smtp. tls is TLS from the first byte."
    )
    user: Text | None = Field(None, description="smtp. Login name; null: no login.")
    password: SecretName | None = Field(None, description="smtp. Name of the secret: password.")
    ca_file: Path | None = Field(
        None, description="smtp, teams, slack. PEM file of a private certificate authority."
    )
    region: str | None = Field(None, description="ses. Its region; null is aws.region.")
    endpoint_url: ServiceUrl | None = Field(
        None, description="ses, sns. Address of a compatible service instead of AWS."
    )


def complaints(notice: Mapping[str, Any], destinations: Any) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong with it); a kind that does not exist breaks no rule."""
    kind = notice.get("kind")
    if not isinstance(kind, str) or kind not in NEEDED:
        return
    for name in NEEDED[kind]:
        if not notice.get(name):
            yield name, f"must be given with kind: {kind}"
    for name, kinds in ONLY.items():
        if kind not in kinds and notice.get(name) not in (None, "", []):
            yield name, f"is for {' and '.join(kinds)} only, not for kind: {kind}"
    if bool(notice.get("user")) != bool(notice.get("password")):
        yield "user", "must stand beside password, or neither of them"
    named = notice.get("destinations")
    for name in named if isinstance(named, list) else ():
        if isinstance(destinations, dict) and isinstance(name, str) and name not in destinations:
            yield "destinations", "must be configured destinations"
