"""What CloudWatch's specification of the embedded metric format asks of a document.

Lengths, counts and units are those of the specification and of PutMetricData's MetricDatum.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=1024)]
DimensionName = Annotated[str, Field(min_length=1, max_length=250)]
FORTNIGHT, TWO_HOURS = 14 * 86_400_000, 7_200_000


class Strict(BaseModel):
    """The specification's own objects have no other members."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Definition(Strict):
    Name: Name
    Unit: Literal["Seconds", "Bytes", "Count"]
    StorageResolution: Literal[1, 60] = 60


class Directive(Strict):
    Namespace: Name
    Dimensions: Annotated[
        list[Annotated[list[DimensionName], Field(max_length=30)]], Field(min_length=1)
    ]
    Metrics: Annotated[list[Definition], Field(min_length=1, max_length=100)]


class Told(Strict):
    Timestamp: int
    CloudWatchMetrics: Annotated[list[Directive], Field(min_length=1)]
    LogGroupName: Annotated[str, Field(pattern=r"^[.\-_/#A-Za-z0-9]{1,512}$")] | None = None


def metrics(line: str, now: float) -> dict[tuple[str, str], float]:
    """Each metric with its dimensions, written `name=value, …`. Fails for what CloudWatch drops."""
    assert "\n" not in line
    assert len(line.encode()) < 256 * 1024
    document = json.loads(line)
    told = Told.model_validate(document["_aws"])
    assert -FORTNIGHT < told.Timestamp - now * 1000 < TWO_HOURS
    return {
        (each.Name, ", ".join(f"{name}={_dimension(document[name])}" for name in names)): _value(
            document[each.Name]
        )
        for directive in told.CloudWatchMetrics
        for names in directive.Dimensions
        for each in directive.Metrics
        if directive.Namespace == "FileFerry"
    }


def _dimension(value: Any) -> str:
    assert isinstance(value, str)
    assert 1 <= len(value) <= 1024
    assert value.isascii()
    assert value.strip()
    assert not value.startswith(":")
    return value


def _value(value: Any) -> float:
    assert isinstance(value, int | float)
    assert not isinstance(value, bool)
    assert math.isfinite(value)
    return value
