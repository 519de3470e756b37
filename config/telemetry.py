"""What machines are told of the work."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from config.kinds import Count, Seconds, ServiceUrl, Text
from config.part import Part


class MetricsSettings(Part):
    """Metrics, for CloudWatch, for Prometheus, for a collector: each where its setting says so."""

    textfile: Path | None = Field(
        None,
        description="File *.prom for node_exporter's textfile collector, replaced at each change; "
        "null: none.",
    )
    endpoint: ServiceUrl | None = Field(
        None,
        description="Address of a collector that takes OTLP by HTTP, usually "
        "http://127.0.0.1:4318; null: it gets none.",
    )
    timeout: Seconds = Field(
        2.0,
        description="Seconds for one call of that collector, and the most by which it delays "
        "a stop.",
    )

    agent_port: Count | None = Field(
        None,
        ge=1,
        le=65_535,
        description="UDP port of the CloudWatch agent on this host, usually 25888, for its "
        "embedded metric format; null: none.",
    )
    log_group: Text = Field(
        "FileFerry", description="Log group in which the agent keeps what the service writes."
    )
    functions: bool = Field(
        True, description="Whether the functions of the second door write them to their logs."
    )

    @field_validator("textfile")
    @classmethod
    def _collected(cls, path: Path | None) -> Path | None:
        if path is not None and (not path.is_absolute() or path.suffix != ".prom"):
            raise ValueError("must be an absolute path that ends with .prom")
        return path


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
