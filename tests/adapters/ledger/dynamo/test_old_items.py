"""A ledger of the release before knows its items once it is migrated, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.ledger.dynamo.books import dynamodb_shelf
from adapters.ledger.shelf import Shelf
from tests.adapters.ledger import old_books
from tests.adapters.ledger.dynamo.line import Unanswered
from tests.adapters.ledger.old_books import Old, task_id, task_of
from tests.ports import dynamo_store
from transfer.errors import Code, Permanent, Transient
from transfer.model import DeliveryState, Outcome


@pytest.fixture(params=[old_books.sqlite, old_books.dynamodb], ids=["sqlite", "dynamodb"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Old]:
    yield from request.param(tmp_path)


def test_it_is_refused_until_it_is_migrated(old: Old) -> None:
    with pytest.raises(Permanent, match="schema version") as refused:
        old.open()
    assert refused.value.code is Code.LEDGER_UNUSABLE
    assert "Stop the service" in refused.value.action
    assert "`fileferry ledger migrate`" in refused.value.action


def test_all_of_it_is_there_afterwards(old: Old) -> None:
    assert "was brought to schema version" in old.shelf.migrate()
    assert "already" in old.shelf.migrate()
    findings = old.shelf.check()
    assert findings.good, findings.faults
    assert (findings.unfinished, findings.quarantined) == (3, 1)
    with closing(old.open()) as books:
        records = {record.transfer.id: record for record in books.archive.search()}
        assert len(records) == 8
        open_ones = [head.id for head in books.archive.unfinished()]
        assert open_ones == [task_id(4), task_id(5), "i:u_standing:r:o"]
        [file] = records[task_id(4)].deliveries
        assert (file.state, file.temp) == (DeliveryState.UPLOADING, "/inbox/.ff-x-1-e1.part")
        assert records[task_id(2)].transfer.outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("item", "holder"),
    [(1, 1), (2, 9), (3, 4), (4, 6), (5, 7), (6, 9)],
    ids=[
        "sent twice",
        "refused as it came in",
        "two under way",
        "in quarantine",
        "cancelled in the middle",
        "unknown",
    ],
)
def test_a_further_task_meets_the_one_that_holds_the_item(old: Old, item: int, holder: int) -> None:
    old.shelf.migrate()
    with closing(old.open()) as books:
        assert books.ledger.admit(task_of(item)).id == task_id(holder)
        assert len(books.archive.search()) == (9 if holder == 9 else 8)


def test_two_that_were_under_way_both_go_on(old: Old) -> None:
    old.shelf.migrate()
    with closing(old.open()) as books:
        for task in (4, 5):
            assert books.ledger.admit(task_of(3, task)).id == task_id(task)


def test_the_migration_of_a_table_may_be_cut_off_at_any_call_and_run_again(
    tmp_path: Path,
) -> None:
    for old in old_books.dynamodb(tmp_path):
        line: Any = Unanswered(dynamo_store.client())
        shelf = dynamodb_shelf(line, old.table)
        cut = 1
        line.arm(cut)
        while not _migrated(shelf):
            with pytest.raises(Permanent, match="schema version 1"):
                old.open()
            cut += 1
            line.arm(cut)
        assert cut > 10
        with closing(old.open()) as books:
            assert [books.ledger.admit(task_of(item)).id for item in (1, 3)] == [
                task_id(1),
                task_id(4),
            ]


def _migrated(shelf: Shelf) -> bool:
    try:
        shelf.migrate()
    except Transient:
        return False
    return True
