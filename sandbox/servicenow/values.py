"""Turns what a caller sends into what a column stores: always a string, cut to its length."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.servicenow.schema import MAX_LENGTH, Field

REFERENCE_LENGTH = 32
_FORMAT = "%Y-%m-%d %H:%M:%S"


def plain(value: object) -> str:
    """A JSON value as an instance stores it; an object in the notation of Java's maps."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(plain(item) for item in value) + "]"
    return str(value)


def fit(field: Field, value: object) -> str:
    text = plain(value)
    if field.kind == "reference":
        return text[:REFERENCE_LENGTH]
    if field.kind == "boolean":
        return {"1": "true", "0": "false"}.get(text, text)
    if field.kind == "datetime":
        return _moment(text)
    if field.kind == "date":
        return _moment(text).partition(" ")[0]
    return text[: field.length or MAX_LENGTH.get(field.name, len(text))]


def _moment(text: str) -> str:
    """A date alone is its first second; what is no date is stored as none."""
    for form in (_FORMAT, "%Y-%m-%d"):
        try:
            return datetime.strptime(text.strip(), form).strftime(_FORMAT)  # noqa: DTZ007
        except ValueError:
            continue
    return ""


def zone_of(name: str) -> ZoneInfo | None:
    """None for a name that the zone database does not have."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError):
        return None


def stamp(when: datetime) -> str:
    """In UTC, as display_value=false shows it."""
    return when.astimezone(UTC).strftime(_FORMAT)


def parse_stamp(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
