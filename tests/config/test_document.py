"""What plain YAML would let pass, and what it says of a broken file."""

from __future__ import annotations

import pytest

from config.faults import ConfigError
from config.loading import load
from tests.config.conftest import GOOD, Faults, Write


def test_a_key_that_stands_twice_is_refused(faults: Faults) -> None:
    found = faults("    host:", "    host: other.example\n    host:")
    assert found == ["destinations.bank.host: stands twice; keep one (line 10)"]


def test_a_name_that_is_no_text_is_refused(faults: Faults) -> None:
    found = faults(text=GOOD + "destinations2: {}\n22: {}\n")
    assert "22: is no text: put it in quotes (line 18)" in found


def test_a_section_with_nothing_but_comments_is_its_defaults(write: Write) -> None:
    assert load(write(GOOD + "poll:\n  #every: 5\n")).poll.every == 30


def test_a_thousand_million_values_in_nine_lines_are_refused_at_the_first(write: Write) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(ConfigError, match=r"an anchor or an alias .* is not allowed.*line 1"):
        load(write("\n".join(lines)))


def test_a_text_that_only_looks_like_an_alias_is_text(write: Write) -> None:
    text = GOOD.replace("username: fileferry", 'username: "*&bank"')
    assert load(write(text)).destinations["bank"].username == "*&bank"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\t- b", "tabs), line 2, column 1"),
        ("a: [1", "line 1, column"),
        ("- a\n", "it must hold sections of settings"),
        ("a: &a [*a]\n", "an anchor or an alias (& or * before a name) is not allowed"),
        ("a: 1\nb: &b 2\n", "line 2"),
        ("a: *b\n", "an anchor or an alias"),
        ("a:\n  <<: *b\n", "an anchor or an alias"),
        ("a: &b\n", "an anchor or an alias"),
        ("&a b: c\n", "an anchor or an alias"),
        ("a: \x01\n", "a character that YAML does not allow"),
        ("a: 2024-13-45\n", "a value or a character that YAML does not allow"),
        ("? [a, b]\n: c\n", "expected a scalar node, but found sequence, line 1"),
        ("a: 1\n---\nb: 2\n", "another document, line 2"),
        ("a: " + "[" * 5000, "YAML does not allow"),
    ],
)
def test_broken_yaml_is_a_sentence_with_the_line(write: Write, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(text))
    assert "is not in order: " in caught.value.message
    assert words in caught.value.message
    assert caught.value.__context__ is None


def test_bytes_that_are_no_text_are_a_sentence(write: Write) -> None:
    path = write("")
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match=r"fileferry\.yaml is not UTF-8 text\."):
        load(path)


def test_an_empty_file_lists_what_must_stand_in_it(faults: Faults) -> None:
    assert faults(text="") == [
        "servicenow: is missing",
        "destinations: is missing",
        "grants: is missing",
    ]
