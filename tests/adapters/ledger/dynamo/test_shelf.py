"""The table's making and looking over, and the rights that its definition grants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from adapters.ledger.dynamo import definition
from adapters.ledger.dynamo.books import dynamodb_books, dynamodb_shelf
from adapters.ledger.dynamo.items import SCHEMA
from adapters.ledger.dynamo.shelf import DynamoShelf
from adapters.ledger.dynamo.table import Change, Table
from tests.adapters.ledger.dynamo.line import Call, Line
from tests.adapters.ledger.dynamo.scenes import VERBS, Scene, World, claimed, worlds
from tests.ports import dynamo_store
from tests.ports.books import LEASE, delivery, post, received
from tests.transfer.made import NOON
from transfer.errors import Code, Permanent, Transient
from transfer.model import Outcome, Stage

pytest_plugins = ["tests.adapters.ledger.dynamo.fixtures"]


@pytest.fixture
def name() -> Iterator[str]:
    """Of a table that the test makes."""
    name = f"ledger-{uuid4().hex[:12]}"
    yield name
    client = dynamo_store.client()
    if name in client.list_tables()["TableNames"]:
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
        client.delete_table(TableName=name)


def test_a_table_is_made_once_with_all_its_guards(name: str) -> None:
    client, shelf = dynamo_store.client(), dynamodb_shelf(dynamo_store.client(), name)
    place = f"The ledger's table {name} in eu-central-1"
    assert shelf.init() == f"{place} was created, schema version 2."
    assert shelf.init() == f"{place} is there already, and was left as it is."
    assert shelf.migrate() == f"{place} has schema version 2 already."
    facts = client.describe_table(TableName=name)["Table"]
    assert facts["DeletionProtectionEnabled"]
    assert facts["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert facts["SSEDescription"]["Status"] == "ENABLED"
    assert shelf.check().good


class Laconic(Line):
    """A stand-in that says nothing of the state of an index."""

    def around(self, call: Call) -> Any:
        answer = call()
        for index in answer.get("Table", {}).get("GlobalSecondaryIndexes", ()):
            index.pop("IndexStatus", None)
        return answer


def test_an_index_of_which_no_state_is_told_is_there(name: str) -> None:
    shelf = DynamoShelf(Laconic(dynamo_store.client()), name)  # type: ignore[arg-type]
    assert "was created" in shelf.init()
    assert shelf.check().good


def test_init_goes_on_where_it_broke_off(name: str) -> None:
    """As after a template of CloudFormation, which makes no items."""
    dynamo_store.client().create_table(**definition.creation(name))
    shelf = dynamodb_shelf(dynamo_store.client(), name)
    with pytest.raises(Permanent, match="not furnished"):
        dynamodb_books(dynamo_store.client(), name, "one", LEASE)
    assert not shelf.check().good
    assert "was found empty and furnished" in shelf.init()
    assert shelf.check().good


def test_a_foreign_table_is_refused_and_left_alone(name: str) -> None:
    foreign: Any = definition.creation(name) | {"KeySchema": definition.keys("pk", "since")}
    del foreign["GlobalSecondaryIndexes"]
    foreign["AttributeDefinitions"] = [
        {"AttributeName": key, "AttributeType": "S"} for key in ("pk", "since")
    ]
    dynamo_store.client().create_table(**foreign)
    shelf = dynamodb_shelf(dynamo_store.client(), name)
    with pytest.raises(Permanent, match="is not a ledger of FileFerry: its keys are") as caught:
        shelf.init()
    assert caught.value.code is Code.LEDGER_UNUSABLE
    assert dynamo_store.client().scan(TableName=name)["Items"] == []


def test_a_later_version_is_refused_by_all(world: World) -> None:
    shelf = dynamodb_shelf(dynamo_store.client(), world.table)
    Table(dynamo_store.client(), world.table).write(Change(key=SCHEMA, item={"version": 3}))
    for opening in (shelf.init, shelf.migrate, world.other):
        with pytest.raises(Permanent, match="schema version 3; this FileFerry works with 2"):
            opening()
    assert shelf.check().faults == ("Its schema version is 3, not 2.",)


def test_a_check_counts_what_the_books_hold(world: World) -> None:
    books = world.books
    taken = claimed(world)
    books.ledger.save(taken.evolve(stage=Stage.PINNED), delivery(), post(taken), post(taken, "2"))
    other = books.ledger.claim(books.ledger.admit(received(2)).id)
    third = books.ledger.claim(books.ledger.admit(received(3)).id)
    assert other
    assert third
    ended = {"stage": Stage.CLOSED, "closed_at": NOON, "outcome": Outcome.DELIVERED}
    books.ledger.save(other.evolve(**ended))
    books.ledger.save(third.evolve(quarantined_at=NOON))
    found = dynamodb_shelf(dynamo_store.client(), world.table).check()
    assert found.good
    assert (found.kind, found.version, found.running) == ("dynamodb", 2, None)
    assert dict(found.stages) == {"pinned": 1, "closed": 1, "received": 1}
    assert dict(found.outcomes) == {"delivered": 1}
    assert (found.unfinished, found.quarantined, found.unsent) == (1, 1, 2)
    assert found.oldest is not None
    assert set(found.sizes) == {world.table}


def test_a_check_names_what_was_switched_off_or_taken_away(world: World) -> None:
    client = dynamo_store.client()
    client.update_table(TableName=world.table, DeletionProtectionEnabled=False)
    client.update_continuous_backups(
        TableName=world.table,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )
    client.update_time_to_live(
        TableName=world.table,
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"},
    )
    client.update_table(
        TableName=world.table,
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "task"}}],
    )
    assert dynamodb_shelf(client, world.table).check().faults == (
        "Its index task is missing.",
        "Time to live is not on for the attribute expires.",
        "Point-in-time recovery is off.",
        "Deletion protection is off.",
    )


class Slow(Line):
    """The table is being made, for some looks."""

    looks = 3

    def around(self, call: Call) -> Any:
        answer = call()
        if call.name == "describe_table" and self.looks > 0:
            self.looks -= 1
            answer["Table"]["TableStatus"] = "CREATING"
        return answer


def test_init_waits_until_the_table_can_be_used(name: str) -> None:
    line: Any = Slow(dynamo_store.client())
    naps = list[float]()
    DynamoShelf(line, name, naps.append).init()
    assert len(naps) == 3
    line.looks, line.calls = 10_000, []
    with pytest.raises(Transient, match="being made"):
        DynamoShelf(line, name, naps.append).init()


def granted(policy: str) -> set[str]:
    template = json.loads(definition.template("fileferry"))
    document = template["Resources"][policy]["Properties"]["PolicyDocument"]
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert "Ledger" in json.dumps(statement["Resource"])
    return {
        action.removeprefix("dynamodb:")
        for statement in document["Statement"]
        for action in statement["Action"]
    }


def test_the_template_makes_what_init_makes() -> None:
    made = json.loads(definition.template("fileferry"))["Resources"]["Ledger"]["Properties"]
    wanted = definition.creation("fileferry")
    for name in ("TableName", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes"):
        assert made[name] == wanted[name]
    assert made["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert made["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


NEEDS = {
    "get_item": {"GetItem"},
    "batch_get_item": {"BatchGetItem"},
    "query": {"Query"},
    "put_item": {"PutItem"},
    "update_item": {"UpdateItem"},
    "delete_item": {"DeleteItem"},
    "batch_write_item": {"BatchWriteItem"},
    "transact_write_items": {"PutItem", "UpdateItem", "ConditionCheckItem"},
}
"""Actions behind the calls (DynamoDB Developer Guide, "Transaction operations and IAM")."""


def test_the_service_is_granted_what_it_calls_and_nothing_else() -> None:
    called = set[str]()
    for begin, verb in VERBS:
        line = Line(dynamo_store.client())
        for world in worlds(line):
            verb(Scene(world.books, begin(world)))
        called |= set(line.calls)
    assert set().union(*(NEEDS[call] for call in called)) == granted("ServicePolicy")


def test_whoever_sets_up_may_do_what_that_takes_and_delete_nothing(name: str) -> None:
    line: Any = Line(dynamo_store.client())
    shelf = DynamoShelf(line, name)
    shelf.init()
    dynamodb_books(dynamo_store.client(), name, "one", LEASE).outbox.add(post(received()))
    assert shelf.check().unsent == 1
    called = {"".join(word.title() for word in call.split("_")) for call in line.calls}
    assert called == granted("SetupPolicy")
