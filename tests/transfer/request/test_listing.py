"""Patterns: each prefix is listed once, no list is endless, and a name is never another's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.memory.objects import MemoryObjects
from tests.transfer.bench import Bench
from tests.transfer.made import DESTINATIONS, PARTNER, RULES, request
from tests.transfer.request.test_many import arrived, carried, code_of
from transfer.errors import Code, Permanent, Stopping
from transfer.model import Outcome
from transfer.request import planning
from transfer.request.listing import MOST_KEYS
from transfer.request.planning import MAX_LISTS

FOLDER = "s3://exports/payroll/"
PAGE = 1000


class Shelf(MemoryObjects):
    """Lists keys that nobody has written, and says which prefixes were asked for."""

    def __init__(self, count: int = 0) -> None:
        super().__init__()
        self.count = count
        self.asked: list[str] = []
        self.listed = 0

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        self.asked.append(prefix)
        if not self.count:
            yield from super().list(bucket, prefix)
        for number in range(self.count):
            self.listed += 1
            yield f"{prefix}{number:07}.bin"


def expand(shelf: MemoryObjects, *names: str, halt: Any = lambda: None) -> planning.Expanded:
    asked = request(sources=tuple(FOLDER + name for name in names), target="")
    planning.plan(asked, RULES, DESTINATIONS)
    return planning.expand(asked, RULES, PARTNER, (), shelf, halt=halt)


def refusal(shelf: MemoryObjects, *names: str) -> Permanent:
    with pytest.raises(Permanent) as raised:
        expand(shelf, *names)
    assert raised.value.code is Code.SOURCE_MALFORMED
    return raised.value


def test_five_patterns_over_the_same_keys_list_them_once() -> None:
    shelf = Shelf()
    for name in ("a1", "a2", "b1", "sub/c1"):
        shelf.put(FOLDER + name, b"")
    done = expand(shelf, "b*", "*a1", "**/c1", "a[2-3]")
    assert [item.source.key for item in done.deliveries] == [
        "payroll/b1",
        "payroll/a1",
        "payroll/sub/c1",
        "payroll/a2",
    ]
    assert shelf.asked == ["payroll/"]


def test_prefixes_that_do_not_begin_with_each_other_are_listed_each() -> None:
    shelf = Shelf()
    for name in ("a1", "b1", "b2"):
        shelf.put(FOLDER + name, b"")
    expand(shelf, "b1*", "a*", "b*2")
    assert shelf.asked == ["payroll/a", "payroll/b"]


def test_more_keys_than_that_are_not_looked_at_and_the_refusal_says_how_many() -> None:
    shelf = Shelf(4 * MOST_KEYS)
    told = refusal(shelf, "*.a", "*.b", "*.c", "*.d", "*.e")
    assert "100,000 keys" in told.message
    assert "first wildcard" in told.action
    assert shelf.listed == MOST_KEYS + 1


def test_the_limit_is_for_all_patterns_together() -> None:
    shelf = Shelf(MOST_KEYS // 2)
    refusal(shelf, "a/*.a", "b/*.b", "c/*.c")
    assert shelf.listed == MOST_KEYS + 1


def test_files_too_many_are_noticed_while_they_are_listed() -> None:
    shelf = Shelf(MOST_KEYS)
    assert "10,000 files" in refusal(shelf, "*").message
    assert shelf.listed == planning.MAX_FILES + 1


def test_a_stop_is_heard_between_the_pages() -> None:
    shelf = Shelf(MOST_KEYS)

    def halt() -> None:
        if shelf.listed >= PAGE:
            raise Stopping

    with pytest.raises(Stopping):
        expand(shelf, "*.a", halt=halt)
    assert shelf.listed == PAGE


def test_patterns_and_manifests_are_counted_before_anything_is_listed() -> None:
    shelf = Shelf()
    told = refusal(shelf, *(f"{number}*" for number in range(MAX_LISTS + 1)))
    assert "51 patterns and manifests; 50 is the most" in told.message
    assert shelf.asked == []


@pytest.mark.parametrize("name", ["report[1].csv", "all*.csv", "who?.csv", "[x]/*?.csv"])
def test_a_name_with_wildcards_in_it_is_that_object_where_it_is_the_only_one(name: str) -> None:
    bench = Bench()
    bench.objects.put(FOLDER + name, b"mine")
    assert carried(bench, FOLDER + name).outcome is Outcome.DELIVERED
    assert arrived(bench) == {name.rpartition("/")[2]: "mine"}


def test_such_a_file_may_get_another_name() -> None:
    bench = Bench()
    bench.objects.put(FOLDER + "report[1].csv", b"mine")
    assert carried(bench, FOLDER + "report[1].csv", target="in/r.csv").outcome is Outcome.DELIVERED
    assert arrived(bench) == {"r.csv": "mine"}


@pytest.mark.parametrize(
    ("name", "other"),
    [("report[12a].csv", "report1.csv"), ("all*.csv", "all-1.csv"), ("who?.csv", "whom.csv")],
)
def test_a_name_that_is_also_a_pattern_of_others_is_refused(name: str, other: str) -> None:
    bench = Bench()
    bench.objects.put(FOLDER + name, b"mine")
    bench.objects.put(FOLDER + other, b"another's")
    done = carried(bench, FOLDER + name)
    assert code_of(done) == Code.SOURCE_MALFORMED
    assert done.failure
    assert other in done.failure.message
    assert "[[]" in done.failure.action
    assert bench.remotes.files == {}


@pytest.mark.parametrize("line", ["report[[]12a].csv", "report[[]12a]*"])
def test_the_way_out_that_the_refusal_names_leads_out(line: str) -> None:
    bench = Bench()
    bench.objects.put(FOLDER + "report[12a].csv", b"mine")
    bench.objects.put(FOLDER + "report1.csv", b"another's")
    assert carried(bench, FOLDER + line).outcome is Outcome.DELIVERED
    assert arrived(bench) == {"report[12a].csv": "mine"}


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("report[1].csv", ["report1.csv"]),
        ("report[12].csv", ["report1.csv", "report2.csv"]),
        ("report [2026].csv", ["report 2.csv"]),
        ("[x]/a[.]csv", ["x/a.csv"]),
        ("report[1]*.csv", ["report1.csv", "report1-old.csv"]),
        ("*[7].csv", ["report7.csv"]),
    ],
)
def test_a_number_or_one_letter_in_brackets_never_fetches_another_object(
    line: str, others: list[str]
) -> None:
    without, with_it = Bench(), Bench()
    for other in others:
        without.objects.put(FOLDER + other, b"another's")
        with_it.objects.put(FOLDER + other, b"another's")
    assert code_of(carried(without, FOLDER + line)) == Code.SOURCE_MISSING
    assert without.remotes.files == {}
    with_it.objects.put(FOLDER + line.replace("*", "-"), b"mine")
    assert carried(with_it, FOLDER + line).outcome is Outcome.DELIVERED
    assert list(arrived(with_it).values()) == ["mine"]
