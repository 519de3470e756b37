"""Reads the configuration: one YAML file, then `FILEFERRY_…` variables, which win.

Every fault of the file and of the variables is collected and raised at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config import files, rules, wording
from config.document import Document, Unreadable, parse
from config.faults import ConfigError, Fault, Place
from config.settings import ControlSettings, LedgerSettings, Settings

PREFIX = "FILEFERRY_"
_RESERVED = ("FILEFERRY_CONFIG", "FILEFERRY_SECRET_", "FILEFERRY_UNIT")


def read(path: Path) -> Settings:
    document = _document(path)
    overrides = _overrides()
    data = _merged(document.data, overrides)
    found = [*document.faults, *_strays(), *rules.faults(data), *wording.faults(data)]
    if found:
        faults = _located(found, document, overrides)
        raise ConfigError(f"The configuration {path} cannot be used", faults)
    settings = Settings.model_validate(data)
    for what, place in _trusted(settings):
        _refuse_open(what, place)
    return settings


def glimpse(path: Path) -> Settings | None:
    try:
        text, over, found = _text(path), _overrides(), dict[str, Any]()
        for name, kind in (("ledger", LedgerSettings), ("control", ControlSettings)):
            block = re.search(rf"(?m)^{name}:.*(?:\n(?:[ \t#].*)?)*", text)
            data = parse(block[0]).data if block else {}
            found[name] = kind.model_validate(_merged(data, over).get(name))
        settings = Settings.model_construct(None, **found)
        _refuse_open("ledger", settings.ledger.path)
    except (OSError, UnicodeDecodeError, ConfigError, Unreadable, ValidationError):
        return None
    return settings


def _trusted(settings: Settings) -> Iterator[tuple[str, Path]]:
    """What the settings name and others must not put another file in the place of."""
    if settings.ledger.kind == "sqlite":
        yield "ledger", settings.ledger.path
    notified = (each.ca_file for each in settings.notices.values())
    theirs = (each.tls.ca_file for each in settings.destinations.values())
    for authority in filter(None, (settings.servicenow.ca_file, *theirs, *notified)):
        yield "certificate authority", authority


def _refuse_open(what: str, path: Path) -> None:
    """Raises ConfigError when others may write to the file, or everybody may replace it."""
    found = files.open_file(path) or files.open_directory(path)
    if found:
        raise ConfigError(f"{found.words} the {what} {path}.", action=found.action)


def _document(path: Path) -> Document:
    action = None
    try:
        return parse(_text(path))
    except FileNotFoundError:
        trouble = f"There is no configuration file {path}."
        action = "Copy config/fileferry.example.yaml there, or name another one with --config."
    except OSError as error:
        trouble = f"The configuration file {path} cannot be read: {error.strerror}."
        action = "Make it a file that the user of the service may read."
    except UnicodeDecodeError:
        trouble = f"The configuration file {path} is not UTF-8 text."
    except Unreadable as error:
        trouble = f"The configuration file {path} is not in order: {error}."
    raise ConfigError(trouble, action=action)


def _text(path: Path) -> str:
    data, _ = files.read(path)
    _refuse_open("configuration file", path)
    return data.decode("utf-8-sig")


def _overrides() -> dict[str, Any]:
    """The variables as a tree; lists and sections in them are JSON."""
    if not any(_variables()):
        return {}
    # Here, for it takes as long as the rest of a load, and few hosts set a variable.
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError  # noqa: PLC0415

    environment = type("Environment", (Settings, BaseSettings), {})
    try:
        return EnvSettingsSource(environment, env_prefix=PREFIX, env_nested_delimiter="__")()
    except SettingsError as error:
        field = str(error).partition('"')[2].partition('"')[0]
    name = f"{PREFIX}{field.upper()}"
    fault = Fault((name,), 'must be JSON where it is a list or a section, e.g. ["one", "two"]')
    raise ConfigError("The environment cannot be used", [fault])


def _variables() -> Iterator[str]:
    """The names of those that are settings, or meant to be."""
    for name in os.environ:
        if name.upper().startswith(PREFIX) and not name.upper().startswith(_RESERVED):
            yield name


def _strays() -> Iterator[Fault]:
    for name in _variables():
        section = name.upper().removeprefix(PREFIX).lower().partition("__")[0]
        if section not in Settings.model_fields:
            yield Fault((name,), f"is not a setting; {PREFIX}POLL__EVERY would be poll.every")


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for key, value in over.items():
        below = both.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            both[key] = _merged(below, value)
        else:
            both[key] = value
    return both


def _located(
    faults: Iterable[Fault], document: Document, overrides: dict[str, Any]
) -> tuple[Fault, ...]:
    """The first fault of each place, with the line or the variable that it comes from."""
    first: dict[Place, Fault] = {}
    for fault in faults:
        variable = _variable(fault.place, overrides)
        line = None if variable else fault.line or document.line(fault.place)
        words = f"{fault.words} (from {variable})" if variable else fault.words
        first.setdefault(fault.place, Fault(fault.place, words, line))
    return tuple(sorted(first.values(), key=lambda fault: fault.line or 0))


def _variable(place: Place, overrides: dict[str, Any]) -> str | None:
    tree: Any = overrides
    for depth, step in enumerate(place):
        if not isinstance(tree, dict) or step not in tree:
            return None
        tree = tree[step]
        if not isinstance(tree, dict):
            return PREFIX + "__".join(map(str, place[: depth + 1])).upper()
    return None
