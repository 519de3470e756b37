"""Finding a ticket and a note again, on instances that make it hard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.servicenow.desk.forms import ticket_id
from tests.adapters.servicenow.desk.test_desk import OPEN_USER, closing, journal, post
from tests.adapters.servicenow.stage import Stage
from transfer.errors import Code, Permanent, Transient
from transfer.model import Outcome
from transfer.tickets import PostAction, TicketRole

NOTE = post(TicketRole.USER, PostAction.NOTE)


def renumber(stage: Stage) -> str:
    """As an instance would have it that gives every record a sys_id of its own."""
    record = stage.instance.get("incident", ticket_id(OPEN_USER))
    stage.instance.delete("incident", record["sys_id"])
    made = stage.instance.create("incident", {**record, "sys_id": "e" * 32})
    return made["sys_id"]


def test_a_ticket_with_another_sys_id_is_found_by_its_correlation(stage: Stage) -> None:
    desk = stage.desk()
    number = desk.open(OPEN_USER, again=False).number
    own = renumber(stage)
    again = desk.open(OPEN_USER, again=True)
    assert (again.sys_id, again.number) == (own, number)
    assert desk.note(NOTE, again=False).sys_id == own
    assert desk.close(closing(TicketRole.USER, Outcome.DELIVERED), again=False).sys_id == own
    assert len(stage.instance.query("incident")) == 1


def test_a_stranger_is_never_taken_for_the_ticket(stage: Stage) -> None:
    """The condition on the hidden column is dropped, and every incident comes back."""
    stage.instance.create("incident", {"short_description": "The printer is on fire"})
    stage.server.modes.set("hidden_field", table="incident", field="correlation_id")
    with pytest.raises(Permanent) as caught:
        stage.desk().note(NOTE, again=False)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED
    assert not stage.instance.query("sys_journal_field")


def test_the_second_insert_finds_the_first(stage: Stage) -> None:
    first = stage.desk().open(OPEN_USER, again=False)
    assert stage.desk().open(OPEN_USER, again=False) == first
    assert stage.served("incident").count("POST") == 2


def test_a_refused_insert_stays_refused(stage: Stage) -> None:
    stage.server.modes.set("forbidden", method="POST", path="/table/", operation="Insert")
    with pytest.raises(Permanent) as caught:
        stage.desk().open(OPEN_USER, again=False)
    assert caught.value.code is Code.SERVICENOW_DENIED


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("forbidden", {"path": "sys_journal_field"}),
        ("row_acl", {"table": "sys_journal_field", "query": ""}),
        ("hidden_field", {"table": "sys_journal_field", "field": "element"}),
    ],
)
def test_a_journal_that_is_closed_to_us_is_read_from_the_ticket(
    stage: Stage, mode: str, options: dict[str, str]
) -> None:
    desk = stage.desk()
    desk.open(OPEN_USER, again=False)
    desk.note(NOTE, again=False)
    stage.server.modes.set(mode, **options)  # type: ignore[arg-type]
    desk.note(NOTE, again=True)
    assert len(journal(stage, OPEN_USER, "work_notes")) == 1


def test_a_broken_journal_is_not_an_empty_one(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_USER, again=False)
    stage.server.modes.set("truncated", path="sys_journal_field")
    with pytest.raises(Transient):
        desk.note(NOTE, again=True)
    assert not journal(stage, OPEN_USER, "work_notes")


def test_the_marker_is_found_behind_many_newer_entries(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_USER, again=False)
    desk.note(NOTE, again=False)
    for number in range(10):
        desk.note(replace(NOTE, key=f"note {number}"), again=False)
    desk.note(NOTE, again=True)
    assert len(journal(stage, OPEN_USER, "work_notes")) == 11


def test_a_closed_ticket_that_takes_no_notes_holds_nothing_up(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_USER, again=False)
    stage.instance.update(
        "incident",
        ticket_id(OPEN_USER),
        {"state": "7", "close_code": "Resolved by caller", "close_notes": "Never mind."},
    )
    stage.server.modes.set("business_rule", method="PATCH", rule="Closed is closed")
    assert desk.note(NOTE, again=False).state == "7"
    assert desk.close(closing(TicketRole.USER, Outcome.DELIVERED), again=False).state == "7"


def test_an_open_ticket_that_takes_no_notes_is_an_error(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_USER, again=False)
    stage.server.modes.set("forbidden", method="PATCH")
    with pytest.raises(Permanent) as caught:
        desk.note(NOTE, again=False)
    assert caught.value.code is Code.SERVICENOW_DENIED


def test_a_token_that_dies_between_two_posts_is_replaced(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_USER, again=False)
    stage.server.modes.set("expire_tokens", method="PATCH", count=1)
    desk.note(NOTE, again=False)
    assert len(journal(stage, OPEN_USER, "work_notes")) == 1


@pytest.mark.parametrize("mode", ["truncated", "result_and_error", "reset_after_commit", "empty"])
def test_lost_answers_leave_one_ticket_and_one_note_each(stage: Stage, mode: str) -> None:
    options = {"commit": True} if mode == "empty" else {}
    for method in ("POST", "PATCH"):
        stage.server.modes.set(mode, method=method, path="/table/", **options)
    desk = stage.desk()
    for generation in range(5):
        opening = replace(OPEN_USER, generation=generation)
        note = replace(NOTE, generation=generation)
        with pytest.raises(Transient):
            desk.open(opening, again=False)
        desk.open(opening, again=True)
        with pytest.raises(Transient):
            desk.note(note, again=False)
        desk.note(note, again=True)
        assert len(journal(stage, opening, "work_notes")) == 1
    assert len(stage.instance.query("incident")) == 5
