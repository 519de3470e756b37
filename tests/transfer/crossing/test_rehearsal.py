"""A dry run says of each file what would become of it, as the partner's server shows it now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transfer.bench import Bench
from tests.transfer.made import DESTINATIONS
from tests.transfer.test_journey import SOURCE
from transfer.destination import Conflict, TempNames
from transfer.errors import Code
from transfer.journey import travel
from transfer.model import Outcome

PARTNER = DESTINATIONS["partner"]
FINAL = f"{PARTNER.root}/in/file.csv"


def rehearsed(bench: Bench) -> tuple[str, str]:
    """The plan, and the code beside the file."""
    bench.objects.put(SOURCE, b"x")
    asked = {"sources": (SOURCE,), "target": "in/file.csv", "options": {"dry_run": "true"}}
    before = dict(bench.remotes.files)
    done = travel(bench.received(**asked), bench.tools())
    assert done.outcome is Outcome.REHEARSED
    assert bench.remotes.files == before
    [plan] = [post.text for post in bench.posts() if post.key.endswith(":rehearsal")]
    [delivery] = bench.record().deliveries
    return plan, delivery.failure.code if delivery.failure else ""


def test_a_file_that_would_arrive_has_nothing_beside_it() -> None:
    plan, code = rehearsed(Bench())
    assert "would be sent" in plan
    assert code == ""


@pytest.mark.parametrize(
    ("conflict", "code", "words"),
    [
        (Conflict.FAIL, Code.REMOTE_EXISTS.value, "the delivery would fail"),
        (Conflict.REPLACE, "", "would be replaced"),
        (Conflict.VERSION, "", "would get another number"),
    ],
)
def test_a_name_that_is_taken(conflict: Conflict, code: str, words: str) -> None:
    bench = Bench(destinations={"partner": replace(PARTNER, on_conflict=conflict)})
    bench.remotes.files[FINAL] = bytearray(b"old")
    plan, found = rehearsed(bench)
    assert "taken by a file of 3 bytes" in plan
    assert words in plan
    assert found == code


@pytest.mark.parametrize("folder", ["", "tmp"])
def test_a_directory_that_is_missing(folder: str) -> None:
    bench = Bench(destinations={"partner": replace(PARTNER, temp=TempNames(folder=folder))})
    missing = f"{PARTNER.root}/{folder or 'in'}"
    bench.remotes.missing.add(missing)
    plan, code = rehearsed(bench)
    assert f"the directory {missing} does not exist" in plan
    assert code == Code.REMOTE_NO_DIRECTORY.value
