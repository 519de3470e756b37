"""No value can change a query."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.servicenow.line.query import Query

ID = "0123456789abcdef" * 2
HARMLESS = re.compile(r"[A-Za-z0-9_]+")
ANY = st.text() | st.from_regex(r"[0-9a-f]{32}\n?[\^=]?.*") | st.sampled_from(["^NQ", "a^ORb=1"])


def test_conditions_are_joined_and_ordered() -> None:
    query = Query().flag("active", True).sys_id("assignment_group", ID).number("state", 1)
    assert str(query.ascending("sys_created_on")) == (
        f"active=true^assignment_group={ID}^state=1^ORDERBYsys_created_on"
    )
    assert str(Query().descending("sys_created_on")) == "ORDERBYDESCsys_created_on"


def test_lists_are_joined_by_commas() -> None:
    query = Query().sys_ids("element_id", [ID, ID]).words("element", ["work_notes", "comments"])
    assert str(query) == f"element_idIN{ID},{ID}^elementINwork_notes,comments"


@given(ANY)
def test_a_beginning_is_a_word_or_is_refused(text: str) -> None:
    try:
        query = str(Query().begins("name", text))
    except ValueError:
        assert not re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,79}", text)
    else:
        assert query == f"nameSTARTSWITH{text}"
        assert HARMLESS.fullmatch(text)


@given(ANY)
def test_a_sys_id_is_one_or_is_refused(text: str) -> None:
    try:
        query = str(Query().sys_id("sys_id", text))
    except ValueError:
        assert re.fullmatch("[0-9a-f]{32}", text) is None
    else:
        assert query == f"sys_id={text}"
        assert re.fullmatch("[0-9a-f]{32}", text)


@given(ANY | st.from_regex(r"(RITM|REQ)[0-9]{7}\n?[\^=,]?.*"))
def test_a_number_of_a_record_is_one_or_is_refused(text: str) -> None:
    try:
        query = str(Query().record("number", text))
    except ValueError:
        assert re.fullmatch("[A-Z]{3,8}[0-9]{5,15}", text) is None
    else:
        assert query == f"number={text}"
        assert re.fullmatch("[A-Z]+[0-9]+", text)


@given(st.lists(ANY, max_size=3), st.sampled_from(["sys_ids", "words"]))
def test_no_text_adds_a_condition(texts: list[str], method: str) -> None:
    try:
        query = str(getattr(Query(), method)("element", texts))
    except ValueError:
        return
    values = query.removeprefix("elementIN").split(",")
    assert values == texts
    assert all(HARMLESS.fullmatch(value) for value in values)


@given(ANY)
def test_no_field_name_adds_a_condition(text: str) -> None:
    try:
        query = str(Query().number(text, 1).ascending(text))
    except ValueError:
        return
    assert query == f"{text}=1^ORDERBY{text}"
    assert re.fullmatch(r"[a-z0-9_.]+", text)


@pytest.mark.parametrize("method", ["sys_ids", "words"])
def test_an_empty_list_is_refused_rather_than_asking_for_empty_fields(method: str) -> None:
    with pytest.raises(ValueError, match="no value"):
        getattr(Query(), method)("element", [])
