"""What one polling round makes of the tasks that it finds, and what a poll does in trouble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryOutbox
from adapters.memory.servicenow import MemoryInbox
from adapters.running.alarm import LedgerAlarm
from daemon.intake import Intake, Poll
from tests.transfer.made import NOON, RULES, approval, evidence, order_of_its_own, variables
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Outcome, Stage, Transfer
from transfer.telling import notes
from transfer.tickets import Post, Ticket


@dataclass
class Desk:
    """The intake with everything around it in memory; `carried` lists what it handed over."""

    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    carried: list[str] = field(default_factory=list)
    ruin: list[FerryError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.archive = MemoryArchive(self.ledger.store)
        self.outbox = MemoryOutbox(self.ledger.store)
        self.intake = Intake(
            inbox=self.inbox,
            ledger=self.ledger,
            archive=self.archive,
            outbox=self.outbox,
            rules=RULES,
            carrier=self,
            clock=lambda: NOON,
        )

    def carry(self, heads: Sequence[Transfer]) -> None:
        self.carried += [head.id for head in heads]

    def notes(self) -> list[Post]:
        return [item.post for item in self.ledger.store.posts.values()]

    def settle_all(self) -> None:
        for post, _ in self.outbox.due():
            ticket = Ticket(role=post.ticket, sys_id="", number="", url="", state="")
            self.outbox.settle((post, ticket))

    def close(self) -> Transfer:
        claimed = self.ledger.claim(evidence().request_id)
        assert claimed
        closed = claimed.evolve(stage=Stage.CLOSED, outcome=Outcome.DELIVERED)
        self.ledger.save(closed)
        return closed


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_approved_request_is_admitted_and_handed_over(desk: Desk) -> None:
    desk.inbox.put(evidence())
    assert desk.intake.round() == 1
    [record] = desk.archive.search()
    assert record.transfer.request.number == "RITM0010001"
    assert record.transfer.failure is None
    assert desk.carried == [record.transfer.id]


def test_every_poll_hands_over_what_is_not_closed(desk: Desk) -> None:
    """The carrier knows what it has under way; the intake need not."""
    desk.inbox.put(evidence())
    desk.intake.round()
    desk.intake.round()
    assert len(desk.archive.search()) == 1
    assert len(desk.carried) == 2


def test_a_request_that_nobody_approved_gets_one_note_and_no_transfer(desk: Desk) -> None:
    desk.inbox.put(evidence(item_approval="requested"))
    desk.intake.round()
    desk.intake.round()
    [note] = desk.notes()
    assert "approval.pending" in note.text
    assert note.task_id == evidence().task_id
    assert desk.carried == []
    assert desk.archive.search() == []


def test_it_is_taken_up_once_it_is_approved(desk: Desk) -> None:
    desk.inbox.put(evidence(item_approval="requested"))
    desk.intake.round()
    desk.inbox.put(evidence())
    desk.intake.round()
    assert desk.carried == [evidence().request_id]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"item_active": False}, Code.REQUEST_CANCELLED),
        ({"variables": variables(changed_at=evidence().read_at)}, Code.APPROVAL_STALE),
        ({"approvals": (approval(approver_id="a" * 32),)}, Code.APPROVAL_SELF),
        ({"catalog_item": "0" * 32}, Code.REQUEST_FOREIGN),
    ],
)
def test_a_refused_request_is_handed_over_to_be_told_so(
    desk: Desk, changes: dict[str, object], code: Code
) -> None:
    desk.inbox.put(evidence(**changes))
    desk.intake.round()
    [record] = desk.archive.search()
    assert record.transfer.failure
    assert record.transfer.failure.code == code
    cancelled = code is Code.REQUEST_CANCELLED
    assert record.transfer.outcome is (Outcome.CANCELLED if cancelled else Outcome.REFUSED)
    assert desk.carried == [record.transfer.id]


def test_one_bad_task_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.inbox.put(evidence(task_id="1" * 32, item_approval=None))
    desk.inbox.put(evidence(task_id="2" * 32, catalog_item="0" * 32))
    desk.inbox.put(evidence(task_id="3" * 32))
    assert desk.intake.round() == 3
    assert len(desk.carried) == 2


def test_other_content_under_a_known_id_is_refused_with_a_note(desk: Desk) -> None:
    desk.inbox.put(evidence())
    desk.intake.round()
    desk.inbox.put(evidence(variables=variables(path="elsewhere")))
    desk.intake.round()
    [note] = desk.notes()
    assert "other content" in note.text
    assert desk.archive.search()[0].transfer.request.target == "pay/nov.csv"


def test_a_task_that_is_open_only_because_its_notes_are_not_sent_is_left_alone(
    desk: Desk,
) -> None:
    desk.inbox.put(evidence())
    desk.intake.round()
    desk.close()
    desk.outbox.add(desk_note())
    for _ in range(3):
        desk.intake.round()
    assert [post.key for post in desk.notes()] == ["unsent"]


def test_a_task_that_was_opened_again_gets_one_note_and_no_second_transfer(desk: Desk) -> None:
    desk.inbox.put(evidence())
    desk.intake.round()
    desk.close()
    for _ in range(4):
        desk.intake.round()
        desk.settle_all()
    [note] = desk.notes()
    assert "never sends a request twice" in note.text
    assert len(desk.carried) == 1


def desk_note() -> Post:
    waiting = Transient(Code.APPROVAL_PENDING, "Not approved.")
    return replace(notes.waiting(evidence(), waiting), key="unsent", generation=1)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def poll_with(desk: Desk) -> tuple[Poll, Clock]:
    clock = Clock(100.0)
    alarm = LedgerAlarm(desk.ruin.append)
    return Poll(desk.intake, every=10.0, max_backoff=60.0, alarm=alarm, now=clock), clock


def test_trouble_is_said_once_and_its_end_once(desk: Desk) -> None:
    poll, clock = poll_with(desk)
    desk.inbox.failure = Transient(Code.SERVICENOW_NOT_JSON, "A page answered.")
    with capture_logs() as logs:
        for _ in range(50):
            poll()
            clock.now += 10.0
        desk.inbox.failure = None
        desk.inbox.put(evidence())
        clock.now += 60.0
        poll()
    told = [line["event"] for line in logs if line["log_level"] in ("warning", "info")]
    assert told == ["trouble", "trouble over"]
    assert desk.carried == [evidence().request_id]


def test_another_trouble_is_said_as_well(desk: Desk) -> None:
    poll, clock = poll_with(desk)
    with capture_logs() as logs:
        for code in (Code.SERVICENOW_UNREACHABLE, Code.SERVICENOW_AUTH):
            desk.inbox.failure = Permanent(code, "No.")
            poll()
            clock.now += 1000.0
    assert [line["code"] for line in logs] == ["servicenow.unreachable", "servicenow.auth"]


@dataclass
class CountingInbox(MemoryInbox):
    """Notes the second of each time that it is asked."""

    clock: Clock
    failure: FerryError | None
    asked: list[int] = field(default_factory=list)

    def fetch(self, *, more: bool = False) -> Sequence[Evidence]:
        self.asked.append(int(self.clock.now - 100))
        return super().fetch(more=more)


def attempts(error: FerryError, seconds: int) -> list[int]:
    """The seconds at which ServiceNow was asked while it answers with `error`."""
    clock = Clock(100.0)
    inbox = CountingInbox(clock, error)
    alarm = LedgerAlarm(lambda _: None)
    poll = Poll(Desk(inbox).intake, every=10.0, max_backoff=60.0, alarm=alarm, now=clock)
    for _ in range(seconds):
        poll()
        clock.now += 1.0
    return inbox.asked


def test_it_backs_off_to_the_longest_wait() -> None:
    error = Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")
    assert attempts(error, 300) == [0, 20, 60, 120, 180, 240]


def test_it_waits_as_long_as_servicenow_asks() -> None:
    error = Transient(Code.SERVICENOW_THROTTLED, "Too many.", retry_after=200.0)
    assert attempts(error, 500) == [0, 200, 400]


@dataclass
class FullLedger(MemoryLedger):
    """Admits nothing as long as `error` is set."""

    error: FerryError | None = None
    asked: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def admit(self, transfer: Transfer) -> Transfer:
        self.asked += 1
        if self.error:
            raise self.error
        return super().admit(transfer)


def test_a_full_ledger_takes_nothing_in_says_so_once_and_is_tried_at_each_poll() -> None:
    ledger = FullLedger(error=Transient(Code.LEDGER_FULL, "No room."))
    desk = Desk(ledger=ledger)
    poll, clock = poll_with(desk)
    for number in range(3):
        desk.inbox.put(order_of_its_own(number))
    with capture_logs() as logs:
        for _ in range(4):
            poll()
            clock.now += 10.0
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["trouble"]
    assert (ledger.asked, desk.carried) == (4, [])
    ledger.error = None
    poll()
    assert len(desk.carried) == 3


def test_a_ledger_that_is_lost_ends_the_service() -> None:
    desk = Desk(ledger=FullLedger(error=Permanent(Code.LEDGER_UNUSABLE, "The disk broke.")))
    poll, _ = poll_with(desk)
    desk.inbox.put(evidence())
    poll()
    assert [error.code for error in desk.ruin] == [Code.LEDGER_UNUSABLE]


def test_what_the_ledger_has_unfinished_goes_on_although_servicenow_is_away(desk: Desk) -> None:
    desk.inbox.put(evidence())
    desk.intake.round()
    desk.inbox.failure = Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")
    desk.intake.resume()
    assert desk.carried == [evidence().request_id] * 2
