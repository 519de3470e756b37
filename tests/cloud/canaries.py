"""What must be found nowhere: every secret that was read or given out, and a file's content.

Searched is all that people and AWS keep of an execution: its history, the functions' log, AWS's
own, the ledger's table, all tables and attachments of ServiceNow, and what a collector was told.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from tests.cloud.stack import TABLE, Stack

LINES = 200
PLACES = {
    "execution",
    "history",
    "log of the functions",
    "ledger",
    "incident",
    "attachments",
    "traces",
}
"""Where the request must be found, or the search has missed them."""
SHORTEST = 12
"""Characters of what is no word of a document by chance."""


def content() -> bytes:
    """A file of lines that are nowhere else."""
    return "".join(f"{secrets.token_hex(16)}\n" for _ in range(LINES)).encode()


def canaries(stack: Stack, data: bytes) -> set[str]:
    """By now: the content, the secrets, ServiceNow's tokens, and all that AWS has given out."""
    texts = [data.decode(), *stack.secrets.values(), *stack.servicenow.site.tokens.given()]
    lines = [line for text in texts for line in text.splitlines() if "PRIVATE KEY" not in line]
    return {line for line in (*lines, *stack.aws.given()) if len(line) >= SHORTEST}


def shown(stack: Stack, data: bytes, traces: str) -> list[str]:
    """The places that show one, and no more of it than its beginning; or that were not searched."""
    sought, found = canaries(stack, data), [*written(stack), ("traces", traces)]
    record = stack.record(stack.placed)
    marks = (stack.placed.number, record.transfer.id if record else "")
    searched = {place for place, text in found if any(mark in text for mark in marks)}
    unsearched = [f"{place}: not searched" for place in PLACES - searched]
    few = [] if len(sought) > LINES else [f"only {len(sought)} were sought"]
    said = [
        f"{place}: {canary[:4]}…" for place, text in found for canary in sought if canary in text
    ]
    return [*unsearched, *few, *said]


def written(stack: Stack) -> Iterator[tuple[str, str]]:
    executions = stack.aws.client("stepfunctions").get_paginator("list_executions")
    for machine, arn in stack.machines.items():
        for page in executions.paginate(stateMachineArn=arn):
            for each in page["executions"]:
                execution = stack.execution(each["name"], machine)
                yield "execution", json.dumps(execution, default=str)
                yield "history", json.dumps(stack.history(execution), default=str)
    yield "log of the functions", stack.logs()
    yield "log of AWS", stack.aws.log
    for page in stack.aws.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE):
        yield "ledger", "\n".join(_plain(item) for item in page["Items"])
    instance = stack.servicenow.instance
    for table in list(instance.store.tables):
        yield table, json.dumps(instance.query(table), default=str)
    yield "attachments", "\n".join(each.decode() for each in instance.files.values())


def _plain(item: dict[str, dict[str, Any]]) -> str:
    """An item of the table; what was packed is unpacked."""
    return "\n".join(_unpacked(value) for told in item.values() for value in told.values())


def _unpacked(value: Any) -> str:
    if isinstance(value, bytes):
        with suppress(zlib.error):
            value = zlib.decompress(value)
        return bytes(value).decode(errors="replace")
    return json.dumps(value, default=str)
