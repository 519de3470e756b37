"""Sources and paths: taken as they are or refused with the rule named, never altered."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transfer.made import DESTINATIONS, RULES, request
from transfer.errors import Code, Permanent
from transfer.model import Source
from transfer.request import manifest
from transfer.request.names import check_path, parse_source, shown
from transfer.request.planning import plan
from transfer.request.sources import parse_line


@pytest.mark.parametrize(
    "path",
    [
        "a.csv",
        "deep/down/a.csv",
        "with spaces/and – dashes.csv",
        "Übersicht März.csv",
        "-rf",
        "a..b",
        ".hidden",
        "é" * 127,
        "日本語.txt",
        "a" * 255,
    ],
)
def test_an_honest_path_is_taken_as_it_is(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("", "is empty"),
        ("/etc/passwd", "absolute"),
        ("../up", "“..”"),
        ("a/../../b", "“..”"),
        ("a/./b", "“.”"),
        ("a//b", "empty"),
        ("dir/", "empty"),
        ("~root/x", "~"),
        ("a\\b", "backslash"),
        ("line\nbreak", "control"),
        ("nul\0", "control"),
        ("cr\rlf", "control"),
        ("tab\t", "control"),
        ("esc\x1b[31m", "control"),
        ("del\x7f", "control"),
        ("c1\x85", "control"),
        ("para\u2029graph", "control"),
        ("surrogate\ud800", "control"),
        ("c1\x9b2J", "control character, U+009B"),
        ("invoice\u202efdp.exe", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("a\u2066b", "U+2066 (LEFT-TO-RIGHT ISOLATE)"),
        ("pay\u200broll", "U+200B (ZERO WIDTH SPACE)"),
        ("pay\ufeff", "U+FEFF (ZERO WIDTH NO-BREAK SPACE)"),
        ("soft\xadhyphen", "U+00AD (SOFT HYPHEN)"),
        ("filler\u3164", "U+3164 (HANGUL FILLER)"),
        ("tag\U000e0041", "U+E0041 (TAG LATIN CAPITAL LETTER A)"),
        ("trailing.", "dot or a space"),
        ("trailing ", "dot or a space"),
        ("dir /file", "dot or a space"),
        ("dir./file", "dot or a space"),
        (unicodedata.normalize("NFD", "é"), "form C"),
        ("a" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        (".ff-123.part", "keeps for itself"),
    ],
)
def test_a_path_that_breaks_a_rule_is_refused_by_that_rule(path: str, rule: str) -> None:
    with pytest.raises(Permanent) as refused:
        check_path(path)
    assert refused.value.code is Code.NAME_REFUSED
    assert rule in refused.value.message


def outcome(text: str) -> str | Permanent:
    try:
        return check_path(text)
    except Permanent as error:
        return error


@given(st.text(max_size=300))
def test_no_text_is_altered_or_escapes(text: str) -> None:
    """Either the very same text comes back and stays below its root, or it is refused."""
    checked = outcome(text)
    if isinstance(checked, Permanent):
        assert checked.code is Code.NAME_REFUSED
        assert checked.message.isprintable()
    else:
        assert checked == text
        assert not text.startswith("/")
        assert ".." not in text.split("/")
        assert all(unicodedata.category(c) != "Cc" for c in text)


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("s3://exports/a.csv", "exports", "a.csv"),
        ("s3://exports/deep/März 1+2%.csv", "exports", "deep/März 1+2%.csv"),
        ("s3://my.bucket-1//lead", "my.bucket-1", "/lead"),
    ],
)
def test_a_source_is_a_bucket_and_a_key(uri: str, bucket: str, key: str) -> None:
    source = parse_source(uri)
    assert source == Source(bucket=bucket, key=key)
    assert source.uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "exports/a.csv",
        "https://exports/a.csv",
        "s3://exports",
        "s3://exports/",
        "s3:///a.csv",
        "s3://UPPER/a",
        "s3://b/a",
        "s3://a b/c",
        "s3://exports/" + "x" * 1025,
        " s3://exports/a.csv",
    ],
)
def test_what_is_no_source_is_refused(uri: str) -> None:
    with pytest.raises(Permanent) as refused:
        parse_source(uri)
    assert refused.value.code is Code.SOURCE_MALFORMED


def test_a_key_with_a_line_break_is_refused_by_its_rule() -> None:
    with pytest.raises(Permanent, match="control character") as refused:
        parse_source("s3://exports/a\nb")
    assert refused.value.code is Code.NAME_REFUSED


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\u2066"])
def test_a_name_with_a_hidden_character_is_refused_wherever_it_stands(mark: str) -> None:
    for make in (
        lambda: parse_source(f"s3://exports/a{mark}.csv"),
        lambda: parse_line(f"s3://exports/a{mark}/*.csv"),
        lambda: parse_line(f"@s3://exports/a{mark}.csv"),
        lambda: manifest.parse(f"source\ns3://exports/a{mark}.csv\n".encode(), "m"),
        lambda: plan(request(destination=f"partner{mark}"), RULES, DESTINATIONS),
        lambda: plan(request(target=f"a{mark}/"), RULES, DESTINATIONS),
    ):
        with pytest.raises(Permanent, match=f"U\\+{ord(mark):04X}") as refused:
            make()
        assert refused.value.code is Code.NAME_REFUSED
        assert refused.value.message.isprintable()


def test_shown_text_is_printable_and_short() -> None:
    assert shown("a\x1b\n") == "“a\\u001b\\u000a”"
    assert len(shown("x" * 10_000)) < 130
