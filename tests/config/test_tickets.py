"""What an instance demands of its tickets beside our own words: any field that we do not write."""

from __future__ import annotations

import pytest

from adapters import instance
from adapters.servicenow.desk import forms
from adapters.servicenow.desk.forms import TicketForm
from config.faults import ConfigError
from config.instance import WRITTEN
from config.loading import load
from tests.adapters.servicenow.desk.test_desk import OPEN_AUDIT, OPEN_USER, closing
from tests.config.conftest import GOOD, Write
from transfer.model import Outcome
from transfer.tickets import TicketRole


def with_tickets(lines: str) -> str:
    part = f"  tickets:\n    {lines}\n"
    return GOOD.replace("destinations:\n", f"{part}destinations:\n", 1)


def test_further_fields_reach_the_form(write: Write) -> None:
    text = with_tickets("fields: {contact_type: batch}\n    task_fields: {assigned_to: anna}")
    form = instance.form_of(load(write(text)))
    assert (form.fields, form.task_fields) == ({"contact_type": "batch"}, {"assigned_to": "anna"})


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("fields: {correlation_id: x}", "must not name correlation_id, which FileFerry writes"),
        ("task_fields: {state: '3', close_notes: x}", "must not name close_notes, state"),
        ("fields: {caller_id.name: x}", "must be the name of a field"),
        ("fields: {contact_type: ''}", "tickets.fields.contact_type"),
    ],
)
def test_what_we_write_ourselves_is_refused(write: Write, lines: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"servicenow\.tickets") as refused:
        load(write(with_tickets(lines)))
    assert words in str(refused.value)


def test_each_field_that_we_write_is_known_as_such() -> None:
    form, written = TicketForm(), set[str]()
    for opening in (OPEN_USER, OPEN_AUDIT):
        written |= forms.opening(opening, form).keys() | forms.note(opening).keys()
    for role in TicketRole:
        for outcome in Outcome:
            ending = closing(role, outcome)
            written |= forms.ending(ending, form).keys()
            written |= forms.remarks(ending, in_notes=True).keys()
    assert written <= WRITTEN
