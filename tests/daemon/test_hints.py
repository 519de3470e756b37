"""What becomes of each message: taken up, left to the poll, put back, or a dead letter."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryLedger
from tests.daemon.door import Door
from tests.transfer.made import approval, evidence, order_of_its_own
from tests.transfer.request.messages import s3_record, sns, wrong
from tests.transfer.request.test_hints_executions import NAME, event
from transfer.approval import policy
from transfer.errors import Code, Permanent
from transfer.model import Outcome, Stage, Transfer
from transfer.request.hints import ObjectHint

TASK = evidence().task_id
OTHER = "9" * 32


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize(
    "named",
    [
        {"request": "RITM0010001"},
        {"request": "REQ0010001"},
        {"request": "SCTASK0010001"},
        {"task": TASK},
    ],
)
def test_an_approved_order_is_taken_up_whatever_names_it(door: Door, named: dict[str, Any]) -> None:
    door.inbox.put(evidence())
    door.say(**named)
    door.hints.round()
    assert door.known() == door.carried == [evidence().request_id]
    assert (len(door.queue), door.queue.dead) == (0, [])


class Watching(MemoryLedger):
    """Notes how many messages the queue still holds whenever it takes something in."""

    def __init__(self) -> None:
        super().__init__()
        self.look: Callable[[], int] = lambda: 0
        self.seen: list[int] = []

    def admit(self, transfer: Transfer) -> Transfer:
        admitted = super().admit(transfer)
        self.seen.append(self.look())
        return admitted


def test_the_message_goes_after_the_ledger_has_it() -> None:
    ledger = Watching()
    door = Door(books=ledger)
    ledger.look = lambda: len(door.queue)
    door.inbox.put(evidence())
    door.say(task=TASK)
    door.hints.round()
    assert ledger.seen == [1]
    assert len(door.queue) == 0


@pytest.mark.parametrize(
    ("named", "asked"),
    [({"request": "RITM0010001"}, 2), ({"request": "SCTASK0010001"}, 2), ({"task": TASK}, 1)],
)
def test_the_same_hint_ten_times_is_one_transfer_and_one_look(
    door: Door, named: dict[str, Any], asked: int
) -> None:
    door.inbox.put(evidence())
    for _ in range(10):
        door.say(**named)
    door.drain()
    assert door.known() == [evidence().request_id]
    assert door.inbox.asked == asked
    assert door.queue.dead == []


@pytest.mark.parametrize("named", [{"request": "RITM0010001"}, {"task": TASK}])
def test_a_hint_for_what_was_delivered_is_only_deleted(door: Door, named: dict[str, Any]) -> None:
    door.inbox.put(evidence())
    door.say(task=TASK)
    door.drain()
    claimed = door.books.claim(evidence().request_id)
    assert claimed
    door.books.save(claimed.evolve(stage=Stage.CLOSED, outcome=Outcome.DELIVERED))
    door.inbox.put(evidence(task_active=False, task_state="3", item_active=False, item_state="3"))
    door.carried.clear()
    door.say(**named)
    door.drain()
    assert (door.carried, door.queue.dead, door.books.store.posts) == ([], [], {})


def test_nothing_in_a_message_approves_anything(door: Door) -> None:
    door.inbox.put(evidence(item_approval="requested"))
    door.say(task=TASK, approved=True, approval="approved", state="3", requester="otto.lind")
    with capture_logs() as logs:
        door.drain()
    assert (door.known(), door.carried) == ([], [])
    assert door.queue.dead == []
    [warning] = [line for line in logs if line["log_level"] == "warning"]
    assert warning["event"] == "hint has fields that do not count"
    assert warning["fields"] == ("“approval”", "“approved”", "“requester”", "“state”")


def test_what_waits_for_its_approval_is_left_to_the_poll(door: Door) -> None:
    door.inbox.put(evidence(item_approval="requested"))
    door.say(task=TASK)
    door.drain()
    door.inbox.put(evidence())
    door.intake.round()
    assert door.known() == [evidence().request_id]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"approvals": (approval(approver_id="a" * 32),)}, Code.APPROVAL_SELF),
        ({"approvals": (approval(in_group=False),)}, Code.APPROVAL_OUTSIDER),
        ({"catalog_item": "0" * 32}, Code.REQUEST_FOREIGN),
        ({"item_approval": "rejected"}, Code.APPROVAL_REJECTED),
    ],
)
def test_a_refused_order_is_a_dead_letter_and_told_on_its_tickets(
    door: Door, changes: dict[str, Any], code: Code
) -> None:
    door.inbox.put(evidence(**changes))
    door.say(task=TASK)
    door.drain()
    assert door.codes() == [code]
    [record] = door.archive.search()
    assert record.transfer.failure
    assert record.transfer.failure.code == code


def test_a_record_that_never_comes_is_put_back_four_times_and_dies_with_the_reason(
    door: Door,
) -> None:
    door.say(request="RITM0010001")
    before = door.clock.now
    door.drain()
    assert door.codes() == [Code.HINT_UNKNOWN]
    assert "RITM0010001" in door.queue.dead[0].reason
    # The tries within a minute of the first one are answered from memory.
    assert door.inbox.asked == 3
    assert 150 <= door.clock.now - before < 170


def test_a_record_that_comes_late_is_found(door: Door) -> None:
    door.say(request="RITM0010001")
    door.hints.round()
    door.inbox.put(evidence())
    door.drain()
    assert door.known() == [evidence().request_id]
    assert door.queue.dead == []


@pytest.mark.parametrize(
    "changes",
    [{"task_state": "2"}, {"task_state": "3", "task_active": False}, {"task_state": "-5"}],
)
def test_a_task_that_no_poll_would_find_is_not_taken_up_by_a_hint(
    door: Door, changes: dict[str, Any]
) -> None:
    """As after the loss of the ledger: what was in progress must not be sent again."""
    door.inbox.put(evidence(**changes))
    door.say(task=TASK)
    door.drain()
    assert (door.known(), door.carried) == ([], [])
    assert door.codes() == [Code.HINT_UNKNOWN]


@pytest.mark.parametrize("rejected", [TASK, OTHER])
def test_of_several_tasks_of_one_request_each_is_judged(door: Door, rejected: str) -> None:
    for task_id in (TASK, OTHER):
        approval = "rejected" if task_id == rejected else "approved"
        door.inbox.put(evidence(task_id=task_id, item_approval=approval))
    door.say(request="REQ0010001")
    door.drain()
    assert len(door.known()) == 2
    assert door.queue.dead == []


def test_a_message_that_is_malformed_is_a_dead_letter_at_once(door: Door) -> None:
    for body in ("{", json.dumps({"version": 1}), "[" * 100_000):
        door.queue.send(body, "")
    door.hints.round()
    assert door.codes() == [Code.HINT_MALFORMED] * 3
    assert door.inbox.asked == 0


def test_one_bad_message_of_ten_keeps_none_of_the_nine(door: Door) -> None:
    for number in range(9):
        door.inbox.put(order_of_its_own(number))
        door.say(task=f"{number:032x}")
    door.queue.send("\ufeff{}", "")
    door.hints.round()
    assert len(door.known()) == 9
    assert door.codes() == [Code.HINT_MALFORMED]


def test_an_s3_event_needs_a_standing_approval(door: Door) -> None:
    door.queue.send(json.dumps({"Records": [s3_record("pay%2B1.csv")]}), "")
    door.hints.round()
    assert door.codes() == [Code.STANDING_MISSING]
    assert "s3://exports/pay+1.csv" in door.queue.dead[0].reason


def test_standing_approvals_get_every_object_of_a_message() -> None:
    got: list[ObjectHint] = []

    def standing(hint: ObjectHint) -> None:
        got.append(hint)
        if hint.key == "a":
            raise Permanent(Code.STANDING_MISSING, "No.")

    door = Door(standing)
    records = [s3_record("a"), s3_record("b", versionId="v")]
    door.queue.send(json.dumps(sns({"Records": records})), "")
    door.drain()
    assert [(hint.key, hint.version_id) for hint in got] == [("a", None), ("b", "v")]
    assert door.codes() == [Code.STANDING_MISSING]


def test_an_object_that_nobody_can_judge_now_keeps_the_message_of_one_that_is_refused() -> None:
    errors = {
        "a": Permanent(Code.STANDING_MISSING, "No."),
        "b": Permanent(Code.SERVICENOW_AUTH, "No login."),
    }

    def standing(hint: ObjectHint) -> None:
        raise errors[hint.key]

    door = Door(standing)
    door.queue.send(json.dumps({"Records": [s3_record("a"), s3_record("b")]}), "")
    door.stop.meanwhile = door.stop.set
    with capture_logs():
        door.hints.round()
    assert (len(door.queue), door.queue.dead) == (1, [])


def test_the_test_event_of_s3_is_deleted(door: Door) -> None:
    door.queue.send(json.dumps({"Event": "s3:TestEvent", "Bucket": "exports"}), "")
    door.hints.round()
    assert (len(door.queue), door.queue.dead) == (0, [])


def test_ten_thousand_wrong_messages_crash_nothing_and_each_is_accounted_for(door: Door) -> None:
    door.inbox.put(evidence())
    for body in wrong(10_000, seed=2):
        door.queue.send(body, "")
    with capture_logs() as logs:
        door.drain(100_000.0)
    assert not [line for line in logs if line["log_level"] in ("error", "critical")]
    letters = door.queue.dead
    assert all(letter.code and letter.reason for letter in letters)
    assert len(letters) + door.lookup.counts["nothing asked"] == 10_000
    assert len(letters) > 9_000
    assert door.known() == []


def test_a_thousand_hints_in_ten_copies_are_a_thousand_transfers(door: Door) -> None:
    for number in range(1_000):
        door.inbox.put(order_of_its_own(number))
    for _ in range(10):
        for number in range(1_000):
            door.say(task=f"{number:032x}")
    door.drain()
    assert len(door.known()) == 1_000
    assert set(door.carried) == set(door.known())
    assert door.queue.dead == []


def test_a_hint_never_decides_what_the_poll_would_decide_otherwise(door: Door) -> None:
    """The ledger's row is the same whichever door the task came by."""
    polled = Door()
    for each in (door, polled):
        each.inbox.put(evidence())
    door.say(task=TASK)
    door.drain()
    polled.intake.round()
    [one], [two] = door.archive.search(), polled.archive.search()
    assert one.transfer == two.transfer
    assert one.transfer.request.fingerprint == policy.fingerprint(evidence())


def test_the_end_of_an_execution_is_passed_on_and_its_message_settled(door: Door) -> None:
    door.queue.send(json.dumps(event()), "")
    door.drain()
    assert door.ended == [NAME]
    assert (len(door.queue), door.queue.dead, door.lookup.counts["ended"]) == (0, [], 1)
