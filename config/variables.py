"""The `FILEFERRY_…` variables, which win over what stands in the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from config.faults import ConfigError, Fault

PREFIX = "FILEFERRY_"
_RESERVED = ("FILEFERRY_CONFIG", "FILEFERRY_SECRET_", "FILEFERRY_UNIT")


def overrides() -> dict[str, Any]:
    """The variables as a tree; lists and sections in them are JSON."""
    if not any(variables()):
        return {}
    # Here, for it takes as long as the rest of a load, and few hosts set a variable.
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError  # noqa: PLC0415

    from config.settings import Settings  # noqa: PLC0415

    environment = type("Environment", (Settings, BaseSettings), {})
    try:
        return EnvSettingsSource(environment, env_prefix=PREFIX, env_nested_delimiter="__")()
    except SettingsError as error:
        field = str(error).partition('"')[2].partition('"')[0]
    name = f"{PREFIX}{field.upper()}"
    fault = Fault((name,), 'must be JSON where it is a list or a section, e.g. ["one", "two"]')
    raise ConfigError("The environment cannot be used", [fault])


def variables() -> Iterator[str]:
    """The names of those that are settings, or meant to be."""
    for name in os.environ:
        if name.upper().startswith(PREFIX) and not name.upper().startswith(_RESERVED):
            yield name


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for key, value in over.items():
        below = both.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            both[key] = merged(below, value)
        else:
            both[key] = value
    return both
