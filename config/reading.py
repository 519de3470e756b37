"""Reads the configuration: one YAML file, then `FILEFERRY_…` variables, which win.

Every fault of the file and of the variables is collected and raised at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from config import rules, wording
from config.document import Document, Unreadable, parse
from config.faults import ConfigError, Fault, Place
from config.safe import refuse_open, text_of
from config.settings import Settings
from config.variables import PREFIX, merged, overrides, variables


def read(path: Path) -> Settings:
    document = _document(path)
    over = overrides()
    data = merged(document.data, over)
    found = [*document.faults, *_strays(), *rules.faults(data), *wording.faults(data)]
    if found:
        faults = _located(found, document, over)
        raise ConfigError(f"The configuration {path} cannot be used", faults)
    settings = Settings.model_validate(data)
    for what, place in _trusted(settings):
        refuse_open(what, place)
    return settings


def _trusted(settings: Settings) -> Iterator[tuple[str, Path]]:
    """What the settings name and others must not put another file in the place of."""
    if settings.ledger.kind == "sqlite":
        yield "ledger", settings.ledger.path
    notified = (each.ca_file for each in settings.notices.values())
    theirs = (each.tls.ca_file for each in settings.destinations.values())
    for authority in filter(None, (settings.servicenow.ca_file, *theirs, *notified)):
        yield "certificate authority", authority


def _document(path: Path) -> Document:
    action = None
    try:
        return parse(text_of(path))
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


def _strays() -> Iterator[Fault]:
    for name in variables():
        section = name.upper().removeprefix(PREFIX).lower().partition("__")[0]
        if section not in Settings.model_fields:
            yield Fault((name,), f"is not a setting; {PREFIX}POLL__EVERY would be poll.every")


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
