"""How FileFerry would carry files to a destination, after what its server has shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import yaml

from transfer.crossing.verify import before_publish
from transfer.destination import Destination, Mode, Tier

PRINTED = {
    "ssh-ed25519": "256 {} (ED25519)",
    "ecdsa-sha2-nistp256": "256 {} (ECDSA)",
    "ecdsa-sha2-nistp384": "384 {} (ECDSA)",
    "ecdsa-sha2-nistp521": "521 {} (ECDSA)",
}
"""As `ssh-keygen -lf` prints a fingerprint of a key whose type tells its bits."""


@dataclass(kw_only=True)
class Shown:
    """What the server did, None where it was not asked to. `digest` is the hash that it gave."""

    identity: str = ""
    resumes: bool | None = None
    ranges: bool | None = None
    reads: bool | None = None
    replaces: bool | None = None
    digest: str = ""


def plan(destination: Destination, shown: Shown) -> dict[str, str]:
    """In words, by what it is about."""
    most = destination.connections
    lanes = min(most, destination.connections_per_file if shown.ranges else 1)
    return {
        "final name": _final_name(destination, shown),
        "verification": _tier(destination, shown),
        "after a break": "goes on where it broke" if shown.resumes else "is sent anew",
        "connections": f"up to {most}, for one file {lanes}",
        "temp": destination.temp.named("<12 digits>-<n>-e<n>"),
    }


def settings(destination: Destination, shown: Shown) -> dict[str, Any]:
    """Those of the destination that should be other than they are."""
    return {name: value for name, value, _ in _changes(destination, shown)}


def fragment(destination: Destination, shown: Shown, at: datetime) -> str:
    """YAML to be merged into the configuration by a person: only what should be another."""
    changes = list(_changes(destination, shown))
    seen = {name: value for name, value in asdict(shown).items() if value not in (None, "")}
    lines = [
        f"# fileferry doctor {destination.name}, {at:%Y-%m-%d %H:%M} UTC",
        f"# Seen: {', '.join(f'{name} {_word(value)}' for name, value in seen.items())}.",
        *(f"# {name}: {why}" for name, _, why in changes),
    ]
    if not changes:
        return "\n".join([*lines, "# The settings fit the server: nothing has to be changed.", ""])
    merged = {"destinations": {destination.name: settings(destination, shown)}}
    head = f"# Merge this into destinations.{destination.name}; the rest stays as it is."
    return "\n".join([*lines, head, yaml.safe_dump(merged, sort_keys=False)])


def _changes(destination: Destination, shown: Shown) -> Iterator[tuple[str, Any, str]]:
    """Name, value and why."""
    if typed := _typed_pins(destination, shown.identity):
        yield "host_keys", typed, "with its type the key is asked for first, by one connection"
    if destination.replace and shown.replaces is False and destination.mode is not Mode.SWAP:
        yield "mode", "swap", "the server replaces no file in one step"
    if shown.ranges is False and destination.connections_per_file > 1:
        yield "connections_per_file", 1, "the server does not take a file in several parts"
    if shown.digest and destination.tier is None and destination.protocol != "ftp":
        yield (
            "tier",
            "T1",
            "the server gives a hash; should it give none one day, files are read back",
        )


def _typed_pins(destination: Destination, identity: str) -> list[str]:
    """All pins, the one of `identity` with its type; empty where that is not to be said anew."""
    kind, _, fingerprint = identity.partition(" ")
    pins = destination.host_keys
    bare = any(pin.fingerprint == fingerprint and not pin.kind for pin in pins)
    dated = any(pin.not_before or pin.not_after or pin.kind for pin in pins)
    if not bare or dated or kind not in PRINTED:
        return []
    return [
        PRINTED[kind].format(fingerprint) if pin.fingerprint == fingerprint else pin.fingerprint
        for pin in pins
    ]


def _final_name(destination: Destination, shown: Shown) -> str:
    if destination.mode is Mode.DIRECT:
        return "written in place"
    if not destination.replace:
        taken = "refused" if destination.on_conflict == "fail" else "given the next number"
        return f"renamed; a name that is taken is {taken}"
    if destination.mode is Mode.SWAP or not shown.replaces:
        return "swapped: the old file steps aside"
    return "renamed over the old file, in one step"


def _tier(destination: Destination, shown: Shown) -> str:
    least = before_publish(destination.tier, destination.protocol)
    if shown.digest and least in (Tier.SIZE, Tier.SERVER_HASH):
        return f"T1, the server's own {shown.digest}"
    if least is Tier.SIZE:
        return "T0, the size"
    return "T2, read back"


def _word(value: object) -> str:
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )
