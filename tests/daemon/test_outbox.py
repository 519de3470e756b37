"""The sender: in order, until it arrives, and quiet while ServiceNow is away."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryOutbox, MemoryStore
from adapters.memory.servicenow import MemoryDesk
from daemon.outbox import Sender
from tests.transfer.made import NOON, request
from transfer import reports
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Outcome, Stage, Transfer
from transfer.tickets import Post, PostAction, TicketRole

DONE = Transfer(request=request(), stage=Stage.REPORTED, outcome=Outcome.DELIVERED)


class PostOffice:
    """A sender over memory, with a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.desk = MemoryDesk()
        self.desk.put_task(request().task_id)
        self.outbox = MemoryOutbox(MemoryStore(), lambda: self.now)
        self.stop = Event()
        self.sender = Sender(self.outbox, self.desk, self.stop, lambda: self.now)

    def unsent(self) -> int:
        return sum(not item.sent for item in self.outbox.store.posts.values())


@pytest.fixture
def office() -> PostOffice:
    made = PostOffice()
    made.outbox.add(*reports.ending(DONE, (), NOON))
    return made


def user_post() -> Post:
    return reports.opening(DONE, ())[0]


def test_everything_due_is_sent_in_one_round(office: PostOffice) -> None:
    assert office.sender.round() == 6
    assert office.unsent() == 0
    assert office.desk.card(user_post()).closed
    assert office.sender.round() == 0


def test_a_post_that_failed_is_sent_again_later_and_written_once(office: PostOffice) -> None:
    lost = Transient(Code.SERVICENOW_REFUSED, "The answer was lost.")
    office.outbox.add(replace(user_post(), key="note", action=PostAction.NOTE, text="hello"))
    office.sender.round()
    assert office.unsent() == 0
    office.outbox.add(replace(user_post(), key="late", action=PostAction.NOTE, text="late"))
    office.desk.fail_next(lost, arrived=True)
    office.sender.round()
    assert office.unsent() == 1
    office.now += 900.0
    office.sender.round()
    assert office.unsent() == 0
    notes = office.desk.card(user_post()).notes
    assert len([note for note in notes if note.startswith("late")]) == 1


@pytest.mark.parametrize(
    "code",
    [
        Code.SERVICENOW_UNREACHABLE,
        Code.SERVICENOW_AUTH,
        Code.SERVICENOW_THROTTLED,
        Code.SERVICENOW_NOT_JSON,
        Code.SERVICENOW_HIBERNATING,
    ],
)
def test_trouble_of_the_instance_ends_the_round_and_is_said_once(
    office: PostOffice, code: Code
) -> None:
    for _ in range(3):
        office.desk.fail_next(Transient(code, "No."))
    with capture_logs() as logs:
        for _ in range(3):
            assert office.sender.round() == 0
            assert office.sender.round() == 0
            office.now += 900.0
        assert office.sender.round() == 6
    told = [line["event"] for line in logs if line["event"].startswith("trouble")]
    assert told == ["trouble", "trouble over"]
    assert office.unsent() == 0


def test_nobody_is_asked_before_the_time_that_servicenow_named(office: PostOffice) -> None:
    office.desk.fail_next(Transient(Code.SERVICENOW_THROTTLED, "Wait.", retry_after=300.0))
    office.sender.round()
    office.now += 299.0
    assert office.sender.round() == 0
    office.now += 2.0
    assert office.sender.round() > 0


def refusals() -> list[FerryError]:
    return [Permanent(Code.SERVICENOW_REFUSED, "A business rule said no.")]


def test_a_refused_post_holds_up_its_own_ticket_only(office: PostOffice) -> None:
    office.desk.fail_next(*refusals())
    assert office.sender.round() == 4
    [(held, tries)] = [
        (item.post, item.tries)
        for item in office.outbox.store.posts.values()
        if item.tries and not item.sent
    ]
    assert (held.ticket, tries) == (TicketRole.USER, 1)
    office.now += 3600.0
    assert office.sender.round() == 2


def test_a_stop_ends_the_round(office: PostOffice) -> None:
    office.stop.set()
    assert office.sender.round() == 0
    assert office.unsent() == 6
