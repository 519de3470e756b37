"""Slots: so many at once, the fewest first, and never more than a destination allows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.transfer.made import PARTNER, VAULT
from transfer.destination import Destination
from transfer.errors import Stopping
from transfer.slots import Slots

WIDE = replace(PARTNER, connections=16)


def never() -> None:
    """Nobody stops."""


class Queue:
    """Threads that ask for a slot, in an order that the test knows."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.order: list[str] = []
        self.threads: list[threading.Thread] = []
        self.leave = threading.Event()

    def ask(self, transfer: str, destination: Destination = WIDE, requester: str = "") -> None:
        before = len(self.slots._waiting)
        thread = threading.Thread(target=self._hold, args=(transfer, destination, requester))
        thread.start()
        self.threads.append(thread)
        until(lambda: len(self.slots._waiting) > before or transfer in self.order)

    def _hold(self, transfer: str, destination: Destination, requester: str) -> None:
        with self.slots.take(transfer, destination, never, requester):
            self.order.append(transfer)
            self.leave.wait(60)

    def end(self) -> list[str]:
        self.leave.set()
        for thread in self.threads:
            thread.join(60)
        return self.order


def until(happened: Callable[[], bool]) -> None:
    for _ in range(6000):
        if happened():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen in 60 s")


def test_no_more_than_the_total_are_held() -> None:
    queue = Queue(Slots(2))
    for name in ("a", "b", "c"):
        queue.ask(name)
    until(lambda: len(queue.order) == 2)
    assert queue.order == ["a", "b"]
    assert queue.end() == ["a", "b", "c"]


def test_who_holds_the_fewest_comes_first() -> None:
    slots = Slots(2)
    queue = Queue(slots)
    with ExitStack() as held:
        held.enter_context(slots.take("greedy", WIDE, never))
        other = held.enter_context(ExitStack())
        other.enter_context(slots.take("third", WIDE, never))
        queue.ask("greedy")
        queue.ask("modest")
        other.close()
        until(lambda: bool(queue.order))
        assert queue.order == ["modest"]
    assert queue.end() == ["modest", "greedy"]


def test_a_requester_s_flood_does_not_starve_the_others() -> None:
    slots = Slots(2)
    queue = Queue(slots)
    with ExitStack() as held:
        first = held.enter_context(ExitStack())
        first.enter_context(slots.take("flood-1", WIDE, never, "greedy"))
        held.enter_context(slots.take("flood-2", WIDE, never, "greedy"))
        queue.ask("flood-3", requester="greedy")
        queue.ask("one", requester="modest")
        first.close()
        until(lambda: bool(queue.order))
        assert queue.order == ["one"]
    assert queue.end() == ["one", "flood-3"]


def test_a_destination_gets_no_more_than_its_connections() -> None:
    slots, narrow = Slots(5), replace(PARTNER, connections=1)
    queue = Queue(slots)
    with slots.take("a", narrow, never):
        queue.ask("b", narrow)
        queue.ask("c", VAULT)
        until(lambda: bool(queue.order))
        assert queue.order == ["c"]
    assert sorted(queue.end()) == ["b", "c"]


def test_further_connections_are_lent_as_many_as_are_left() -> None:
    slots, four = Slots(5), replace(PARTNER, connections=4)
    with slots.take("a", four, never), slots.take("b", four, never):
        with slots.widen(four, 3) as granted:
            assert granted == 2
            with slots.widen(four, 3) as nothing:
                assert nothing == 0
        with slots.widen(four, 1) as granted:
            assert granted == 1


def test_a_stop_ends_the_waiting_and_leaves_the_queue() -> None:
    slots = Slots(1)

    def halt() -> None:
        raise Stopping

    with slots.take("a", WIDE, never), pytest.raises(Stopping), slots.take("b", WIDE, halt):
        pass
    assert slots._waiting == []
    with slots.take("c", WIDE, halt):
        pass


def test_a_connection_is_kept_only_while_nobody_else_waits_for_it() -> None:
    slots, narrow = Slots(5), replace(PARTNER, connections=1)
    queue = Queue(slots)
    with slots.take("a", narrow, never):
        queue.ask("b", narrow)
        assert not slots.keep(narrow)
        assert slots.keep(VAULT)
        slots.dropped(VAULT)
    assert queue.end() == ["b"]


def test_a_connection_that_is_kept_counts_until_it_is_dropped() -> None:
    slots, narrow = Slots(5), replace(PARTNER, connections=1)
    queue = Queue(slots)
    with slots.take("a", narrow, never):
        assert slots.keep(narrow)
    assert slots.used(narrow) == 1
    queue.ask("b", narrow)
    # Whoever has it needs no other one.
    with slots.take("a", narrow, never, kept=True):
        assert (slots.used(narrow), queue.order) == (1, [])
        assert not slots.keep(narrow)
    assert queue.end() == ["b"]
    with slots.take("a", narrow, never):
        assert slots.keep(narrow)
    queue = Queue(slots)
    queue.ask("c", narrow)
    assert queue.order == []
    slots.dropped(narrow)
    assert queue.end() == ["c"]
