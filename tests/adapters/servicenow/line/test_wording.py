"""Text on a ticket stays text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.servicenow.line.wording import TEXT_LIMIT, TITLE_LIMIT, clean, title

FORMULA = ("=", "+", "-", "@")
TRICKY = st.text(
    st.sampled_from("[/code] CODE<b>=@\x00\x08\u202e\r\n\t\ud800=+é😀") | st.characters()
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[code]<b>x</b>[/code]", "(code)< b>x< /b>(/code)"),
        ("<script>alert(1)</script>", "< script>alert(1)< /script>"),
        ("<!--x--><?php", "< !--x-->< ?php"),
        ("a < b <= c <3", "a < b <= c <3"),
        ('[code lang="html"]x', '(code lang="html")x'),
        ("[codes] [ff]", "[codes] [ff]"),
        ("[ff:0123456789ab]", "(ff:0123456789ab)"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("\t@SUM(1)", "'@SUM(1)"),
        ("220 [code]+1[/code] <img src=x> ready", "220 (code)+1(/code) < img src=x> ready"),
        ("[CODE][ / Code ]", "(CODE)( / Code )"),
        ("[co\x00de]x", "(code)x"),
        ("[[code]code]", "[(code)code]"),
        ("a\r\nb\rc\td", "a\nb\nc\td"),
        ("\x1b[31mred\x07", "[31mred"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("half \ud83d of a pair", "half ? of a pair"),
        ("Überweisung – 10 €", "Überweisung – 10 €"),
    ],
)
def test_what_could_do_harm_is_taken_out(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(TRICKY, st.integers(20, 200))
def test_cleaned_text_is_harmless_and_fits(text: str, limit: int) -> None:
    shown = clean(text, limit, end="[ff:0123456789ab]")
    assert len(shown) <= limit
    assert shown.endswith("[ff:0123456789ab]")
    assert re.search(r"\[\s*/?\s*code\b[^\]\n]*\]", shown, re.IGNORECASE) is None
    assert re.search(r"<[a-z/!?]", shown, re.IGNORECASE) is None
    assert not shown.startswith(FORMULA)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown if c not in "\n\t")
    shown.encode()


def test_a_long_text_ends_in_an_ellipsis() -> None:
    shown = clean("x" * 5000, end="[ff:0123456789ab]")
    assert len(shown) == TEXT_LIMIT
    assert shown.endswith("x …\n[ff:0123456789ab]")


@given(TRICKY)
def test_a_title_is_one_short_line_and_no_formula(text: str) -> None:
    shown = title(text)
    assert len(shown) <= TITLE_LIMIT
    assert "\n" not in shown
    assert not shown.startswith(FORMULA)
