"""What machines are told of the work."""

from __future__ import annotations

from pydantic import Field

from config.kinds import Count, Text
from config.part import Part


class MetricsSettings(Part):
    """Metrics for CloudWatch in the namespace FileFerry, in its embedded metric format."""

    agent_port: Count | None = Field(
        None,
        ge=1,
        le=65_535,
        description="UDP port of the CloudWatch agent on this host, usually 25888; null: the "
        "service writes none.",
    )
    log_group: Text = Field(
        "FileFerry", description="Log group in which the agent keeps what the service writes."
    )
    functions: bool = Field(
        True, description="Whether the functions of the second door write them to their logs."
    )
