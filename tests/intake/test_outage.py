"""ServiceNow does not answer for an hour of the clock's time, in the middle of 200 requests."""

from __future__ import annotations

from collections import Counter

import pytest
from structlog.testing import capture_logs

from daemon.service import SENDERS
from tests.intake.town import Town
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import DeliveryState, Outcome, Stage
from transfer.telling.document import NAME
from transfer.tickets import TicketRole

HOUR, FIVE_MINUTES = 3600, 300
HALF = 100
BEFORE_THE_SILENCE = 30
WORDS = 8
"""Of a request: three on each ticket, two on the task."""
CALL = 0.5
"""Seconds for all calls of one word on a slow instance."""


def silent() -> FerryError:
    return Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")


def locked_out() -> FerryError:
    return Permanent(Code.SERVICENOW_AUTH, "No login.")


class Outage:
    """The instance falls silent when so many files have been published."""

    def __init__(self, town: Town, error: FerryError) -> None:
        self.town = town
        self.error = error
        town.bench.remotes.hooks.append(self._look)

    def _look(self, verb: str, path: str, place: int) -> None:
        del path, place
        if verb == "finish" and len(self.town.appeared()) >= BEFORE_THE_SILENCE:
            self.town.inbox.failure = self.town.desk.failure = self.error

    @property
    def begun(self) -> bool:
        return self.town.inbox.failure is not None

    def ends(self) -> None:
        self.town.bench.remotes.hooks.clear()
        self.town.inbox.failure = self.town.desk.failure = None


@pytest.fixture
def town() -> Town:
    return Town()


def test_nothing_is_lost_doubled_or_published_unasked_and_all_is_told_within_five_minutes(
    town: Town,
) -> None:
    outage = Outage(town, silent())
    for number in range(1, HALF + 1):
        town.order(number)
    with capture_logs() as logs:
        town.runs(2)
        assert outage.begun
        _in_the_hour(town, outage)
        outage.ends()
        withdrawn = _withdraw_one(town)
        town.runs(FIVE_MINUTES)
    _all_is_well(town, withdrawn)
    words = len(town.bench.store.posts)
    assert words == 2 * HALF * WORDS
    assert words * CALL / SENDERS < FIVE_MINUTES
    said = Counter(line["at"] for line in logs if line["event"] == "trouble")
    assert said == {"poll": 1, "tickets": 1}


def _in_the_hour(town: Town, outage: Outage) -> None:
    published, asked = dict(town.appeared()), town.inbox.asked
    for number in range(HALF + 1, 2 * HALF + 1):
        town.order(number)
    unsent = town.unsent()
    town.runs(HOUR)
    assert outage.begun
    assert town.appeared() == published
    assert len(published) >= BEFORE_THE_SILENCE
    assert len(town.transfers()) == HALF
    assert town.unsent() >= unsent
    verified = [name for name in town.bench.remotes.files if ".ff-" in name]
    assert len(verified) >= 5
    assert town.inbox.asked - asked < HOUR


def _withdraw_one(town: Town) -> str:
    """Somebody takes an approval back while nobody can tell FileFerry; returns the file's name."""
    name = next(
        each.final
        for row in town.bench.store.rows.values()
        for each in row.deliveries.values()
        if each.state is DeliveryState.VERIFIED
    )
    number = int(name.removeprefix("/inbox/").removesuffix(".csv"))
    town.order(number, item_approval="requested")
    return name


def _all_is_well(town: Town, withdrawn: str) -> None:
    ends = Counter((each.stage, each.outcome) for each in town.transfers())
    assert ends == {
        (Stage.CLOSED, Outcome.DELIVERED): 2 * HALF - 1,
        (Stage.CLOSED, Outcome.REFUSED): 1,
    }
    expected = {f"/inbox/{number}.csv" for number in range(1, 2 * HALF + 1)} - {withdrawn}
    assert town.appeared() == dict.fromkeys(expected, 1)
    assert set(town.bench.remotes.files) == expected
    assert town.unsent() == 0
    assert town.ruin == []
    roles = Counter(card.ticket.role for card in town.desk.cards.values())
    assert roles == dict.fromkeys(TicketRole, 2 * HALF)
    for card in town.desk.cards.values():
        assert card.closed
        words = [*card.notes, *card.comments]
        assert len(words) == len(set(words))
        attached = [name for name, _ in card.files]
        assert attached == ([NAME] if card.ticket.role is TicketRole.AUDIT else [])


def test_an_account_that_is_locked_for_an_hour_loses_nothing_either(town: Town) -> None:
    """Nobody asks every second with a refused login, so the drain takes a little longer."""
    outage = Outage(town, locked_out())
    for number in range(1, HALF + 1):
        town.order(number)
    town.runs(2)
    _in_the_hour(town, outage)
    outage.ends()
    withdrawn = _withdraw_one(town)
    town.runs(1200)
    _all_is_well(town, withdrawn)


def test_silence_of_four_hours_ends_a_waiting_transfer_and_its_ticket_says_so(town: Town) -> None:
    town.order(1)

    def fall_silent(verb: str, path: str, place: int) -> None:
        del path, place
        if verb == "finish":
            town.inbox.failure = town.desk.failure = silent()

    town.bench.remotes.hooks.append(fall_silent)
    town.runs(4 * HOUR + FIVE_MINUTES)
    town.inbox.failure = town.desk.failure = None
    town.runs(FIVE_MINUTES)
    [ended] = town.transfers()
    assert (ended.stage, ended.outcome) == (Stage.CLOSED, Outcome.FAILED)
    assert ended.failure
    assert ended.failure.code == Code.SERVICENOW_UNREACHABLE
    assert town.bench.remotes.files == {}
    assert town.unsent() == 0
