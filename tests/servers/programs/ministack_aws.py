"""ministack, whose Lambda functions run as AWS runs them; by the Python of .cache/aws.

Out of the box it calls a Python handler in a loop of its own, which gives every failure the same
name and lets a function import what ministack itself has installed. Here AWS's own client of the
runtime interface calls it, in a process that finds nothing but the standard library and the zip.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

STARTER = f"""#!{sys.executable} -I
import os, sys
import awslambdaric.__main__ as client
from awslambdaric import lambda_runtime_hooks_runner
task = os.environ["LAMBDA_TASK_ROOT"]
del os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"]
sys.path[:] = [task, *(place for place in sys.path if "site-packages" not in place)]
client.main(["bootstrap", os.environ["_HANDLER"]])
"""

_unpack = lambda_svc._provided_runtime_code_dir


def _unpacked(code_zip: bytes) -> str:
    where: str = _unpack(code_zip)
    starter = Path(where, "bootstrap")
    if not starter.exists():
        starter.write_text(STARTER)
        starter.chmod(0o755)
    return where


def _worker(_config: dict[str, Any]) -> Any:
    return lambda_runtime.ProvidedWorker


def _count_writes(path: str) -> None:
    """A line for each call of DynamoDB that writes: its name, and the items that it writes."""
    from ministack.services import dynamodb  # noqa: PLC0415  as late as ministack does it

    answer = dynamodb.handle_request
    written = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    async def counted(method: str, place: str, headers: Any, body: bytes, query: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        asked = json.loads(body or b"{}")
        single = action in ("PutItem", "UpdateItem", "DeleteItem")
        items = int(single) + sum(len(each) for each in asked.get("RequestItems", {}).values())
        items += sum("ConditionCheck" not in each for each in asked.get("TransactItems", []))
        if items and action not in ("BatchGetItem", "TransactGetItems"):
            os.write(written, f"{action} {items}\n".encode())
        return await answer(method, place, headers, body, query)

    dynamodb.handle_request = counted


if "COUNT_WRITES" in os.environ:
    _count_writes(os.environ["COUNT_WRITES"])
lambda_svc._provided_runtime_code_dir = _unpacked
lambda_svc._execute_function_warm = lambda_svc._execute_function_provided_warm
lambda_runtime._worker_class_for = _worker
app.main()
