"""What machines are told of the work."""

from __future__ import annotations

from pydantic import Field

from config.kinds import Count, Seconds, ServiceUrl, Text
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


class TracesSettings(Part):
    """One trace for each transfer, by OpenTelemetry with the ids of X-Ray."""

    endpoint: ServiceUrl | None = Field(
        None,
        description="Address of a collector that takes OTLP by HTTP, usually "
        "http://127.0.0.1:4318; null: no traces.",
    )
    timeout: Seconds = Field(
        2.0,
        description="Seconds for one call of the collector, and the most by which it delays a "
        "stop or a call of a function.",
    )
