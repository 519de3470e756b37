"""The frozen bundle of everything that a step may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from transfer.destination import Destination
from transfer.model import Rules
from transfer.ports import (
    Authority,
    Ledger,
    Notifier,
    ObjectStore,
    Observer,
    Remotes,
    Sessions,
)
from transfer.slots import Slots
from transfer.width import Width


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports that a step may use; nothing in it tells who calls.

    `halt` raises Stopping once the service is being stopped; the crossing asks between chunks.
    """

    objects: ObjectStore
    remotes: Remotes
    sessions: Sessions
    authority: Authority
    ledger: Ledger
    notifier: Notifier
    observer: Observer
    destinations: Mapping[str, Destination]
    rules: Rules
    slots: Slots
    width: Width = field(default_factory=Width)
    clock: Callable[[], datetime]
    halt: Callable[[], None]
