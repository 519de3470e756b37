"""What has arrived of a round is settled together, whatever is lost, refused or killed in it."""

from __future__ import annotations

from contextlib import suppress
from threading import Event
from typing import Any

import pytest

from adapters.memory.ledger import MemoryOutbox
from adapters.memory.servicenow import MemoryDesk
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from tests.adapters.running.test_sender import DONE, PostOffice, refusals
from tests.transfer.made import NOON, request
from transfer.errors import Code, Transient
from transfer.telling import reports
from transfer.tickets import Post, Ticket


class Noting(MemoryOutbox):
    """Notes how many were settled at once."""

    settled: tuple[int, ...] = ()

    def settle(self, *arrived: tuple[Post, Ticket]) -> None:
        self.settled += (len(arrived),)
        super().settle(*arrived)


@pytest.mark.parametrize("workers", [1, 3])
def test_what_arrived_of_a_batch_is_settled_at_once_without_what_did_not(workers: int) -> None:
    office = PostOffice(Noting, workers)
    office.outbox.add(*reports.ending(DONE, (), NOON))
    office.desk.fail_next(*refusals())
    assert office.sender.round() < 7
    assert isinstance(office.outbox, Noting)
    assert office.outbox.settled[0] == 2


def test_what_has_arrived_waits_a_second_for_others_at_most() -> None:
    office = PostOffice(Noting)
    office.outbox.add(*reports.ending(DONE, (), NOON))

    class Slow(MemoryDesk):
        def open(self, post: Post, *, again: bool) -> Ticket:
            office.now += 1.0
            return super().open(post, again=again)

    office.sender._desk = slow = Slow()
    slow.put_task(request().task_id)
    office.sender.round()
    assert isinstance(office.outbox, Noting)
    assert office.outbox.settled[:2] == (2, 1)


class Killed(BaseException):
    """Nothing of the process runs after it."""


class Dying:
    """A port whose n-th call is the last, before it has its effect or after."""

    def __init__(self, port: object, deaths: Deaths) -> None:
        self._port = port
        self._deaths = deaths

    def __getattr__(self, verb: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self._deaths.passes()
            result = getattr(self._port, verb)(*given, **named)
            self._deaths.passes()
            return result

        return call


class Deaths:
    """Counts the points of all ports; at that one, and at all after it, the process is dead."""

    def __init__(self, at: int) -> None:
        self.left = at

    def passes(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise Killed


def written(office: PostOffice) -> list[tuple[str, list[str], list[str], int]]:
    """What every ticket says, in its order."""
    cards = [office.desk.card(each) for each in reports.ending(DONE, (), NOON)]
    return [(card.ticket.state, card.notes, card.comments, len(card.files)) for card in cards]


def restarted(office: PostOffice, deaths: Deaths | None = None) -> Sender:
    """Of a process of its own, over the same ledger and the same instance."""
    outbox: Any = MemoryOutbox(office.outbox.store, lambda: office.now)
    desk: Any = office.desk
    if deaths:
        outbox, desk = Dying(outbox, deaths), Dying(desk, deaths)
    return Sender(
        outbox=outbox,
        archive=office.archive,
        desk=desk,
        stop=Event(),
        alarm=LedgerAlarm(office.ruin.append),
        lease=60.0,
        now=lambda: office.now,
    )


def three_tickets(*, lost: bool = False) -> PostOffice:
    """Three lanes with several posts each; of the first call only the answer is lost."""
    office = PostOffice()
    office.outbox.add(*reports.opening(DONE, ()), *reports.ending(DONE, (), NOON))
    if lost:
        error = Transient(Code.SERVICENOW_REFUSED, "The answer was lost.")
        office.desk.fail_next(error, arrived=True)
    return office


def ended(office: PostOffice) -> list[tuple[str, list[str], list[str], int]]:
    while office.unsent():
        office.now += 900.0
        restarted(office).round()
    return written(office)


@pytest.mark.parametrize("lost", [False, True])
def test_killed_at_any_point_of_a_round_every_note_stands_once_and_in_order(lost: bool) -> None:
    """Between the answers and the settling of many too, and with an answer lost among them."""
    quiet, at, struck = ended(three_tickets()), 0, True
    while struck:
        at += 1
        office, deaths = three_tickets(lost=lost), Deaths(at)
        with suppress(Killed):
            restarted(office, deaths).round()
        struck = deaths.left <= 0
        assert ended(office) == quiet, at
    assert at > 20
