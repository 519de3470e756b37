"""What `send` shows: one line for all, what moves, in MiB, and what is done instead of sending."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import StringIO

from adapters.aws.sessions import ProcessSessions
from adapters.memory.objects import MemoryObjects
from adapters.terminal import Terminal
from adapters.wiring import clock
from daemon.commands.progress import Board, Heard
from tests.ports.books import received
from transfer.errors import Code, Transient
from transfer.model import MIB, Delivery, DeliveryState, Pin, Request, Source, Transfer

TRANSFER = Transfer(
    request=Request(
        id="operator:a", number="OP-1", requester="a", destination="bank", sources=("s3://b/a",),
        target="", fingerprint="",
    )
)  # fmt: skip


def delivery(number: int, size: int, **more: object) -> Delivery:
    made = Delivery(
        number=number,
        source=Source(bucket="b", key=f"file-{number}"),
        final=f"/in/file-{number}",
        pin=Pin(size=size, etag='"e"'),
    )
    return made.evolve(**more)


@dataclass
class Shown:
    """A board over these deliveries; `now` is the clock."""

    items: list[Delivery]
    terminal: bool = False
    now: float = 0.0
    out: StringIO = field(default_factory=StringIO)

    def __post_init__(self) -> None:
        wide = Terminal(file=self.out, width=100, force_terminal=self.terminal, color_system=None)
        self.board = Board(lambda: self.items, wide, lambda: self.now)

    def frame(self) -> list[str]:
        paper = Terminal(file=StringIO(), width=100, color_system=None).rich
        with paper.capture() as captured:
            paper.print(self.board.frame())
        return [line.rstrip() for line in captured.get().splitlines()]


UPLOADING, PUBLISHED = DeliveryState.UPLOADING, DeliveryState.PUBLISHED


def test_of_many_files_all_are_told_and_only_those_that_move_have_a_bar() -> None:
    shown = Shown(
        [delivery(1, 30 * MIB, state=PUBLISHED), *(delivery(n, 30 * MIB) for n in range(2, 21))]
    )
    assert shown.frame()[0].startswith("all")
    shown.now = 4.0
    for number in (2, 3):
        shown.items[number - 1] = delivery(number, 30 * MIB, state=UPLOADING)
        shown.board.moved(TRANSFER, delivery(number, 30 * MIB, moved=10 * MIB))
    all_of_them, second, third = shown.frame()
    assert "1 of 20 files, 50.0 MiB of 600.0 MiB, 5.00 MiB/s, about 0:01:50 left" in all_of_them
    assert second.startswith("file-2")
    assert second.endswith("10.0 MiB of 30.0 MiB")
    assert third.startswith("file-3")


def test_more_than_fit_are_counted() -> None:
    shown = Shown([delivery(n, MIB, state=UPLOADING) for n in range(1, 13)])
    for item in shown.items:
        shown.board.moved(TRANSFER, item)
    assert len(shown.frame()) == 10
    assert shown.frame()[-1] == "and 4 more under way"


def test_before_anything_is_known_that_is_said() -> None:
    assert Shown([]).frame() == ["Looking up what is to be sent …"]
    assert Shown([]).board.line() == ""


def test_what_is_not_sending_has_a_name() -> None:
    item = delivery(1, 40 * MIB, state=UPLOADING, moved=40 * MIB)
    shown = Shown([item])
    shown.board.moved(TRANSFER, item)
    assert "file-1 is proven" in shown.board.line()
    shown.board.read(item.source, 10 * MIB)
    assert "file-1 is read again for its digests, 10.0 MiB of 40.0 MiB" in shown.board.line()
    assert "is read again" in shown.frame()[0]
    shown.items = [item.evolve(state=DeliveryState.VERIFIED)]
    assert "file-1 gets its name" in shown.board.line()


def test_a_line_is_said_once_while_nothing_moves() -> None:
    shown = Shown([delivery(1, 2 * MIB, state=UPLOADING)])
    assert shown.board.line() == "0.00 MiB of 2.00 MiB"
    assert shown.board.line() == ""
    shown.now = 1.0
    shown.board.moved(TRANSFER, delivery(1, 2 * MIB, moved=MIB))
    assert shown.board.line() == "1.00 MiB of 2.00 MiB, 1.00 MiB/s, about 0:00:01 left"


def test_a_retry_says_why_and_when() -> None:
    shown = Shown([])
    error = Transient(Code.REMOTE_DROPPED, "The line broke.")
    shown.board.again(received(), error, 4.2)
    shown.board.again(received(), error, 4.2)
    assert shown.out.getvalue() == ("[remote.dropped] The line broke. It is tried again in 4 s.\n")


def test_a_terminal_has_bars_and_is_clean_afterwards() -> None:
    shown = Shown([delivery(1, MIB, state=UPLOADING)], terminal=True)
    with shown.board as board:
        board.moved(TRANSFER, delivery(1, MIB, moved=MIB // 2))
        board.say("Stopping.")
    assert "Stopping." in shown.out.getvalue()
    assert "0.50 MiB of 1.00 MiB" in shown.out.getvalue()
    assert "\x1b[?25h" in shown.out.getvalue(), "the cursor is shown again"


def test_objects_tell_how_far_they_were_read() -> None:
    objects, heard = MemoryObjects(), list[tuple[str, int]]()
    objects.put("s3://b/a", b"0123456789")
    source = Source(bucket="b", key="a")
    sessions = Heard(ProcessSessions(None, clock), lambda it, end: heard.append((it.uri, end)))
    opened = sessions.told(sessions.open(TRANSFER))
    reading = sessions.reading(TRANSFER.evolve(session=opened), objects, lambda: None)
    pin, buffer = reading.describe(source), bytearray(4)
    reading.read_into(source, pin, 2, memoryview(buffer))
    assert (bytes(buffer), heard) == (b"2345", [("s3://b/a", 6)])
    assert reading.read(source, pin, 0, 2) == b"01"
    assert list(reading.list("b", "")) == ["a"]
    assert sessions.close(opened) == opened
