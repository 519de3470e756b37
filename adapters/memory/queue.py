"""A queue in a list: messages hide for a while, come again, and die after so many hand-outs."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from transfer.errors import FerryError
from transfer.ports import Message

BATCH = 10


@dataclass
class _Entry:
    id: str
    body: str
    group: str
    receives: int = 0
    hidden_until: float = 0.0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`code` and `reason` are empty for one that the queue itself gave up."""

    body: str
    code: str = ""
    reason: str = ""
    group: str = ""


@dataclass
class MemoryQueue:
    """`failure` is raised by every call as long as it is set; `visibility` is in seconds."""

    receives: int = 5
    visibility: float = 120.0
    now: Callable[[], float] = time.monotonic
    failure: FerryError | None = None
    dead: list[DeadLetter] = field(default_factory=list)
    _visible: deque[_Entry] = field(default_factory=deque)
    _hidden: dict[str, _Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)

    def receive(self) -> Sequence[Message]:
        """What is there now; nobody waits here for the first one."""
        with self._lock:
            self._fail()
            self._show_again()
            count = min(BATCH, len(self._visible))
            return [self._handed_out(self._visible.popleft()) for _ in range(count)]

    def keep(self, seconds: float, *messages: Message) -> None:
        with self._lock:
            self._fail()
            for message in messages:
                if entry := self._hidden.get(message.receipt):
                    entry.hidden_until = self.now() + seconds

    def settle(self, *messages: Message) -> None:
        with self._lock:
            self._fail()
            for message in messages:
                self._hidden.pop(message.receipt, None)

    def refuse(self, message: Message, why: FerryError) -> None:
        with self._lock:
            self._fail()
            reason = f"{why.message} {why.action}"
            self.dead.append(DeadLetter(message.body, why.code, reason, message.group))
            self.settle(message)

    def send(self, body: str, group: str) -> str:
        with self._lock:
            self._fail()
            entry = _Entry(f"message-{next(self._numbers)}", body, group)
            self._visible.append(entry)
            return entry.id

    def __len__(self) -> int:
        """Messages that are neither deleted nor dead, hidden ones too."""
        return len(self._visible) + len(self._hidden)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _show_again(self) -> None:
        """What nobody kept hidden comes again, or dies when it was handed out often enough."""
        over = [each for each, entry in self._hidden.items() if entry.hidden_until <= self.now()]
        for entry in [self._hidden.pop(receipt) for receipt in over]:
            if entry.receives >= self.receives:
                self.dead.append(DeadLetter(entry.body, group=entry.group))
            else:
                self._visible.append(entry)

    def _handed_out(self, entry: _Entry) -> Message:
        entry.receives += 1
        entry.hidden_until = self.now() + self.visibility
        receipt = f"receipt-{next(self._numbers)}"
        self._hidden[receipt] = entry
        return Message(
            id=entry.id,
            body=entry.body,
            receives=entry.receives,
            last=entry.receives >= self.receives,
            receipt=receipt,
            group=entry.group,
        )
