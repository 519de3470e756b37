"""The frozen bundle of everything that a step may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from time import sleep

from transfer.books import Ledger, Locks
from transfer.destination import Destination
from transfer.model import Delivery, Transfer
from transfer.ports import (
    Authority,
    Meter,
    Notifier,
    ObjectStore,
    Observer,
    Remotes,
    Sessions,
    Tracer,
)
from transfer.refusals import Refusals
from transfer.rules import Rules
from transfer.slots import Slots
from transfer.width import Width


class NoMeter:
    """Nobody counts."""

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None: ...

    def again(self, transfer: Transfer) -> None: ...

    def unfinished(self, transfers: int) -> None: ...


class NoTracer:
    """Nobody writes it down."""

    def hint(self, header: str) -> AbstractContextManager[None]:
        del header
        return nullcontext()

    def begun(self) -> str | None:
        return None

    def admitted(self, transfer: Transfer) -> None: ...

    def span(
        self, name: str, transfer: Transfer, delivery: Delivery | None = None
    ) -> AbstractContextManager[None]:
        del name, transfer, delivery
        return nullcontext()

    def ticket(self, find: Callable[[], Transfer]) -> AbstractContextManager[None]:
        del find
        return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports that a step may use; nothing in it tells who calls.

    `halt` raises what ends the work between two chunks: Stopping once the service is being stopped,
    Fenced, or Permanent once the request was cancelled. `fence` raises Fenced when the claim was
    not renewed in time; it is asked last before a publish. `pause` waits so many seconds.
    `progress_every` are the seconds between two writes of a file's progress; 0: at each chunk.
    """

    objects: ObjectStore
    remotes: Remotes
    sessions: Sessions
    authority: Authority
    ledger: Ledger
    locks: Locks
    notifier: Notifier
    observer: Observer
    meter: Meter = field(default_factory=NoMeter)
    tracer: Tracer = field(default_factory=NoTracer)
    destinations: Mapping[str, Destination]
    rules: Rules
    slots: Slots
    width: Width = field(default_factory=Width)
    refusals: Refusals = field(default_factory=Refusals)
    clock: Callable[[], datetime]
    halt: Callable[[], None]
    fence: Callable[[], None] = lambda: None
    pause: Callable[[float], object] = sleep
    progress_every: float = 0.0
