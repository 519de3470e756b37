"""Requests for many files: patterns, folders, manifests."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.objects import MemoryObjects
from tests.transfer.bench import Bench
from tests.transfer.made import DESTINATIONS, PARTNER, RULES, request
from tests.transfer.test_journey import three_tries
from transfer.errors import Code, Permanent
from transfer.journey import travel
from transfer.model import Outcome, Transfer
from transfer.request import planning
from transfer.request.planning import MAX_FILES
from transfer.request.sources import parse_line

FOLDER = "s3://exports/payroll/"
KEYS = ("a.csv", "b.csv", "b.txt", "2026/a.csv", "2026/11/a.csv", "2026/")


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    for key in KEYS:
        bench.objects.put(FOLDER + key, key.encode())
    return bench


def carried(bench: Bench, *sources: str, target: str = "in/") -> Transfer:
    return travel(bench.received(sources=sources, target=target), bench.tools(), three_tries)


def arrived(bench: Bench) -> dict[str, str]:
    """Names below the target, and what is in them."""
    files = bench.remotes.files.items()
    return {name.removeprefix("/inbox/in/"): bytes(data).decode() for name, data in files}


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.csv", ["a.csv", "b.csv"]),
        ("?.txt", ["b.txt"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("[!a].csv", ["b.csv"]),
        ("", ["2026/11/a.csv", "2026/a.csv", "a.csv", "b.csv", "b.txt"]),
        ("**", ["2026/11/a.csv", "2026/a.csv", "a.csv", "b.csv", "b.txt"]),
        ("**/a.csv", ["2026/11/a.csv", "2026/a.csv", "a.csv"]),
        ("*/a.csv", ["2026/a.csv"]),
        ("2026/**/a.csv", ["11/a.csv", "a.csv"]),
        ("2026/", ["11/a.csv", "a.csv"]),
    ],
)
def test_a_pattern_names_what_matches_and_keeps_the_folders_below(
    bench: Bench, pattern: str, names: list[str]
) -> None:
    done = carried(bench, FOLDER + pattern)
    assert done.outcome is Outcome.DELIVERED
    assert sorted(arrived(bench)) == names


def test_a_pattern_that_names_nothing_is_an_error(bench: Bench) -> None:
    assert code_of(carried(bench, FOLDER + "*.xml")) == Code.SOURCE_MISSING
    assert bench.remotes.files == {}


def test_objects_and_patterns_together(bench: Bench) -> None:
    assert carried(bench, FOLDER + "b.txt", FOLDER + "*.csv").outcome is Outcome.DELIVERED
    assert sorted(arrived(bench)) == ["a.csv", "b.csv", "b.txt"]


def test_what_is_named_twice_is_refused(bench: Bench) -> None:
    assert code_of(carried(bench, FOLDER + "a.csv", FOLDER + "*.csv")) == Code.NAME_REFUSED
    assert bench.remotes.files == {}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("s3://exports/pay*/a.csv", Code.GRANT_MISSING),
        ("s3://exports/**", Code.GRANT_MISSING),
        ("@s3://exports/secret/list.csv", Code.GRANT_MISSING),
        (FOLDER + "a**.csv", Code.SOURCE_MALFORMED),
        (FOLDER + "*/" * 40 + "a", Code.SOURCE_MALFORMED),
    ],
)
def test_a_line_is_checked_before_any_connection(bench: Bench, source: str, code: Code) -> None:
    assert code_of(carried(bench, source)) == code
    assert bench.remotes.logins == 0


def manifest(bench: Bench, text: str) -> str:
    return "@" + bench.objects.put(FOLDER + "list", text.encode()).uri


def test_a_manifest_as_csv(bench: Bench) -> None:
    text = f"\ufeffsource,path\r\n{FOLDER}a.csv,x/first.csv\r\n{FOLDER}2026/a.csv,\r\n"
    assert carried(bench, manifest(bench, text)).outcome is Outcome.DELIVERED
    assert arrived(bench) == {"x/first.csv": "a.csv", "a.csv": "2026/a.csv"}


def test_a_manifest_as_json_with_digests(bench: Bench) -> None:
    digest = hashlib.sha256(b"a.csv").hexdigest()
    text = json.dumps([{"source": FOLDER + "a.csv", "sha256": digest.upper()}])
    assert carried(bench, manifest(bench, text)).outcome is Outcome.DELIVERED
    assert list(arrived(bench)) == ["a.csv"]


def test_a_digest_that_is_not_the_object_s_is_never_published(bench: Bench) -> None:
    text = json.dumps([{"source": FOLDER + "a.csv", "sha256": "0" * 64}])
    done = carried(bench, manifest(bench, text))
    assert code_of(done) == Code.CHECKSUM_MISMATCH
    assert bench.remotes.files == {}


def test_a_digest_that_nobody_computes_is_refused(bench: Bench) -> None:
    text = json.dumps([{"source": FOLDER + "a.csv", "sha256": "0" * 64}])
    tools = bench.tools()
    lazy = replace(PARTNER, digests=("md5",))
    transfer = bench.received(sources=(manifest(bench, text),), target="in/")
    done = travel(transfer, replace(tools, destinations={"partner": lazy}), three_tries)
    assert code_of(done) == Code.VERIFICATION_TOO_WEAK


@pytest.mark.parametrize(
    "text",
    [
        "",
        "source\n",
        "[]",
        "{}",
        "[1]",
        "[[]]",
        '[{"source": 1}]',
        '[{"source": "s3://exports/payroll/a.csv", "to": "x"}]',
        '[{"source": "s3://exports/payroll/a.csv", "sha256": "12"}]',
        "[" * 100_000,
        "uri\ns3://exports/payroll/a.csv\n",
        "source,path\ns3://exports/payroll/a.csv,a,b\n",
        'source\n"s3://exports/payroll/a.csv\n',
        "\x00",
    ],
)
def test_a_malformed_manifest_is_refused_with_a_reason(bench: Bench, text: str) -> None:
    done = carried(bench, manifest(bench, text))
    assert code_of(done) == Code.MANIFEST_MALFORMED
    assert bench.remotes.files == {}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("s3://exports/secret/a.csv,", Code.GRANT_MISSING),
        ("/etc/passwd,", Code.SOURCE_MALFORMED),
        ("s3://exports/payroll/a.csv,/etc/passwd", Code.NAME_REFUSED),
        ("s3://exports/payroll/a.csv,../a", Code.NAME_REFUSED),
    ],
)
def test_a_manifest_gives_no_right_that_the_request_has_not(
    bench: Bench, line: str, code: Code
) -> None:
    assert code_of(carried(bench, manifest(bench, f"source,path\n{line}\n"))) == code
    assert bench.remotes.files == {}


def test_ten_thousand_files_and_not_one_more() -> None:
    objects = MemoryObjects()
    for number in range(MAX_FILES):
        objects.put(f"{FOLDER}{number}", b"")
    asked = request(sources=(FOLDER,), target="")
    found = planning.expand(asked, RULES, PARTNER, (), objects)
    assert len({item.final for item in found.deliveries}) == MAX_FILES
    objects.put(f"{FOLDER}one", b"")
    with pytest.raises(Permanent, match="more than 10,000 files"):
        planning.expand(asked, RULES, PARTNER, (), objects)


def test_the_plan_of_a_pattern_is_empty_until_it_is_expanded() -> None:
    asked = request(sources=(FOLDER + "*.csv",), target="x")
    assert planning.plan(asked, RULES, DESTINATIONS) == ()


def test_an_expanded_request_is_not_expanded_again(bench: Bench) -> None:
    first = carried(bench, FOLDER + "*.csv")
    assert first.expanded
    bench.objects.put(FOLDER + "c.csv", b"late")
    assert "c.csv" not in arrived(bench)


@given(
    st.text(st.sampled_from("ab*?[]!/."), max_size=30),
    st.text(st.sampled_from("ab/."), min_size=1, max_size=30),
)
def test_any_pattern_is_matched_or_refused(pattern: str, key: str) -> None:
    with suppress(Permanent):
        line = parse_line("s3://exports/" + pattern + "*")
        if line.matches(key):
            assert key.startswith(line.prefix)


def code_of(done: Transfer) -> Any:
    assert done.failure
    return done.failure.code
