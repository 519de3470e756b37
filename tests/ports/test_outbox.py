"""The promises of Outbox, kept by every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.ledger.archive import SqliteArchive
from adapters.ledger.outbox import SqliteOutbox
from adapters.ledger.schema import Database
from adapters.ledger.sqlite import SqliteLedger
from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryOutbox, MemoryStore
from tests.transfer.made import request
from transfer.model import Transfer
from transfer.ports import Archive, Ledger, Outbox
from transfer.tickets import Post, PostAction, Ticket, TicketRole


@dataclass
class Box:
    outbox: Outbox
    ledger: Ledger
    archive: Archive
    time: list[float]


def memory_box(_folder: Path) -> Iterator[Box]:
    shared, time = MemoryStore(), [0.0]
    outbox = MemoryOutbox(shared, lambda: time[0])
    yield Box(outbox, MemoryLedger(shared), MemoryArchive(shared), time)


def sqlite_box(folder: Path) -> Iterator[Box]:
    database, time = Database(folder / "ledger.db"), [0.0]
    outbox = SqliteOutbox(database, lambda: time[0])
    yield Box(outbox, SqliteLedger(database, "one"), SqliteArchive(database), time)
    database.close()


@pytest.fixture(params=[memory_box, sqlite_box])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    yield from request.param(tmp_path)


def post(key: str, ticket: TicketRole = TicketRole.USER, text: str = "x") -> Post:
    return Post(
        key=key,
        transfer_id=request().id,
        generation=1,
        ticket=ticket,
        action=PostAction.NOTE,
        text=text,
    )


TICKET = Ticket(
    role=TicketRole.USER, sys_id="5" * 32, number="INC0010001", url="https://x", state="2"
)


def due(box: Box) -> list[tuple[str, int]]:
    return [(found.key, tries) for found, tries in box.outbox.due()]


def test_posts_of_one_ticket_go_out_one_after_the_other(box: Box) -> None:
    box.outbox.add(post("1"), post("2"), post("a", TicketRole.AUDIT))
    assert due(box) == [("1", 0), ("a", 0)]
    box.outbox.settle(post("1"), TICKET)
    assert due(box) == [("2", 0), ("a", 0)]


def test_a_key_is_added_once_and_keeps_its_words(box: Box) -> None:
    box.outbox.add(post("1", text="first"))
    box.outbox.add(post("1", text="second"))
    [(found, _)] = box.outbox.due()
    assert found.text == "first"
    box.outbox.settle(found, TICKET)
    box.outbox.add(post("1"))
    assert due(box) == []


def test_a_post_that_did_not_arrive_holds_up_its_lane_only(box: Box) -> None:
    box.outbox.add(post("1"), post("2"), post("a", TicketRole.AUDIT))
    box.outbox.defer(post("1"), 10.0, "no answer")
    assert due(box) == [("a", 0)]
    box.time[0] = 10.5
    assert due(box) == [("1", 1), ("a", 0)]


def test_the_limit_holds(box: Box) -> None:
    box.outbox.add(*(post(role, role) for role in TicketRole))
    assert len(box.outbox.due(limit=2)) == 2


def test_the_archive_shows_what_is_unsent_and_why_and_the_tickets(box: Box) -> None:
    transfer = box.ledger.admit(Transfer(request=request()))
    box.outbox.add(post("1"), post("2"))
    box.outbox.defer(post("1"), 1.0, "no answer")
    [record] = box.archive.search(transfer.id)
    assert (record.unsent, record.last_error, dict(record.tickets)) == (2, "no answer", {})
    for key in ("1", "2"):
        box.outbox.settle(post(key), TICKET)
    [record] = box.archive.search(transfer.id)
    assert (record.unsent, record.last_error) == (0, None)
    assert dict(record.tickets) == {TicketRole.USER: TICKET}
