"""Settings of the doors beside catalog tasks: standing approvals, and ServiceNow's ECC queue."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.kinds import Agent, FieldName, Seconds, SecondsOrZero, Table
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


class EccSettings(Part):
    """ServiceNow's ECC queue as one more door for hints."""

    agent: Agent | None = Field(
        None, description="Agent whose output FileFerry reads; null: the queue is not read."
    )
    every: Seconds = Field(30.0, description="Seconds between two looks at an empty queue.")
