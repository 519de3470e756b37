"""The queue's loop when ServiceNow, the ledger or the queue itself does not answer."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryLedger
from tests.daemon.door import CountingInbox, Door
from tests.transfer.made import order_of_its_own
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Transfer
from transfer.ports import Message

HOUR = 3600.0
SILENT = Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")


class PickyInbox(CountingInbox):
    """Raises the error of a task whenever that one is read."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, Exception] = {}

    def read(self, task_id: str) -> Evidence | None:
        if task_id in self.errors:
            raise self.errors[task_id]
        return super().read(task_id)


class FullLedger(MemoryLedger):
    """Takes nothing in as long as `error` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.error: FerryError | None = None

    def admit(self, transfer: Transfer) -> Transfer:
        if self.error:
            raise self.error
        return super().admit(transfer)


def filled(door: Door, count: int) -> Door:
    """So many approved orders, and a hint for each."""
    for number in range(count):
        door.inbox.put(order_of_its_own(number))
        door.say(task=f"{number:032x}")
    return door


def ends(door: Door, seconds: float, end: FerryError | None = None) -> None:
    """After so many seconds the inbox answers again."""
    over = door.clock.now + seconds

    def meanwhile() -> None:
        door.hints.beat()
        if door.clock.now > over:
            door.inbox.failure = end

    door.stop.meanwhile = meanwhile


@pytest.mark.parametrize(
    "error",
    [
        SILENT,
        Transient(Code.SERVICENOW_THROTTLED, "Too many.", retry_after=600.0),
        Permanent(Code.SERVICENOW_AUTH, "No login."),
        Permanent(Code.SERVICENOW_DENIED, "No right."),
    ],
)
def test_an_hour_without_servicenow_costs_no_message_and_no_hand_out(error: FerryError) -> None:
    door = filled(Door(), 200)
    door.inbox.failure = error
    ends(door, HOUR)
    with capture_logs() as logs:
        door.drain()
    assert len(door.known()) == 200
    assert sorted(door.carried) == sorted(door.known())
    assert door.queue.dead == []
    assert not [line for line in logs if line["event"] == "hint put back"]
    told = [line["event"] for line in logs if line["event"].startswith("trouble")]
    assert told == ["trouble", "trouble over"]


def test_servicenow_is_asked_less_and_less_while_it_is_silent() -> None:
    door = filled(Door(), 10)
    door.inbox.failure = SILENT
    ends(door, HOUR)
    door.drain()
    silent = door.inbox.asked - 10
    assert silent <= 16
    # Drawn from 1 to 1.25 times its length: of two at the longest, the later may be the shorter.
    pairs = itertools.pairwise(door.stop.waits)
    assert all(later >= earlier / 1.25 for earlier, later in pairs)
    assert max(door.stop.waits) <= 900 * 1.25


def test_it_waits_as_long_as_servicenow_asks() -> None:
    door = filled(Door(), 1)
    door.inbox.failure = Transient(Code.SERVICENOW_THROTTLED, "Wait.", retry_after=600.0)
    ends(door, 1.0)
    door.drain()
    assert door.stop.waits == [600.0]


def test_one_record_that_cannot_be_read_does_not_hold_up_the_others() -> None:
    inbox = PickyInbox()
    door = filled(Door(inbox=inbox), 5)
    inbox.errors[f"{0:032x}"] = SILENT
    door.hints.round()
    assert len(door.known()) == 4
    assert sum(door.stop.waits) < 10
    inbox.errors.clear()
    door.drain()
    assert len(door.known()) == 5
    assert door.queue.dead == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Permanent(Code.SERVICENOW_UNTRUSTED, "Odd."), Code.SERVICENOW_UNTRUSTED),
        (KeyError("a bug"), Code.INTERNAL),
    ],
)
def test_a_record_that_is_never_readable_ends_as_a_dead_letter(
    error: Exception, code: Code
) -> None:
    inbox = PickyInbox()
    door = filled(Door(inbox=inbox), 2)
    inbox.errors[f"{0:032x}"] = error
    with capture_logs():
        door.drain()
    assert len(door.known()) == 1
    assert door.codes() == [code]


def test_a_full_ledger_keeps_the_messages_in_hand() -> None:
    ledger = FullLedger()
    door = filled(Door(books=ledger), 3)
    ledger.error = Transient(Code.LEDGER_FULL, "The disk is full.")
    waits = 0

    def meanwhile() -> None:
        nonlocal waits
        waits += 1
        door.hints.beat()
        if waits == 50:
            ledger.error = None

    door.stop.meanwhile = meanwhile
    door.drain()
    assert len(door.known()) == 3
    assert (door.queue.dead, door.ruin) == ([], [])


def test_a_ledger_that_is_unusable_ends_the_service_and_the_message_stays() -> None:
    ledger = FullLedger()
    door = filled(Door(books=ledger), 1)
    ledger.error = Permanent(Code.LEDGER_UNUSABLE, "A failed fsync.")
    door.stop.meanwhile = door.stop.set
    door.hints.round()
    assert [error.code for error in door.ruin] == [Code.LEDGER_UNUSABLE]
    assert (len(door.queue), door.queue.dead) == (1, [])


def test_a_stop_gives_back_what_is_in_hand() -> None:
    door = filled(Door(), 10)
    door.inbox.failure = SILENT
    door.stop.meanwhile = door.stop.set
    door.hints.round()
    again = door.queue.receive()
    assert [message.receives for message in again] == [2] * 10


def test_the_heartbeat_hides_what_is_in_hand_and_nothing_else() -> None:
    door = filled(Door(), 12)
    door.inbox.failure = SILENT
    beats: list[int] = []

    def meanwhile() -> None:
        door.clock.now += 100.0
        door.hints.beat()
        beats.append(len(door.queue.receive()))
        if len(beats) == 5:
            door.inbox.failure = None

    door.stop.meanwhile = meanwhile
    door.drain(4_000.0)
    assert beats[0] == 2
    assert sum(beats[1:]) <= 4
    assert len(door.known()) >= 10


def test_a_heartbeat_that_fails_costs_a_second_look_and_nothing_else() -> None:
    door = filled(Door(), 3)
    taken: Sequence[Message] = []

    def meanwhile() -> None:
        nonlocal taken
        door.queue.failure = Transient(Code.QUEUE_UNAVAILABLE, "503.")
        door.hints.beat()
        door.queue.failure = None
        door.clock.now += 200.0
        taken = taken or door.queue.receive()
        door.inbox.failure = None

    door.inbox.failure = SILENT
    door.stop.meanwhile = meanwhile
    door.hints.round()
    assert len(door.known()) == 3
    assert [message.receives for message in taken] == [2, 2, 2]
    door.drain()
    assert len(door.known()) == 3
    assert door.queue.dead == []


def test_what_cannot_be_deleted_comes_again_and_is_deleted_then() -> None:
    door = filled(Door(), 1)
    door.queue.refused = Transient(Code.QUEUE_UNAVAILABLE, "The answer was lost.")
    door.hints.round()
    assert len(door.queue) == 1
    door.drain()
    assert (len(door.known()), len(door.queue), door.queue.dead) == (1, 0, [])


def runs(door: Door, seconds: float) -> Sequence[Mapping[str, Any]]:
    """The loop for so many seconds of the door's clock."""
    over = door.clock.now + seconds

    def meanwhile() -> None:
        if door.clock.now > over:
            door.stop.set()

    door.stop.meanwhile = meanwhile
    with capture_logs() as logs:
        door.hints.run()
    return logs


