"""The calls of the one table: every read consistent, every write conditional or idempotent."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from adapters.aws import client as aws
from adapters.ledger.dynamo.errors import Cancelled, Conflict, Place, Refused
from adapters.ledger.dynamo.items import Item, Key, Value, batched, key_of, plain, wired, wired_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

READS, ERASURES = 100, 25
"""Items of one BatchGetItem and of one BatchWriteItem (DynamoDB API)."""
PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Longest waits in seconds before a further try where two transactions met on one item."""
STRIPES = 256
OUR_NAMES = re.compile(r"#(\w+)")
OUR_VALUES = re.compile(r":(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A write of one item: a whole `item`, an `update`, or, with neither, only a condition.

    Expressions are DynamoDB's; `#name` is the attribute of that name, `:name` is of `values`.
    `tell`: what stands there is told when the condition does not hold.
    """

    key: Key
    condition: str = ""
    update: str = ""
    item: Item | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    tell: bool = False

    @property
    def verb(self) -> str:
        if self.item is not None:
            return "Put"
        return "Update" if self.update else "ConditionCheck"

    def request(self, table: str) -> dict[str, Any]:
        """As the API asks for it."""
        said = f"{self.update} {self.condition}"
        wanted = set(OUR_VALUES.findall(said))
        request: dict[str, Any] = {
            "TableName": table,
            "ConditionExpression": self.condition,
            "UpdateExpression": self.update,
            "ExpressionAttributeNames": {f"#{name}": name for name in OUR_NAMES.findall(said)},
            "ExpressionAttributeValues": wired(
                {f":{name}": value for name, value in self.values.items() if name in wanted}
            ),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD" if self.tell else "",
        }
        request = {name: value for name, value in request.items() if value}
        if self.item is not None:
            return request | {"Item": wired(self.item | {"pk": self.key[0], "sk": self.key[1]})}
        return request | {"Key": wired_key(self.key)}


class Table:
    """One table by one client, for all threads of this process. Raises `ledger.*`."""

    def __init__(
        self,
        client: DynamoDBClient,
        name: str,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.client = client
        self.name = name
        self.place = Place(name, client.meta.region_name)
        self._sleep = sleep
        self._turns = [threading.Lock() for _ in range(STRIPES)]

    def get(self, key: Key) -> Item | None:
        answer = self.call(
            self.client.get_item,
            TableName=self.name,
            Key=wired_key(key),
            ConsistentRead=True,
        )
        return plain(answer["Item"]) if "Item" in answer else None

    def get_all(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Those of the keys that stand there."""
        found: dict[Key, Item] = {}
        for some in batched(dict.fromkeys(keys), READS):
            asked = {"Keys": [wired_key(key) for key in some], "ConsistentRead": True}
            for answer in self._rounds(self.client.batch_get_item, "UnprocessedKeys", asked):
                items = map(plain, answer["Responses"].get(self.name, []))
                found |= {key_of(item): item for item in items}
        return found

    def query(self, pk: str, between: tuple[str, str], **more: Any) -> Iterator[Item]:
        """The items of a partition from one sort key to another, both included, in their order."""
        return self._pages(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=wired({":pk": pk, ":first": between[0], ":last": between[1]}),
            ConsistentRead=True,
            **more,
        )

    def index(
        self, name: str, attribute: str, value: str, *, newest: bool = False
    ) -> Iterator[Item]:
        """What an index says, which may be a little old: a hint where to look, no more."""
        return self._pages(
            IndexName=name,
            KeyConditionExpression="#attribute = :value",
            ExpressionAttributeNames={"#attribute": attribute},
            ExpressionAttributeValues=wired({":value": value}),
            ScanIndexForward=not newest,
        )

    def write(self, change: Change) -> Item:
        """One item; returns it as it then is. Raises Refused."""
        request = change.request(self.name)
        with self._turn([change]):
            if change.item is not None:
                self._patiently(self.client.put_item, **request)
                return change.item
            answer = self._patiently(self.client.update_item, **request, ReturnValues="ALL_NEW")
            return plain(answer.get("Attributes", {}))

    def transact(self, changes: Sequence[Change]) -> None:
        """All of them or none, at most 100 of different items. Raises Cancelled."""
        with self._turn(changes):
            self._patiently(
                self.client.transact_write_items,
                TransactItems=[{item.verb: item.request(self.name)} for item in changes],
            )

    def commit(self, changes: Sequence[Change]) -> None:
        """As transact; one change alone is half as dear. Raises Cancelled."""
        if len(changes) > 1:
            return self.transact(changes)
        try:
            self.write(changes[0])
        except Refused as refused:
            raise Cancelled({0: refused.item}) from refused

    def put_all(self, items: Iterable[Item]) -> None:
        """Without a condition: for what is named by its content."""
        self._batch([{"PutRequest": {"Item": wired(item)}} for item in items])

    def erase(self, keys: Iterable[Key]) -> None:
        """Without a condition: for what nobody uses any more."""
        self._batch([{"DeleteRequest": {"Key": wired_key(key)}} for key in keys])

    def remove(self, key: Key, condition: str, **values: Value) -> None:
        """Raises Refused."""
        request = Change(key=key, condition=condition, values=values).request(self.name)
        self._patiently(self.client.delete_item, **request)

    def pause(self) -> None:
        """Before a further try, where another writer came first."""
        self._sleep(random.uniform(PAUSES[0], PAUSES[3]))  # noqa: S311 not for secrecy

    def call(self, ask: Callable[..., Any], **request: Any) -> Any:
        """One call, with everything but its answer as an exception of ours."""
        try:
            return ask(**request)
        except ClientError as error:
            raise self.place.named(error) from error
        except ParamValidationError as error:
            raise self.place.unusable(
                "was asked for something that no table can have", "Report it."
            ) from error
        except aws.NO_CREDENTIALS as error:
            reason = type(error).__name__
            raise self.place.unavailable(f"was asked without AWS credentials ({reason})") from error
        except aws.NO_WHOLE_ANSWER as error:
            reason = type(error).__name__
            raise self.place.unavailable(f"gave no whole answer ({reason})") from error

    def _pages(self, **request: Any) -> Iterator[Item]:
        while True:
            answer = self.call(self.client.query, TableName=self.name, **request)
            yield from map(plain, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _batch(self, writes: Sequence[dict[str, Any]]) -> None:
        for some in batched(writes, ERASURES):
            for _ in self._rounds(self.client.batch_write_item, "UnprocessedItems", list(some)):
                pass

    def _rounds(self, ask: Callable[..., Any], left: str, asked: Any) -> Iterator[Any]:
        """The answers of a batch call, until nothing is left undone."""
        for pause in (*PAUSES, None):
            answer = self.call(ask, RequestItems={self.name: asked})
            yield answer
            asked = answer.get(left, {}).get(self.name)
            if not asked:
                return
            if pause is None:
                raise self.place.unavailable("left a part of a batch undone, again and again")
            self._sleep(random.uniform(pause / 2, pause))  # noqa: S311 not for secrecy

    def _patiently(self, ask: Callable[..., Any], **request: Any) -> Any:
        # A conflict is no failure: it is how DynamoDB says that another transaction came first.
        for pause in PAUSES:
            try:
                return self.call(ask, **request)
            except Conflict:
                self._sleep(random.uniform(pause / 2, pause))  # noqa: S311 not for secrecy
        try:
            return self.call(ask, **request)
        except Conflict as error:
            raise self.place.unavailable("is kept busy by other writes on one item") from error

    @contextmanager
    def _turn(self, changes: Iterable[Change]) -> Iterator[None]:
        """One writer of a transfer at a time in this process: its threads would only conflict."""
        owners = {change.key[0] for change in changes if change.key[0].startswith("T#")}
        with ExitStack() as stack:
            for stripe in sorted({hash(owner) % STRIPES for owner in owners}):
                stack.enter_context(self._turns[stripe])
            yield
