"""moto's DynamoDB with two things of the real one: writes are atomic, and transactions are quick.

moto's own threads run between a condition and its write, and for each item of a transaction it
copies the whole table, so that a thousand items make every write last for seconds.
"""

from __future__ import annotations

import copy
import io
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def atomic(app: App) -> App:
    """The same WSGI application, one request of DynamoDB at a time; others stay side by side."""
    Table.__deepcopy__ = _copied  # type: ignore[attr-defined]
    turn = threading.Lock()

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        if not target.startswith("DynamoDB"):
            return app(environ, start_response)
        # Before its turn: a client that is stopped in the middle of its request holds up nobody.
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        with turn:
            _Transaction.begin(body if target.endswith(".TransactWriteItems") else None)
            return list(app(environ, start_response))

    return serve


class _Transaction:
    """What the request that is being served may write, and how that stood before."""

    operations: list[dict[str, Any]] | None = None
    before: dict[str, Any] = {}  # noqa: RUF012 one request at a time

    @classmethod
    def begin(cls, body: bytes | None) -> None:
        cls.operations, cls.before = None, {}
        if body is not None:
            items = json.loads(body)["TransactItems"]
            cls.operations = [operation for item in items for operation in item.values()]


def _copied(table: Any, memo: dict[int, Any]) -> Any:
    """In the place of Table's deepcopy: of a transaction's items only, once for all of them."""
    twin = copy.copy(table)
    if _Transaction.operations is None:
        twin.__dict__ = copy.deepcopy(table.__dict__, memo)
        return twin
    if table.name not in _Transaction.before:
        twin.items = defaultdict(dict, table.items)
        for operation in _Transaction.operations:
            key = operation.get("Key") or operation["Item"]
            if operation["TableName"] == table.name:
                _copy_item(table, twin, key)
        _Transaction.before[table.name] = twin
    return _Transaction.before[table.name]


def _copy_item(table: Any, twin: Any, key: dict[str, Any]) -> None:
    partition = DynamoType(key[table.hash_key_attr])
    if partition not in table.items:
        return
    if table.range_key_attr is None:
        twin.items[partition] = copy.deepcopy(table.items[partition])
        return
    if twin.items[partition] is table.items[partition]:
        twin.items[partition] = dict(table.items[partition])
    place = DynamoType(key[table.range_key_attr])
    if place in twin.items[partition]:
        twin.items[partition][place] = copy.deepcopy(twin.items[partition][place])
