"""The frozen bundle of everything that a step may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from time import sleep

from transfer.audit.chain import Signer
from transfer.books import Chain, Ledger, Locks, Recollections, Shards
from transfer.buffers import Buffers
from transfer.destination import Destination
from transfer.digests import STATELESS, Makers
from transfer.history import Event
from transfer.model import MIB, Delivery, Transfer
from transfer.ports import (
    Authority,
    Meter,
    Notifier,
    ObjectStore,
    Observer,
    Remotes,
    Sessions,
    Standing,
    Tracer,
)
from transfer.refusals import Refusals
from transfer.rules import Rules
from transfer.slots import Slots
from transfer.width import Width

KEEP_ABOVE = 256 * MIB
"""Up to this size all of it is read again within seconds, and digests whose state can be kept take
a quarter more CPU than hashlib's.
"""
Places = Callable[[Transfer, Destination, int], AbstractContextManager[None]]
"""What a crossing that can use so many connections is done within: other doors want theirs."""


Quota = Callable[[Destination, int], int]
"""How many of so many files may be begun there now; raises Waiting where none may. With 0 it only
looks.
"""


Pace = Callable[[Destination, int, Callable[[], None]], int]
"""How many of so many bytes may be sent there now; waits for the first, and asks `halt` then."""


def at_once(_destination: Destination, wanted: int, _halt: Callable[[], None]) -> int:
    """As fast as it goes."""
    return wanted


def any_number(_destination: Destination, wanted: int) -> int:
    """Nobody counts files."""
    return wanted


def alone(_transfer: Transfer, _destination: Destination, _wanted: int) -> nullcontext[None]:
    """No other door has connections to it."""
    return nullcontext()


class NoMeter:
    """Nobody counts."""

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None: ...

    def again(self, transfer: Transfer) -> None: ...

    def quarantined(self, transfer: Transfer) -> None: ...

    def standing(self, figures: Standing) -> None: ...


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
    `digests` compute those of a file of more than `keep_above` bytes, whose state is kept. Without
    a `chain` receipts stand alone, and without `recollections` each digest is computed anew.
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
    places: Places = alone
    quota: Quota = any_number
    pace: Pace = at_once
    width: Width = field(default_factory=Width)
    buffers: Buffers = field(default_factory=Buffers)
    refusals: Refusals = field(default_factory=Refusals)
    clock: Callable[[], datetime]
    halt: Callable[[], None]
    fence: Callable[[], None] = lambda: None
    pause: Callable[[float], object] = sleep
    progress_every: float = 0.0
    digests: Makers = field(default_factory=lambda: STATELESS)
    keep_above: int = KEEP_ABOVE
    shards: Shards | None = None
    chain: Chain | None = None
    recollections: Recollections | None = None
    signer: Signer | None = None
    tell: Callable[[Event], None] = lambda _: None
    """Keeps an event until the next save, which writes it."""
