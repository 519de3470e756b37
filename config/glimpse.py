"""A look at the file for the ledger and the socket alone, which nothing else in it can prevent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.document import Unreadable, parse
from config.faults import ConfigError
from config.ledger import ControlSettings, LedgerSettings
from config.safe import refuse_open, text_of
from config.variables import merged, overrides

SECTIONS = ("ledger", "control")


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a command needs that asks the ledger or the running service, and changes nothing."""

    ledger: LedgerSettings
    control: ControlSettings
    told: bool
    """The file says where the ledger is, and does not leave it to the default."""


def glimpse(path: Path) -> Glimpse | None:
    """None where it cannot be told, or where others may have written it."""
    try:
        found = merged(_sections(text_of(path)), overrides())
        seen = Glimpse(
            LedgerSettings.model_validate(found.get("ledger")),
            ControlSettings.model_validate(found.get("control")),
            told="path" in (found.get("ledger") or {}),
        )
        refuse_open("ledger", seen.ledger.path)
    except (OSError, UnicodeDecodeError, ConfigError, Unreadable, ValidationError):
        return None
    return seen


def _sections(text: str) -> dict[str, Any]:
    """Raises Unreadable where one of them is at fault."""
    try:
        whole = parse(text)
    except Unreadable:
        # What is no YAML elsewhere: each of them by itself.
        return _blocks(text)
    for fault in whole.faults:
        if fault.place[0] in SECTIONS:
            raise Unreadable(fault.words)
    return whole.data


def _blocks(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in SECTIONS:
        begun = re.findall(rf"(?m)^{name}:", text)
        # Else it may go on, as behind a mark that a merge has left in it.
        ended = rf"(?m)^{name}:.*+(?:\n(?:[ \t#].*+)?+)*+(?=\Z|\w+:)"
        whole = re.findall(ended, text)
        if len(begun) > 1 or len(begun) != len(whole):
            raise Unreadable(f"{name} does not stand there once, and whole")
        found |= parse(whole[0]).data if whole else {}
    return found
