"""Answers that get lost: whichever call it was, the books say that it happened once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.adapters.ledger.dynamo.line import Lost, NthCall, SentAgain, Unanswered
from tests.adapters.ledger.dynamo.scenes import VERBS, Begin, Scene, Verb, amend, worlds
from tests.ports import dynamo_store
from transfer.errors import ClaimLost, Transient

SPOKEN = {"token", "beat", "updated_at", "since", "received", "sender", "expires", "wait"}
SPOKEN |= {"history"}
"""Attributes that differ from run to run, or count the tries."""

verbs = pytest.mark.parametrize(
    ("begin", "verb"), VERBS, ids=[f"{verb.__name__}-{begin.__name__}" for begin, verb in VERBS]
)


def run(line: Any, begin: Begin) -> Iterator[tuple[str, Scene]]:
    for world in worlds(line):
        yield world.table, Scene(world.books, begin(world))


def stands(table: str) -> list[dict[str, Any]]:
    """The whole table, without what no two runs have in common."""
    items = dynamo_store.client().scan(TableName=table, ConsistentRead=True)["Items"]
    kept = [{k: v for k, v in item.items() if k not in SPOKEN} for item in items]
    return sorted(kept, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def untried(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in item.items() if k != "tries"} for item in items]


def undisturbed(begin: Begin, verb: Verb) -> Any:
    [outcome] = [(verb(scene), stands(table)) for table, scene in run(dynamo_store.client(), begin)]
    return outcome


def each_call(
    fault: type[NthCall],
    begin: Begin,
    verb: Verb,
    check: Callable[[str, Scene], None],
) -> int:
    """Check with the fault at the first call, the second, until none is left; how many."""
    number = 0
    while True:
        number += 1
        line = fault(dynamo_store.client())
        for table, scene in run(line, begin):
            line.arm(number)
            check(table, scene)
        if not line.struck:
            return number - 1


@verbs
def test_a_call_that_is_sent_again_has_its_effect_once(begin: Begin, verb: Verb) -> None:
    said, left = undisturbed(begin, verb)

    def check(table: str, scene: Scene) -> None:
        assert verb(scene) == said
        assert stands(table) == left

    assert each_call(SentAgain, begin, verb, check) >= 1


@pytest.mark.parametrize("fault", [Lost, Unanswered])
@verbs
def test_who_heard_nothing_asks_again_and_it_has_happened_once(
    fault: type[NthCall],
    begin: Begin,
    verb: Verb,
) -> None:
    said, left = undisturbed(begin, verb)

    def check(table: str, scene: Scene) -> None:
        try:
            assert verb(scene) == said
        except Transient:
            # An operator who heard nothing looks before he amends again.
            with suppress(*[ClaimLost] if verb is amend else []):
                assert verb(scene) == said
        assert untried(stands(table)) == untried(left)

    assert each_call(fault, begin, verb, check) >= 1
