"""What must hold between the settings of the doors, in the plain data of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.doors import StandingSettings

_FIELDS = ("prefix", "destination", "until", "path", "requester")


def complaints(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(setting below `servicenow.standing`, what is wrong with it)."""
    part = _section(_section(data, "servicenow"), "standing")
    if part.get("table") and not _section(data, "queue").get("url"):
        yield "table", "needs queue.url, for S3 events come by that queue"
    seen: set[str] = set()
    for setting in _FIELDS:
        field = part.get(setting, StandingSettings.model_fields[setting].default)
        if isinstance(field, str) and field in seen:
            yield setting, "must be a field of its own"
        seen |= {field} if isinstance(field, str) else set()


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = data.get(name)
    return part if isinstance(part, dict) else {}
