"""Settings of the approvals, and of the doors beside catalog tasks: S3 events, the ECC queue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.kinds import Agent, FieldName, Once, Seconds, SecondsOrZero, Table, Text
from config.part import Part


class StandingSettings(Part):
    """Records that approve what S3 events name. Their table must extend Task."""

    table: Table | None = Field(None, description="The table; null: events send nothing.")
    prefix: FieldName = Field("u_prefix", description="Field: prefix of S3 URIs, as in grants.")
    destination: FieldName = Field("u_destination", description="Field: name of a destination.")
    until: FieldName = Field("u_until", description="Field: last day, or date and time (UTC).")
    path: FieldName | None = Field(
        "u_path", description="Field: folder at the destination; null: always its root."
    )
    requester: FieldName = Field(
        "opened_by", description="Field: user for whom it is sent; grants are his."
    )
    changes: Literal["audit", "record"] = Field(
        "audit",
        description="What tells that a record was changed after its approval. audit: sys_audit, "
        "field by field; record: every update of the record counts.",
    )
    settle: SecondsOrZero = Field(
        10.0,
        description="changes: record. Seconds after the approval in which updates do not count, "
        "for ServiceNow then writes to the record itself.",
    )


class ApprovalSettings(Part):
    """Whose name a decision must bear, beside being that of a member of the approver group."""

    actor: Literal["approver", "anybody"] = Field(
        "approver",
        description="Who may have written the decision. approver: the approver himself, or one of "
        "accounts; anybody: a delegate or an administrator too, but nobody who had a hand in the "
        "request.",
    )
    accounts: Annotated[list[Text], Once] = Field(
        default_factory=list,
        description="User names of accounts that write decisions for approvers: a chat bot, the "
        "user of a flow. What they write is believed.",
    )
    settle: SecondsOrZero = Field(
        10.0,
        description="Seconds after the approval in which ServiceNow itself writes to the item. If "
        "it is written to later, its history (sys_audit) must tell whether it is still for the "
        "same person.",
    )


class EccSettings(Part):
    """ServiceNow's ECC queue as one more door for hints."""

    agent: Agent | None = Field(
        None, description="Agent whose output FileFerry reads; null: the queue is not read."
    )
    every: Seconds = Field(30.0, description="Seconds between two looks at an empty queue.")
