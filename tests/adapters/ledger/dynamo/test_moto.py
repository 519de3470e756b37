"""moto is a simulation: here it shows that it enforces what the other tests rest on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.ledger.dynamo.errors import Cancelled, Refused
from adapters.ledger.dynamo.items import Item
from adapters.ledger.dynamo.ledger import FREE, MINE, SILENT
from adapters.ledger.dynamo.locks import AT_REST
from adapters.ledger.dynamo.outbox import FIRST
from adapters.ledger.dynamo.table import Change, Table
from tests.ports import dynamo_store
from transfer.errors import Permanent

KEY = ("p", "s")
HEAD: Item = {"epoch": 3, "beat": 7, "at_rest": False, "owner": "one", "closed_at": "2026"}
LANE: Item = {"unsent": ["a", "b"], "beat": 2}


@pytest.fixture
def table() -> Iterator[Table]:
    for name in dynamo_store.table():
        yield Table(dynamo_store.client(), name)


def touch(condition: str, **values: Any) -> Change:
    values |= {"x": "touched"}
    return Change(key=KEY, update="SET #x = :x", condition=condition, values=values, tell=True)


HOLDS = [
    (HEAD, MINE, {"epoch": 3}),
    (HEAD, SILENT, {"epoch": 3, "beat": 7, "no": False}),
    ({**HEAD, "at_rest": True}, AT_REST, {"yes": True}),
    ({}, FREE.replace("#at_rest = :no AND ", ""), {}),
    ({"at_rest": False}, FREE, {"no": False}),
    (HEAD, "#closed_at < :before", {"before": "2027"}),
    (LANE, FIRST, {"key": "a"}),
    (LANE, "#unsent[1] = :key AND size(#unsent) > :one", {"key": "b", "one": 1}),
    ({"unsent": ["a"]}, "#unsent[0] = :key AND size(#unsent) = :one", {"key": "a", "one": 1}),
]
FAILS = [
    (HEAD, MINE, {"epoch": 2}),
    (HEAD, MINE, {"epoch": 4}),
    (None, MINE, {"epoch": 3}),
    (HEAD, SILENT, {"epoch": 3, "beat": 8, "no": False}),
    (HEAD, SILENT, {"epoch": 2, "beat": 7, "no": False}),
    ({**HEAD, "at_rest": True}, SILENT, {"epoch": 3, "beat": 7, "no": False}),
    (HEAD, AT_REST, {"yes": True}),
    (HEAD, FREE, {"no": False}),
    (None, FREE, {"no": False}),
    ({"at_rest": True}, FREE, {"no": False}),
    (HEAD, "#closed_at < :before", {"before": "2026"}),
    ({"epoch": 1}, "#closed_at < :before", {"before": "2027"}),
    (HEAD, "attribute_not_exists(#pk)", {}),
    (LANE, FIRST, {"key": "b"}),
    ({"beat": 2}, FIRST, {"key": "a"}),
    (LANE, "#unsent[0] = :key AND size(#unsent) = :one", {"key": "a", "one": 1}),
    (LANE, "attribute_not_exists(#beat) OR #beat = :beat", {"beat": 1}),
]


@pytest.mark.parametrize(("item", "condition", "values"), HOLDS)
def test_a_condition_that_holds_lets_the_write_through(
    table: Table, item: Item, condition: str, values: dict[str, Any]
) -> None:
    table.put_all([{"pk": KEY[0], "sk": KEY[1], **item}])
    assert table.write(touch(condition, **values))["x"] == "touched"
    table.transact([touch(condition, **values), Change(key=("q", "s"), item={})])
    assert table.get(("q", "s"))


@pytest.mark.parametrize(("item", "condition", "values"), FAILS)
def test_a_condition_that_fails_writes_nothing_and_tells_what_stands(
    table: Table, item: Item | None, condition: str, values: dict[str, Any]
) -> None:
    stands = {"pk": KEY[0], "sk": KEY[1], **item} if item is not None else None
    if stands:
        table.put_all([stands])
    with pytest.raises(Refused) as refused:
        table.write(touch(condition, **values))
    assert refused.value.item == stands
    changes = [Change(key=("q", "s"), item={}), touch(condition, **values)]
    with pytest.raises(Cancelled) as cancelled:
        table.transact(changes)
    assert cancelled.value.refusals == {1: stands}
    assert table.get(("q", "s")) is None
    assert table.get(KEY) == stands


def test_a_cancelled_transaction_undoes_every_kind_of_write(table: Table) -> None:
    before: Item = {"pk": "p", "sk": "s", "n": 1, "unsent": ["a"]}
    table.put_all([before, {"pk": "p", "sk": "t"}])
    changes = [
        Change(key=KEY, update="SET #n = #n + :n, #unsent = list_append(#unsent, :k)",
               values={"n": 1, "k": ["b"]}),
        Change(key=("p", "t"), item={"over": "written"}),
        Change(key=("p", "new"), item={}),
        Change(key=("r", "new"), item={}),
        Change(key=("q", "s"), condition="attribute_exists(#pk)"),
    ]  # fmt: skip
    with pytest.raises(Cancelled):
        table.transact(changes)
    assert table.get(KEY) == before
    assert table.get(("p", "t")) == {"pk": "p", "sk": "t"}
    assert table.get(("p", "new")) is None
    assert table.get(("r", "new")) is None
    table.transact(changes[:-1])
    assert table.get(KEY) == {**before, "n": 2, "unsent": ["a", "b"]}


def test_an_item_has_one_place_in_a_transaction_and_a_hundred_items_are_the_most(
    table: Table,
) -> None:
    with pytest.raises(Permanent):
        table.transact([Change(key=KEY, item={}), touch("attribute_not_exists(#pk)")])
    with pytest.raises(Permanent):
        table.transact([Change(key=("p", str(number)), item={}) for number in range(101)])
    table.transact([Change(key=("p", str(number)), item={}) for number in range(100)])
    assert len(list(table.query("p", ("0", "z")))) == 100


def test_writes_of_many_threads_do_not_swallow_each_other(table: Table) -> None:
    table.put_all([{"pk": KEY[0], "sk": KEY[1], "n": 0}])

    def raise_it(number: int) -> bool:
        change = Change(key=KEY, update="SET #n = :n", condition="#n < :n", values={"n": number})
        try:
            table.write(change)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(raise_it, [1] * 40))
    assert done.count(True) == 1


def test_an_index_is_sparse_sorted_and_holds_what_is_projected(table: Table) -> None:
    rows = [("b", "2"), ("a", "1"), ("c", "3")]
    table.put_all(
        {"pk": pk, "sk": "head", "work": "unfinished", "since": since, "stage": "x", "n": 1}
        for pk, since in rows
    )
    table.put_all([{"pk": "d", "sk": "head", "since": "0"}])
    found = list(table.index("work", "work", "unfinished"))
    assert [item["pk"] for item in found] == ["a", "b", "c"]
    assert set(found[0]) == {"pk", "sk", "work", "since", "stage"}
    newest = table.index("work", "work", "unfinished", newest=True)
    assert [item["pk"] for item in newest] == ["c", "b", "a"]


def test_long_answers_come_in_pages_and_are_read_to_the_end(table: Table) -> None:
    piece = b"\x00" * 300_000
    table.put_all({"pk": "p", "sk": f"{number:02}", "piece": piece} for number in range(10))
    assert len(list(table.query("p", ("0", "9z")))) == 10
    keys = [("p", f"{number:02}") for number in range(250)]
    assert len(table.get_all(keys)) == 10
