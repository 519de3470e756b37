"""What every TicketDesk promises: one ticket, one note, however often it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ports.desks import World, close, lose, opened, post, ready
from transfer.errors import Code, FerryError, Transient
from transfer.model import Outcome
from transfer.tickets import PostAction, TicketRole

TICKETS = (TicketRole.USER, TicketRole.AUDIT)
ALL = tuple(TicketRole)
OUTCOMES = tuple(Outcome)
NOBODY = "f" * 32


@pytest.fixture(params=["memory", "servicenow"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.mark.parametrize("role", ALL)
def test_an_opened_ticket_can_be_read(world: World, role: TicketRole) -> None:
    ticket = ready(world, role)
    assert ticket.role is role
    assert ticket.number
    assert ticket.sys_id in ticket.url
    assert world.desk.read(post(world, role, PostAction.NOTE)) == ticket


@pytest.mark.parametrize("role", TICKETS)
def test_a_ticket_that_was_not_opened_is_none(world: World, role: TicketRole) -> None:
    assert world.desk.read(post(world, role, PostAction.NOTE)) is None
    for again in (False, True):
        with pytest.raises(FerryError) as caught:
            world.desk.note(post(world, role, PostAction.NOTE), again=again)
        assert caught.value.code is Code.SERVICENOW_NOT_FOUND


@pytest.mark.parametrize("task_id", ["", NOBODY])
def test_a_task_that_is_not_there_is_none(world: World, task_id: str) -> None:
    absent = post(world, TicketRole.TASK, PostAction.START, task_id=task_id)
    assert world.desk.read(absent) is None
    with pytest.raises(FerryError) as caught:
        world.desk.note(absent, again=False)
    assert caught.value.code is Code.SERVICENOW_NOT_FOUND


def test_each_role_and_generation_has_a_ticket_of_its_own(world: World) -> None:
    posts = [
        post(world, role, PostAction.OPEN, generation=generation)
        for role in TICKETS
        for generation in (1, 2)
    ]
    opened = [world.desk.open(each, again=False) for each in posts]
    assert len({ticket.sys_id for ticket in opened}) == 4
    assert [world.desk.read(each) for each in posts] == opened


@pytest.mark.parametrize("role", TICKETS)
@pytest.mark.parametrize("again", [False, True])
def test_opening_twice_opens_once(world: World, role: TicketRole, again: bool) -> None:
    first = ready(world, role)
    assert world.desk.open(post(world, role, PostAction.OPEN), again=again) == first
    assert world.tickets() == 1


@pytest.mark.parametrize("role", TICKETS)
def test_a_lost_answer_to_open_opens_once(world: World, role: TicketRole) -> None:
    opening = post(world, role, PostAction.OPEN)
    world.lose_next_answer()
    with pytest.raises(Transient):
        world.desk.open(opening, again=False)
    ticket = world.desk.open(opening, again=True)
    assert world.desk.read(opening) == ticket
    assert world.tickets() == 1


@pytest.mark.parametrize("role", TICKETS)
def test_a_lost_call_to_open_is_made_good(world: World, role: TicketRole) -> None:
    opening = post(world, role, PostAction.OPEN)
    world.lose_next_call()
    with pytest.raises(Transient):
        world.desk.open(opening, again=False)
    assert world.desk.open(opening, again=True).number
    assert world.tickets() == 1


@pytest.mark.parametrize("role", ALL)
def test_a_note_is_appended_with_its_marker(world: World, role: TicketRole) -> None:
    note = post(world, role, PostAction.NOTE)
    ticket = ready(world, role)
    assert world.desk.note(note, again=False) == ticket
    assert world.written(ticket) == [f"Hello.\n{note.marker}"]


@pytest.mark.parametrize("role", ALL)
@pytest.mark.parametrize("arrived", [True, False], ids=["answer lost", "call lost"])
def test_a_note_that_may_have_arrived_is_written_once(
    world: World, role: TicketRole, arrived: bool
) -> None:
    ticket = ready(world, role)
    note = post(world, role, PostAction.NOTE)
    lose(world, arrived=arrived)
    with pytest.raises(Transient):
        world.desk.note(note, again=False)
    for _ in range(2):
        assert world.desk.note(note, again=True) == ticket
    assert len(world.written(ticket)) == 1


def test_another_note_with_the_same_text_is_another_note(world: World) -> None:
    ticket = ready(world, TicketRole.USER)
    for key in ("one", "two"):
        note = post(world, TicketRole.USER, PostAction.NOTE, key=key)
        world.desk.note(note, again=True)
    assert len(world.written(ticket)) == 2


def test_start_shows_the_task_as_being_worked_on(world: World) -> None:
    start = post(world, TicketRole.TASK, PostAction.START)
    assert ready(world, TicketRole.TASK).state == "1"
    assert world.desk.note(start, again=False).state == "2"
    assert world.desk.note(start, again=True).state == "2"
    ticket = world.desk.read(start)
    assert ticket is not None
    assert len(world.written(ticket)) == 1


def test_start_does_not_open_a_closed_task_again(world: World) -> None:
    world.desk.close(close(world, TicketRole.TASK, Outcome.DELIVERED), again=False)
    start = post(world, TicketRole.TASK, PostAction.START)
    assert world.desk.note(start, again=False).state == "3"


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("role", ALL)
def test_a_close_ends_as_role_and_outcome_ask(
    world: World, role: TicketRole, outcome: Outcome
) -> None:
    ready(world, role)
    states = {
        TicketRole.USER: {Outcome.FAILED: "1", Outcome.UNKNOWN: "1"}.get(outcome, "6"),
        TicketRole.AUDIT: "7",
        TicketRole.TASK: {Outcome.DELIVERED: "3"}.get(outcome, "4"),
    }
    assert world.desk.close(close(world, role, outcome), again=False).state == states[role]


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("role", ALL)
@pytest.mark.parametrize("arrived", [True, False], ids=["answer lost", "call lost"])
def test_a_close_that_may_have_arrived_is_written_once(
    world: World, role: TicketRole, outcome: Outcome, arrived: bool
) -> None:
    ready(world, role)
    closing = close(world, role, outcome)
    lose(world, arrived=arrived)
    with pytest.raises(Transient):
        world.desk.close(closing, again=False)
    first = world.desk.close(closing, again=True)
    assert world.desk.close(closing, again=True) == first
    written = world.written(first)
    assert written.count("It is over.") == (1 if role is TicketRole.USER else 0)
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("role", ALL)
def test_a_close_after_somebody_elses_only_adds_its_words(world: World, role: TicketRole) -> None:
    ready(world, role)
    theirs = close(world, role, Outcome.REFUSED)
    state = world.desk.close(replace(theirs, key="theirs"), again=False).state
    ours = close(world, role, Outcome.DELIVERED)
    for again in (False, True, False):
        ticket = world.desk.close(ours, again=again)
        assert ticket.state == state
    assert sum(ours.marker in text for text in world.written(ticket)) == 1