@pytest.mark.parametrize(
    "error",
    [
        Transient(Code.QUEUE_UNAVAILABLE, "Throttled."),
        Permanent(Code.QUEUE_REFUSED, "No such queue."),
    ],
)
def test_a_queue_that_does_not_answer_is_asked_seldom_and_said_once(error: FerryError) -> None:
    door = Door()
    door.queue.failure = error
    logs = runs(door, 600.0)
    assert len(door.stop.waits) <= 20
    assert min(door.stop.waits) >= 1.0
    assert max(door.stop.waits) <= 75.0
    assert [line["code"] for line in logs if line["event"] == "trouble"] == [error.code]


def test_a_queue_that_answers_at_once_with_nothing_makes_no_tight_loop() -> None:
    door = Door()
    runs(door, 60.0)
    assert 30 <= len(door.stop.waits) <= 70


def test_the_loop_survives_a_bug_of_ours() -> None:
    door = filled(Door(), 1)

    def broken() -> Sequence[Message]:
        raise ZeroDivisionError

    door.queue.instead = broken
    logs = runs(door, 20.0)
    assert "hints failed by a fault of ours" in [line["event"] for line in logs]
    assert logs[-1]["event"] == "hints ended"


def test_the_end_does_not_wait_for_a_long_poll() -> None:
    door = Door()
    called, released = threading.Event(), threading.Event()

    def long_poll() -> Sequence[Message]:
        called.set()
        released.wait(60)
        return []

    door.queue.instead = long_poll
    door.hints.start()
    assert called.wait(60)
    door.stop.set()
    door.hints.end()
    released.set()
