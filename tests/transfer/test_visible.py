"""What is shown is what is there: nothing steers a terminal, begins a line, or hides."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transfer.telling.hostile import HARM, NASTY, hostile, innocent
from transfer.errors import Code, Permanent
from transfer.visible import hidden, legible, visible, visible_lines

TRICKY = st.text(st.sampled_from(HARM + "\n\t\x00\x7f\xa0\xad\u3164\ufe0f\ufeff") | st.characters())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Überweisung → 10 €.csv", "Überweisung → 10 €.csv"),
        ("a\x1b[2Jb", "a\\u001b[2Jb"),
        ("a\x9b2Jb\x7f", "a\\u009b2Jb\\u007f"),
        ("a\nb\rc\u2028d", "a\\u000ab\\u000dc\\u2028d"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("pay\u200broll\ufeff", "pay\\u200broll\\ufeff"),
        ("pay\u3164\ufe0f", "pay\\u3164\\ufe0f"),
        ("tag\U000e0041", "tag\\udb40\\udc41"),
    ],
)
def test_what_is_not_seen_is_shown_by_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(TRICKY)
def test_what_is_shown_is_one_printable_line_and_can_be_encoded(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert hidden(shown) is None
    assert len(shown.splitlines()) <= 1
    assert visible(shown) == shown
    shown.encode()


@given(st.text(st.sampled_from("ab\n\x1b\r\u2028")))
def test_only_line_feeds_begin_a_line_where_lines_are_meant(text: str) -> None:
    assert len(visible_lines(text).splitlines() or [""]) <= text.count("\n") + 1
    assert visible_lines(text).count("\n") == text.count("\n")


@given(st.dictionaries(TRICKY, TRICKY))
def test_json_stays_the_same_document(value: dict[str, str]) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert json.loads(visible(text)) == value


@given(st.characters())
def test_each_mark_that_turns_text_around_is_hidden(character: str) -> None:
    turns = unicodedata.bidirectional(character)
    if turns in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"):
        assert hidden(character)


def test_what_was_seen_is_named() -> None:
    assert hidden("invoice\u202efdp.exe") == "U+202E (RIGHT-TO-LEFT OVERRIDE)"
    assert hidden("a\u200bb\u202e") == "U+200B (ZERO WIDTH SPACE)"
    assert hidden("Überweisung") is None


def test_every_text_of_a_value_is_made_legible_and_an_innocent_one_is_the_same() -> None:
    assert not any(mark in repr_of(legible(hostile())) for mark in HARM)
    assert legible(innocent()) == innocent()


def repr_of(value: object) -> str:
    # repr escapes by itself; str of each text does not.
    texts: list[str] = []
    collect(value, texts)
    return "".join(texts)


def collect(value: object, texts: list[str]) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, tuple):
        for item in value:
            collect(item, texts)
    elif isinstance(value, dict):
        collect(tuple(value.values()), texts)
    elif hasattr(value, "__dataclass_fields__"):
        collect(tuple(getattr(value, name) for name in value.__dataclass_fields__), texts)


def test_an_error_is_one_line_whatever_a_server_has_said() -> None:
    error = Permanent(Code.REMOTE_FAILED, f"It said: {NASTY}", action=NASTY)
    assert error.message.isprintable()
    assert error.action.isprintable()
    assert str(error).isprintable()
