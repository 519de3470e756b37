"""The promises of Recollections, kept by every ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.ports.books import Store
from tests.transfer.made import NOON
from transfer.model import Outcome, Stage
from transfer.recollection import Recollection

pytest_plugins = ("tests.ports.book_fixtures",)

NAME = "a" * 64


def recollection(transfer: str) -> Recollection:
    return Recollection(
        name=NAME,
        transfer=transfer,
        values={"md5": "1" * 32, "sha256": "2" * 64},
        numbers={"md5": "RITM0010001", "sha256": "RITM0010002"},
    )


def test_what_is_kept_is_found_by_everybody(store: Store) -> None:
    books, claimed = store.open("one"), store.claimed()
    assert books.recollections.find(NAME) is None
    kept = recollection(claimed.id)
    books.recollections.keep(kept)
    assert store.open("two").recollections.find(NAME) == kept
    assert store.open("two").recollections.find("b" * 64) is None


def test_a_later_one_stands_in_its_place(store: Store) -> None:
    books, claimed = store.open("one"), store.claimed()
    books.recollections.keep(recollection(claimed.id))
    later = replace(recollection(store.claimed(number=2).id), values={"md5": "3" * 32})
    books.recollections.keep(later)
    assert books.recollections.find(NAME) == later


def test_a_transfer_that_is_forgotten_takes_nothing_of_others_along(
    store: Store, request: pytest.FixtureRequest
) -> None:
    books, claimed, other = store.open("one"), store.claimed(), store.claimed(number=2)
    books.recollections.keep(recollection(claimed.id))
    kept = replace(recollection(other.id), name="b" * 64)
    books.recollections.keep(kept)
    closed = claimed.evolve(stage=Stage.CLOSED, outcome=Outcome.DELIVERED, closed_at=NOON)
    books.ledger.save(closed)
    assert books.keeper.forget(NOON + timedelta(seconds=1)) == 1
    assert books.recollections.find("b" * 64) == kept
    # DynamoDB itself drops its own, by their age.
    gone = "dynamo" not in request.node.name
    assert (books.recollections.find(NAME) is None) is gone
