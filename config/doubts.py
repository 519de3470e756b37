"""What loads and yet cannot be meant: values of the example, a ledger nobody finds, no region."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from config.destination import DestinationSettings
from config.faults import Fault, Place
from config.part import Part
from config.settings import ServiceNowSettings, Settings

EXAMPLES: tuple[tuple[type[Part], tuple[str, ...]], ...] = (
    (ServiceNowSettings, ("url", "group", "approver_group", "catalog_items")),
    (DestinationSettings, ("host", "host_keys")),
)
"""Settings whose example nobody has; that of a name, such as `fileferry`, may well be meant."""


def faults(settings: Settings) -> Iterator[Fault]:
    """Why the service should not be started with it."""
    yield from _untouched(settings.servicenow, ("servicenow",))
    for name, destination in settings.destinations.items():
        yield from _untouched(destination, ("destinations", name))
    if settings.ledger.kind == "sqlite" and not settings.ledger.path.is_absolute():
        words = "must begin with a slash: the service is not started in your folder"
        yield Fault(("ledger", "path"), words)


def unknown_regions(settings: Settings) -> Iterator[Fault]:
    """A region that is newer than this release is one too, so that the service takes all."""
    known = _regions()
    named: dict[str, Any] = {
        "aws": settings.aws,
        "queue": settings.queue,
        "ledger": settings.ledger,
    }
    for part, its in named.items():
        if its.region and not its.endpoint_url and its.region not in known:
            words = (
                "is no region of AWS that this release knows; for another store set endpoint_url"
            )
            yield Fault((part, "region"), words)


def _untouched(part: Part, place: Place) -> Iterator[Fault]:
    names = next(names for kind, names in EXAMPLES if isinstance(part, kind))
    for name in names:
        if _plain(getattr(part, name)) in _plain(type(part).model_fields[name].examples):
            yield Fault((*place, name), "is the example's: put yours there")


def _plain(value: Any) -> Any:
    """As the example writes it: a pinned key is the text of its fingerprint there."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return getattr(value, "key", value)


def _regions() -> frozenset[str]:
    # Not by boto3, which takes half a second to load.
    data = resources.files("botocore") / "data" / "partitions.json"
    partitions = json.loads(data.read_text(encoding="utf-8"))["partitions"]
    return frozenset(region for each in partitions for region in each["regions"])
