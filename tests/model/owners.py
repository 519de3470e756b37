"""Owners of one transfer that move when they are told to: the real steps, a call at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Queue
from typing import Any

from tests.transfer.bench import Bench, Crash, Fuse
from tests.transfer.made import NOON, request
from tests.transfer.test_journey import three_tries
from transfer.errors import Code, FerryError, Transient
from transfer.journey import STEPS, advance, take_up, travel
from transfer.model import Transfer
from transfer.routing import owner_of
from transfer.tools import Tools

GO, DIE, DIED, LOSE, LOST = "go", "die before", "die after", "lose before", "lose after"
"""What becomes of a call: `lost` is a call that is done and whose answer never comes."""
FREE = frozenset({"describe", "read", "read_into"})
"""Calls that wait for nobody: the source never changes, and readers have threads of their own."""
PATIENCE = 60.0
LEASE = 61.0


class Baton(Fuse):
    """Lets one call through for each word that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.words: Queue[str] = Queue()
        self.arrived: Queue[bool] = Queue()
        """True for a call that waits for its word, False for an owner that has ended."""

    def around(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.dead:
            raise Crash
        if call.__name__ in FREE:
            return call(*args, **kwargs)
        self.arrived.put(True)
        word = self.words.get(timeout=PATIENCE)
        if word == DIE:
            self.burn()
        if word == LOSE:
            raise _no_answer()
        result = call(*args, **kwargs)
        if word == DIED:
            self.burn()
        if word == LOST:
            raise _no_answer()
        return result


def _no_answer() -> Transient:
    return Transient(Code.REMOTE_TIMEOUT, "No answer.")


EXECUTION = owner_of("ff-1")


class Owner:
    """Admits the request, claims the transfer if it can be had, and carries it to its end.

    As `invocations` of one execution it claims it anew for each step, over its own dead ones.
    """

    def __init__(self, world: Bench, *, invocations: bool = False) -> None:
        self._world = world
        self._go_on = self._invoked if invocations else self._carried
        self._baton = Baton()
        self.epoch = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.waits = self._baton.arrived.get(timeout=PATIENCE)

    def move(self, word: str = GO) -> None:
        """One call, with what becomes of it; nothing happens once the owner has ended."""
        if self.waits:
            self._baton.words.put(word)
            self.waits = self._baton.arrived.get(timeout=PATIENCE)

    def finish(self) -> None:
        while self.waits:
            self.move()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        try:
            self._carry()
        except (Crash, FerryError):
            pass
        finally:
            self._baton.arrived.put(False)

    def _carry(self) -> None:
        tools, asked = self._world.tools(self._baton), request()
        tools.ledger.admit(Transfer(request=asked, received_at=NOON))
        self._go_on(asked.id, tools)

    def _carried(self, transfer_id: str, tools: Tools) -> None:
        claimed = tools.ledger.claim(transfer_id)
        if claimed:
            self.epoch = claimed.epoch
            travel(claimed, tools, three_tries)

    def _invoked(self, transfer_id: str, tools: Tools) -> None:
        for step in (*STEPS, *STEPS):
            claimed = tools.ledger.claim(transfer_id, over=EXECUTION)
            if claimed is None:
                return
            self.epoch = claimed.epoch
            take_up(claimed, tools)
            advance(claimed, tools, step, three_tries)
            tools.ledger.renew(claimed, 0)
