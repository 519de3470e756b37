"""All ways of telling at once, each within its own time; none of them ever holds a transfer up."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapters.log import Log
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Delivery, Outcome, Transfer
from transfer.ports import Notifier
from transfer.telling.notices import Notice, notice_of

MOST = 32
"""Threads that may hang in one way; each ends by itself, unless a server feeds it for ever."""

log = Log()


class Way(Protocol):
    def send(self, notice: Notice) -> None:
        """Once: nothing is tried again. Raises FerryError, in whose words there is no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A way by its name, and what it is told of. Without destinations: all, also unknown ones.

    `timeout` is in seconds, for all that a notice takes: to find the host, to connect, to be heard.
    """

    name: str
    way: Way
    outcomes: frozenset[Outcome]
    destinations: frozenset[str] = frozenset()
    timeout: float = 10.0
    threads: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST))

    def wants(self, transfer: Transfer) -> bool:
        anywhere = not self.destinations or transfer.request.destination in self.destinations
        return transfer.outcome in self.outcomes and anywhere


class Notices:
    """The Notifier port over several ways; `beside` is told of every ending, and first."""

    def __init__(self, ways: Sequence[Told], beside: Notifier) -> None:
        self._ways = ways
        self._beside = beside

    def tell(self, transfer: Transfer, deliveries: Sequence[Delivery]) -> None:
        self._beside.tell(transfer, deliveries)
        ways = [each for each in self._ways if each.wants(transfer)]
        failures = send(notice_of(transfer, deliveries), ways) if ways else {}
        for name, why in failures.items():
            log.warning("notice failed", **transfer.log_context(), notice=name, reason=why)
        if failures:
            said = " ".join(f"The notice {name} failed: {why}" for name, why in failures.items())
            raise Permanent(Code.NOTICE_FAILED, said)


def send(notice: Notice, ways: Sequence[Told]) -> dict[str, str]:
    """Send it by each of the ways, at once. Returns why it failed, by the names of those."""
    begun = time.monotonic()
    answers = [(each, _begin(each, notice)) for each in ways]
    found = {}
    for each, answer in answers:
        try:
            why = answer.get(timeout=max(0.0, begun + each.timeout - time.monotonic()))
        except queue.Empty:
            why = f"It was not done within {each.timeout:g} s."
        if why:
            found[each.name] = why
    return found


def _begin(told: Told, notice: Notice) -> queue.SimpleQueue[str]:
    answer: queue.SimpleQueue[str] = queue.SimpleQueue()

    def work() -> None:
        try:
            answer.put(_sent(told.way, notice))
        finally:
            told.threads.release()

    if told.threads.acquire(blocking=False):
        threading.Thread(target=work, name=f"notice {told.name}", daemon=True).start()
    else:
        answer.put(f"{MOST} notices before it hang there still.")
    return answer


def _sent(way: Way, notice: Notice) -> str:
    """Why not; empty when it was sent."""
    try:
        way.send(notice)
    except FerryError as error:
        return error.message
    except Exception as error:  # noqa: BLE001 a notice never fails a transfer
        # The name alone: what a library says may hold the address of a webhook.
        return f"FileFerry stumbled over a {type(error).__name__}."
    return ""
