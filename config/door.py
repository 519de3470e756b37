"""The digest of what a door carries by: its settings, the authorities that it trusts, its code.

Two doors with the same digest treat a transfer alike. What has no say in that is left out, so that
the log or the poll of one can be changed without the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from config.settings import Settings

CODE = ("adapters", "cloud", "config", "transfer")
"""The packages that both doors carry by."""
HERE = Path(__file__).parents[1]
LEFT_OUT: dict[str, Any] = {
    **dict.fromkeys(("cloud", "control", "log", "metrics", "poll", "queue", "traces"), True),
    "aws": {"profile"},
    # By which door: it is set once the second one stands, and says nothing of how either carries.
    "destinations": {"__all__": {"route"}},
}


def digest(settings: Settings) -> str:
    """64 hex digits. Raises OSError for a file of authorities that cannot be read."""
    said = json.dumps(_told(settings), sort_keys=True)
    return hashlib.sha256(f"{said}\n{_code()}".encode()).hexdigest()


def authorities(settings: Settings) -> dict[Path, str]:
    """The SHA-256 of each file of certificates that the settings name."""
    theirs = (each.tls.ca_file for each in settings.destinations.values())
    named = filter(None, (settings.servicenow.ca_file, *theirs))
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in named}


def _told(settings: Settings) -> Any:
    """The settings as plain data, in which a file of certificates is what is in it."""
    known = {str(path): found for path, found in authorities(settings).items()}

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: known.get(each, each) if name == "ca_file" else told(each)
                for name, each in value.items()
            }
        return [told(each) for each in value] if isinstance(value, list) else value

    return told(settings.model_dump(mode="json", exclude=LEFT_OUT))


@cache
def _code() -> str:
    found = hashlib.sha256()
    for name, data in sources():
        found.update(f"{name}\0{len(data)}\0".encode() + data)
    return found.hexdigest()


def sources() -> Iterator[tuple[str, bytes]]:
    """The files of the code, each with its path from the top."""
    for package in CODE:
        for path in sorted((HERE / package).rglob("*.py")):
            yield path.relative_to(HERE).as_posix(), path.read_bytes()
