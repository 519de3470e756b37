"""What DynamoDB says no with, and what the ledger makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from adapters.ledger.dynamo.books import LONGEST, dynamodb_books, make_client
from adapters.ledger.dynamo.errors import Place
from adapters.ledger.dynamo.table import PAUSES, Change, Table
from sandbox.aws import Aws
from tests.adapters.ledger.dynamo.line import Call, Line, Refusing
from tests.adapters.ledger.dynamo.scenes import VERBS, Begin, Scene, Verb, World, claimed, worlds
from tests.ports import dynamo_store
from tests.ports.books import LEASE, delivery, received
from transfer.errors import Code, FerryError, Permanent, Transient

pytest_plugins = ["tests.adapters.ledger.dynamo.fixtures"]

SECRET = Aws.secret_key
BUSY = [
    ("ThrottlingException", 400),
    ("ProvisionedThroughputExceededException", 400),
    ("InternalServerError", 500),
    ("ServiceUnavailable", 503),
    ("TransactionInProgressException", 400),
    ("ExpiredTokenException", 400),
]
UNUSABLE = {
    "ResourceNotFoundException": "does not exist",
    "AccessDeniedException": "may not be used",
    "ValidationException": "refused a request",
    "UnrecognizedClientException": "credentials that do not hold",
}


@pytest.mark.parametrize(
    ("begin", "verb"), VERBS, ids=[f"{verb.__name__}-{begin.__name__}" for begin, verb in VERBS]
)
def test_a_throttled_call_is_unavailable_and_the_next_one_works(begin: Begin, verb: Verb) -> None:
    line = Refusing(dynamo_store.client(), "ThrottlingException")
    for world in worlds(line):
        scene = Scene(world.books, begin(world))
        line.arm(1)
        with pytest.raises(Transient) as caught:
            verb(scene)
        assert caught.value.code is Code.LEDGER_UNAVAILABLE
        assert world.table in caught.value.message
        verb(scene)


@pytest.mark.parametrize(("code", "status"), BUSY)
def test_what_another_try_may_help_is_transient(code: str, status: int) -> None:
    error = said(code, status)
    assert isinstance(error, Transient)
    assert error.code is Code.LEDGER_UNAVAILABLE
    assert code in error.message


@pytest.mark.parametrize(("code", "words"), UNUSABLE.items())
def test_what_no_try_helps_is_unusable_and_names_the_table(code: str, words: str) -> None:
    error = said(code)
    assert isinstance(error, Permanent)
    assert error.code is Code.LEDGER_UNUSABLE
    assert error.message.startswith("The ledger's table ledger in eu-central-1")
    assert words in error.message
    assert error.action


def said(code: str, status: int = 400) -> Exception:
    return Place("ledger", "eu-central-1").named(client_error(code, status))


def client_error(code: str, status: int = 400, reasons: list[str] | None = None) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "Said by a test."},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason, "Message": reason} for reason in reasons or []],
    }
    return ClientError(answer, "UpdateItem")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("ThrottlingError", Transient),
        ("ProvisionedThroughputExceeded", Transient),
        ("ValidationError", Permanent),
        ("ItemCollectionSizeLimitExceeded", Permanent),
    ],
)
def test_the_reasons_of_a_cancelled_transaction_count(reason: str, kind: type[FerryError]) -> None:
    error = client_error("TransactionCanceledException", reasons=["None", reason])
    assert isinstance(Place("ledger", "eu-central-1").named(error), kind)


def test_a_table_that_is_not_there_is_named_with_what_to_do() -> None:
    with pytest.raises(Permanent) as caught:
        dynamodb_books(dynamo_store.client(), "nowhere", "one", LEASE)
    assert str(caught.value) == (
        "[ledger.unusable] The ledger's table nowhere in eu-central-1 does not exist. "
        "Run `fileferry ledger init`, or mend ledger.table and ledger.region."
    )


def test_nobody_at_the_other_end_is_unavailable(world: World) -> None:
    client = make_client("eu-central-1", "http://127.0.0.1:9", timeout=0.2)
    with pytest.raises(Transient) as caught:
        dynamodb_books(client, world.table, "one", LEASE)
    assert caught.value.code is Code.LEDGER_UNAVAILABLE


def test_a_client_waits_no_longer_than_a_lease_can_bear() -> None:
    config: Any = make_client("eu-central-1", "http://127.0.0.1:9", timeout=30.0).meta.config
    assert (config.connect_timeout, config.read_timeout) == (LONGEST, LONGEST)
    assert config.retries["mode"] == "standard"
    assert LONGEST * config.retries["total_max_attempts"] <= LEASE / 4


def test_no_credentials_may_come_back() -> None:
    line: Any = Bare(dynamo_store.client())
    with pytest.raises(Transient, match="without AWS credentials"):
        Table(line, "ledger").get(("pk", "sk"))


class Bare(Line):
    """Nobody has given it credentials."""

    def around(self, call: Call) -> Any:
        raise NoCredentialsError from KeyError(call.name)


class Conflicting(Line):
    """Another transaction is at work on the item, for some tries."""

    tries = 0

    def around(self, call: Call) -> Any:
        if call.name in ("transact_write_items", "update_item") and self.tries > 0:
            self.tries -= 1
            if call.name == "update_item":
                raise client_error("TransactionConflictException")
            raise client_error("TransactionCanceledException", reasons=["TransactionConflict"])
        return call()


def test_who_meets_another_transaction_waits_a_little_and_goes_on() -> None:
    line: Any = Conflicting(dynamo_store.client())
    naps = list[float]()
    for world in worlds():
        table = Table(line, world.table, naps.append)
        line.tries = 3
        table.transact([Change(key=("a", "b"), item={"c": "d"})])
        line.tries = 3
        table.write(Change(key=("a", "b"), update="SET #c = :c", values={"c": "e"}))
        assert world.item("a", "b")["c"] == {"S": "e"}
    assert len(naps) == 6


def test_a_conflict_without_end_is_unavailable(world: World) -> None:
    line: Any = Conflicting(dynamo_store.client())
    naps = list[float]()
    line.tries = 1000
    with pytest.raises(Transient, match="kept busy"):
        Table(line, world.table, naps.append).transact([Change(key=("a", "b"), item={})])
    assert len(naps) == len(PAUSES)
    assert sum(naps) < LEASE / 20


def test_a_damaged_item_is_refused_and_not_believed(world: World) -> None:
    taken = claimed(world)
    world.books.ledger.save(taken, delivery())
    key = {"pk": {"S": f"T#{taken.id}"}, "sk": {"S": "file#00000001"}}
    item: Any = {**key, "document": {"B": b"\x78\x9cbroken"}}
    dynamo_store.client().put_item(TableName=world.table, Item=item)
    with pytest.raises(Permanent, match="is damaged") as caught:
        world.other().ledger.deliveries(taken.id)
    assert caught.value.code is Code.LEDGER_UNUSABLE


def test_no_message_has_a_secret(world: World) -> None:
    with pytest.raises(FerryError) as caught:
        dynamodb_books(dynamo_store.client(), "nowhere", "one", LEASE)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(error) + str(error)
        error = error.__cause__
    assert SECRET not in repr(world.books)
    assert SECRET not in repr(world.books.ledger.admit(received()))
