"""Where the books are, and how operators reach who keeps them: all that a look at them needs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from config.kinds import Count, Lease, ServiceUrl, TableName
from config.part import Part


class LedgerSettings(Part):
    """The durable memory."""

    kind: Literal["sqlite", "dynamodb"] = Field(
        "sqlite", description="sqlite: one host; dynamodb: several hosts share the work."
    )
    path: Path = Field(
        Path("/var/lib/fileferry/ledger.db"),
        description="sqlite: the file, on a local disk; one running daemon a file.",
    )
    table: TableName = Field("fileferry", description="dynamodb: name of the table.")
    region: str | None = Field(None, description="dynamodb: its region; null is aws.region.")
    endpoint_url: ServiceUrl | None = Field(
        None, description="dynamodb: address of a compatible store instead of AWS."
    )
    lease: Lease = Field(
        60.0,
        description="Seconds after which the work of a silent owner is taken over. Owners renew "
        "four times as often, and stop by themselves after two thirds of it.",
    )
    keep_days: Count = Field(
        400, ge=400, description="Days for which a closed transfer is remembered."
    )


class ControlSettings(Part):
    """How operators' commands reach the running service: by a Unix socket, no port."""

    socket: Path | None = Field(
        None,
        description="Path of the socket, for its owner and the superuser; null: ledger.path with "
        ".socket behind it.",
    )
