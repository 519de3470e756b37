"""Progress: of the request, at most three notes, and none that nobody would miss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from adapters.memory.books import memory_books
from adapters.memory.ledger import MemoryLedger, MemoryStore
from adapters.memory.servicenow import MemoryDesk
from adapters.running.alarm import LedgerAlarm
from adapters.running.progress import ProgressNotes
from adapters.running.sender import Sender
from tests.daemon.door import Clock, Stop
from tests.transfer.made import request
from transfer.books import Books
from transfer.errors import Code, Transient
from transfer.model import Delivery, DeliveryState, Outcome, Pin, Source, Transfer
from transfer.telling import reports
from transfer.tickets import Post, TicketRole

EVERY = 300.0
SIZE = 1000


@dataclass
class Course:
    """A request of `count` files of which the test says how far they are."""

    count: int = 1
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(default_factory=MemoryStore)
    short: bool = False

    def __post_init__(self) -> None:
        self.books: Books = memory_books(self.store, "one", self.clock)
        self.notes = ProgressNotes(self.books, EVERY, self.clock)
        admitted = self.books.ledger.admit(Transfer(request=request()))
        claimed = self.books.ledger.claim(admitted.id)
        assert claimed
        self.transfer = claimed
        self.files = [_file(number) for number in range(1, self.count + 1)]
        self.books.ledger.save(claimed, *self.files, *reports.opening(claimed, self.files))
        self.desk = MemoryDesk()
        self.desk.put_task(request().task_id)
        self.sender = Sender(
            outbox=self.books.outbox,
            archive=self.books.archive,
            desk=self.desk,
            stop=Stop(self.clock),
            alarm=LedgerAlarm(lambda _: None),
            lease=60.0,
            now=self.clock,
            short=lambda: self.short,
        )

    def moves(self, number: int, moved: int) -> None:
        moving = self.files[number - 1].evolve(moved=moved)
        self.files[number - 1] = moving
        self.books.ledger.save(self.transfer, moving)
        self.notes.moved(self.transfer, moving)

    def arrives(self, number: int) -> None:
        done = self.files[number - 1].evolve(moved=SIZE, state=DeliveryState.PUBLISHED)
        self.files[number - 1] = done
        self.books.ledger.save(self.transfer, done)
        self.notes.moved(self.transfer, done)

    def posts(self) -> list[Post]:
        return [item.post for item in self.store.posts.values() if item.post.droppable]

    def texts(self) -> list[str]:
        return [post.text.partition(": the")[0] for post in self.posts()]

    def written(self) -> list[str]:
        card = next(
            card for card in self.desk.cards.values() if card.ticket.role is TicketRole.USER
        )
        return card.notes


def _file(number: int) -> Delivery:
    return Delivery(
        number=number,
        source=Source(bucket="exports", key=f"payroll/{number}"),
        final=f"/inbox/{number}",
        state=DeliveryState.UPLOADING,
        pin=Pin(size=SIZE, etag="e"),
    )


def test_a_quick_file_says_nothing_on_the_way() -> None:
    course = Course()
    for moved in range(0, SIZE + 1, 100):
        course.clock.now += 10.0
        course.moves(1, moved)
    assert course.posts() == []


def test_a_slow_file_says_each_quarter_once() -> None:
    course = Course()
    for moved in range(0, SIZE + 1, 10):
        course.clock.now += 60.0
        course.moves(1, moved)
    assert course.texts() == [f"{part} % of s3://exports/payroll/1" for part in (25, 50, 75)]


def test_the_rarer_of_quarter_and_time_holds() -> None:
    """A quarter takes 100 s, and a note comes every 300 s at most."""
    course = Course()
    for moved in range(0, SIZE + 1, 10):
        course.clock.now += 4.0
        course.moves(1, moved)
    assert course.texts() == ["75 % of s3://exports/payroll/1"]


def test_ten_thousand_files_get_three_notes() -> None:
    course = Course(10_000)
    for number in range(1, 10_001):
        course.clock.now += 1.0
        course.arrives(number)
    assert len(course.posts()) == 3
    assert [text.partition(",")[0] for text in course.texts()] == [
        f"{part} % of 10000 files" for part in (25, 50, 75)
    ]


def test_the_next_owner_says_no_quarter_again() -> None:
    course = Course()
    course.clock.now += EVERY
    course.moves(1, 10)
    course.clock.now += EVERY
    course.moves(1, 260)
    course.notes = ProgressNotes(course.books, EVERY, course.clock)
    for _ in range(5):
        course.clock.now += EVERY
        course.moves(1, 270)
    assert len(course.posts()) == 1


def test_a_ledger_in_trouble_stops_no_upload() -> None:
    class Silent(MemoryLedger):
        def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
            raise Transient(Code.LEDGER_BUSY, f"No {transfer_id}.")

    course = Course()
    books = course.books
    notes = ProgressNotes(_with(books, Silent(course.store)), EVERY, course.clock)
    notes.moved(course.transfer, course.files[0])
    course.clock.now += EVERY
    notes.moved(course.transfer, course.files[0])
    assert course.posts() == []


def _with(books: Books, ledger: MemoryLedger) -> Books:
    return replace(books, ledger=ledger)


def noted(course: Course, moved: int) -> None:
    course.clock.now += EVERY
    course.moves(1, moved)
    course.clock.now += EVERY
    course.moves(1, moved)


def test_a_note_is_written_when_nothing_speaks_against_it() -> None:
    course = Course()
    noted(course, 300)
    course.sender.round()
    assert [text.partition(" ")[0] for text in course.written()] == ["25"]


def _is_short(course: Course) -> None:
    course.short = True


def _moved_on(course: Course) -> None:
    course.moves(1, 600)


def _ended(course: Course) -> None:
    course.books.ledger.save(course.transfer.evolve(outcome=Outcome.DELIVERED))


@pytest.mark.parametrize("meanwhile", [_is_short, _moved_on, _ended])
def test_a_note_that_nobody_misses_is_left_out(meanwhile: Callable[[Course], None]) -> None:
    course = Course()
    noted(course, 300)
    meanwhile(course)
    course.sender.round()
    assert course.written() == []
    assert [item.post.key for item in course.store.posts.values() if not item.sent] == []


def test_a_short_budget_leaves_out_nothing_else() -> None:
    course = Course()
    course.short = True
    assert course.sender.round() == 3
    assert len(course.desk.cards) == 3
