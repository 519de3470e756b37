"""Tasks of one item from several hosts: whoever comes between two calls, one task is carried."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.adapters.ledger.dynamo.line import Meanwhile
from tests.adapters.ledger.dynamo.scenes import World
from tests.ports import dynamo_store
from tests.ports.test_items import CLOSED, NO, again, task
from transfer.books import Books
from transfer.errors import Permanent
from transfer.model import Outcome, Transfer

pytest_plugins = ["tests.adapters.ledger.dynamo.fixtures"]


def between(world: World, happens: Callable[[], object]) -> Books:
    """A host on which that happens when it has looked, and before it writes."""
    line = Meanwhile(dynamo_store.client(), 1)
    line.happens = happens
    return world.other("late", line)


def closed(world: World, transfer: Transfer, outcome: Outcome = Outcome.REFUSED) -> Transfer:
    taken = world.books.ledger.claim(world.books.ledger.admit(transfer).id)
    assert taken
    ended = taken.evolve(outcome=outcome, **CLOSED)
    world.books.ledger.save(ended)
    return ended


def test_another_host_admits_the_other_task_that_very_moment(world: World) -> None:
    late = between(world, lambda: world.books.ledger.admit(task(1)))
    assert late.ledger.admit(task(2)) == task(1)
    assert [head.id for head in late.archive.unfinished()] == [task(1).id]


def test_another_host_admits_the_same_task_that_very_moment(world: World) -> None:
    late = between(world, lambda: world.books.ledger.admit(task(1)))
    assert late.ledger.admit(task(1)) == task(1)


def test_one_that_let_go_is_sent_again_that_very_moment(world: World) -> None:
    ended = closed(world, task(1))
    late = between(world, lambda: world.books.keeper.amend(again(ended)))
    assert late.ledger.admit(task(2)).id == ended.id


def test_one_that_let_go_is_forgotten_and_another_comes_that_very_moment(world: World) -> None:
    ended = closed(world, task(1))

    def happens() -> None:
        assert world.books.keeper.forget(ended.closed_at.replace(year=2030)) == 1  # type: ignore[union-attr]
        assert world.books.ledger.admit(task(3)) == task(3)

    assert between(world, happens).ledger.admit(task(2)) == task(3)


def test_a_task_comes_in_while_an_operator_decides(world: World) -> None:
    refused = closed(world, task(1).failed(NO))
    late = between(world, lambda: world.books.ledger.admit(task(2)))
    with pytest.raises(Permanent, match="has not ended yet"):
        late.keeper.amend(again(refused))
    assert world.books.archive.unfinished() == [task(2)]


def test_two_operators_decide_over_two_tasks(world: World) -> None:
    first, second = closed(world, task(1)), closed(world, task(2))
    late = between(world, lambda: world.books.keeper.amend(again(first)))
    with pytest.raises(Permanent, match="has not ended yet"):
        late.keeper.amend(again(second))


def test_what_nobody_holds_leaves_nothing_behind(world: World) -> None:
    ended = closed(world, task(1), Outcome.DELIVERED)
    assert world.books.keeper.forget(ended.closed_at.replace(year=2030)) == 1  # type: ignore[union-attr]
    left = dynamo_store.client().scan(TableName=world.table, ConsistentRead=True)["Items"]
    assert [item["pk"]["S"] for item in left] == ["SCHEMA"]
