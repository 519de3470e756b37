"""The sender: in order, until it arrives, and quiet while ServiceNow is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier, Event

import pytest
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryOutbox, MemoryStore
from adapters.memory.servicenow import MemoryDesk
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from tests.transfer.made import NOON, request
from transfer.books import ALL, Only, Record
from transfer.errors import Code, FerryError, Permanent, Transient, Waiting
from transfer.model import Outcome, Stage, Transfer
from transfer.telling import reports
from transfer.tickets import Post, PostAction, Ticket, TicketRole
from transfer.tools import NoTracer

DONE = Transfer(request=request(), stage=Stage.REPORTED, outcome=Outcome.DELIVERED)


class Counted(MemoryArchive):
    """Counts the records that it is asked for: one of 10,000 files takes seconds."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.asked = 0

    def search(self, text: str = "", limit: int = 50, only: Only = ALL) -> Sequence[Record]:
        self.asked += 1
        return super().search(text, limit, only)


class Finding(NoTracer):
    """Looks for the transfer of each post, as one that tells somebody does."""

    @contextmanager
    def ticket(self, find: Callable[[], Transfer]) -> Iterator[None]:
        assert find() == DONE
        yield


class PostOffice:
    """A sender over memory, with a clock that the test sets."""

    def __init__(self, kind: type[MemoryOutbox] = MemoryOutbox, workers: int = 1) -> None:
        self.now = 1000.0
        self.desk = MemoryDesk()
        self.desk.put_task(request().task_id)
        store = MemoryStore()
        MemoryLedger(store).admit(DONE)
        self.archive = Counted(store)
        self.outbox = kind(store, lambda: self.now)
        self.stop = Event()
        self.ruin: list[FerryError] = []
        self.sender = Sender(
            outbox=self.outbox,
            archive=self.archive,
            desk=self.desk,
            stop=self.stop,
            alarm=LedgerAlarm(self.ruin.append),
            lease=60.0,
            now=lambda: self.now,
            workers=workers,
            tracer=Finding(),
        )

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
    assert office.sender.round() == 7
    assert office.unsent() == 0
    assert office.desk.card(user_post()).closed
    assert office.sender.round() == 0


def test_a_round_reads_a_record_for_its_document_and_once_for_all_traces(
    office: PostOffice,
) -> None:
    assert office.sender.round() == 7
    assert office.archive.asked == 2


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
        assert office.sender.round() == 7
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
    assert office.sender.round() == 5
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
    assert office.unsent() == 7


class Stumbling(MemoryOutbox):
    """Its calls of one name fail as long as `error` is set."""

    error: FerryError | None = None
    name = ""

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        self._stumble("due")
        return super().due(limit)

    def settle(self, *arrived: tuple[Post, Ticket]) -> None:
        self._stumble("settle")
        super().settle(*arrived)

    def _stumble(self, name: str) -> None:
        if self.error and name == self.name:
            raise self.error


@pytest.mark.parametrize("name", ["due", "settle"])
def test_a_ledger_in_trouble_is_said_once_and_no_note_is_lost_or_doubled(name: str) -> None:
    office = PostOffice(Stumbling)
    office.outbox.add(*reports.ending(DONE, (), NOON))
    assert isinstance(office.outbox, Stumbling)
    office.outbox.error, office.outbox.name = Transient(Code.LEDGER_BUSY, "Locked."), name
    with capture_logs() as logs:
        for _ in range(5):
            assert office.sender.round() == 0
            office.now += 10.0
        office.outbox.error = None
        assert office.sender.round() == 7
    told = [line["event"] for line in logs if line["event"].startswith("trouble")]
    assert (told[0], told[-1]) == ("trouble", "trouble over")
    if name == "due":
        assert told == ["trouble", "trouble over"]
    card = office.desk.card(user_post())
    assert len(card.comments) == 1
    assert office.ruin == []


def test_a_ledger_that_is_lost_ends_the_service() -> None:
    office = PostOffice(Stumbling)
    assert isinstance(office.outbox, Stumbling)
    office.outbox.error, office.outbox.name = Permanent(Code.LEDGER_UNUSABLE, "Gone."), "due"
    office.sender.round()
    assert [error.code for error in office.ruin] == [Code.LEDGER_UNUSABLE]


def test_a_post_that_waited_half_a_lease_for_its_turn_is_asked_for_anew(
    office: PostOffice,
) -> None:
    """Else another host may have been handed it in the meantime."""

    class Slow(MemoryDesk):
        def open(self, post: Post, *, again: bool) -> Ticket:
            office.now += 31.0
            return super().open(post, again=again)

    slow = Slow()
    slow.put_task(request().task_id)
    office.sender._desk = slow
    handed: list[int] = []
    plain = office.outbox.due

    def due(limit: int = 20) -> Sequence[tuple[Post, int]]:
        batch = plain(limit)
        handed.append(len(batch))
        return batch

    office.outbox.due = due  # type: ignore[method-assign]
    assert office.sender.round() == 7
    assert handed[0] == 3
    assert len(handed) > 3


def test_an_instance_that_comes_back_is_noticed_within_a_minute(office: PostOffice) -> None:
    """However long it was silent, and whatever the posts have been through."""
    silent = Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")
    office.desk.failure = silent
    for _ in range(3600):
        office.sender.round()
        office.now += 1.0
    office.desk.failure = None
    arrived = 0
    for _ in range(61):
        arrived += office.sender.round()
        office.now += 1.0
    assert (arrived, office.unsent()) == (7, 0)


class Meeting(MemoryDesk):
    """Opens no ticket before so many are being opened at once."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._meeting = Barrier(count)

    def open(self, post: Post, *, again: bool) -> Ticket:
        self._meeting.wait(60)
        return super().open(post, again=again)


def test_several_tickets_are_written_at_once() -> None:
    office = PostOffice(workers=2)
    office.outbox.add(*reports.ending(DONE, (), NOON))
    office.sender._desk = meeting = Meeting(2)
    meeting.put_task(request().task_id)
    assert office.sender.round() == 7


class Silent(MemoryDesk):
    """Counts who asks, and answers nobody."""

    asked = 0

    def _stumble(self) -> FerryError | None:
        self.asked += 1
        raise Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")


def test_one_post_alone_finds_out_whether_the_trouble_is_over() -> None:
    office = PostOffice(workers=4)
    office.outbox.add(*reports.ending(DONE, (), NOON))
    office.sender._desk = silent = Silent()
    asked = []
    for _ in range(3):
        office.sender.round()
        asked.append(silent.asked)
        office.now += 60.0
    assert 1 <= asked[0] <= 3
    assert [asked[1] - asked[0], asked[2] - asked[1]] == [1, 1]


def test_what_is_still_being_stored_waits_for_its_turn_and_is_no_trouble(
    office: PostOffice,
) -> None:
    office.sender.round()
    office.outbox.add(replace(user_post(), key="file", action=PostAction.ATTACH, text="{}"))
    office.desk.fail_next(Waiting(Code.SERVICENOW_REFUSED, "Not yet.", retry_after=5.0))
    with capture_logs() as logs:
        assert office.sender.round() == 0
        office.now += 4.0
        assert office.sender.round() == 0
        office.now += 2.0
        assert office.sender.round() == 1
    assert [line["event"] for line in logs] == ["ticket written"]
