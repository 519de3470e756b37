"""RFC 8785, by the vectors of its text as far as receipts need it."""

from __future__ import annotations

import json

import pytest

from transfer.audit.canonical import LARGEST, canonical

SORTED = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\U0001f600": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
}
IN_ORDER = (
    *("Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign"),
    *("Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"),
)


def test_names_are_sorted_by_their_units_of_utf_16() -> None:
    """RFC 8785, section 3.2.3."""
    assert tuple(json.loads(canonical(SORTED)).values()) == IN_ORDER


def test_texts_are_escaped_where_json_asks_for_it_and_nowhere_else() -> None:
    """RFC 8785, sections 3.2.2 and 3.2.4, without the fractions."""
    value = {"string": '\u20ac$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}
    assert canonical(value) == b'{"literals":[null,true,false],' + bytes.fromhex(
        "22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, b"0"),
        (9007199254740991, b"9007199254740991"),
        (-9007199254740991, b"-9007199254740991"),
        ([56, {"d": True, "10": None, "1": []}], b'[56,{"1":[],"10":null,"d":true}]'),
        ("\b\t\n\f\r\x00\x1f\x7f\u2028", b'"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\xe2\x80\xa8"'),
    ],
)
def test_whole_numbers_and_nested_values(value: object, text: bytes) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize("value", [1.5, LARGEST + 1, "\ud800", {1: 2}, {"a": {"b": object()}}])
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"form|large|text|surrogates"):
        canonical(value)
