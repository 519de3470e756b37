"""`python -m tests.bench.cold`: what a cold start of each function costs, in seconds of CPU.

The zip as it is deployed, unpacked; for each function a new process that finds the standard library
and the zip alone, as Lambda does: import, clients (the environment), and its first answer.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from adapters.ledger.dynamo.books import dynamodb_shelf
from cloud.functions import FUNCTIONS, Function
from cloud.package import build
from sandbox.aws import Aws
from tests.cloud.site import settings
from tests.cloud.stack import KEPT

RUNS = 3
PARTS = ("import", "clients", "answer")
START = """
import json, os, sys, time
sys.path[:] = [os.getcwd(), *(place for place in sys.path if "site-packages" not in place)]
used = [time.process_time()]
import cloud.handlers
used.append(time.process_time())
from cloud.environment import environment
environment()
used.append(time.process_time())
answer = getattr(cloud.handlers, sys.argv[1])({"input": {}, "execution": "by-hand"}, None)
used.append(time.process_time())
assert answer["refused"], answer
print(json.dumps([after - before for before, after in zip(used, used[1:])]))
"""


def main() -> None:
    sys.stdout.write(f"{'function':18}{''.join(f'{part:>9}' for part in PARTS)}{'CPU s':>9}\n")
    for function, parts in measured():
        figures = "".join(f"{each:9.2f}" for each in (*parts, sum(parts)))
        sys.stdout.write(f"{function.name:18}{figures}\n")


def measured(
    functions: tuple[Function, ...] = FUNCTIONS, runs: int = RUNS
) -> Iterator[tuple[Function, list[float]]]:
    """By function, the CPU of each part: the median of the runs."""
    with Aws() as aws, tempfile.TemporaryDirectory(prefix="cold-") as scratch:
        configured = settings(aws.endpoint_url)
        package = build(configured, Path(scratch, "functions.zip"), kept=KEPT)
        task = Path(scratch, "task")
        with zipfile.ZipFile(package.path) as file:
            file.extractall(task)
        dynamodb_shelf(aws.client("dynamodb"), configured.ledger.table).init()
        aws.client("secretsmanager").create_secret(
            Name="fileferry/servicenow", SecretString="secret"
        )
        for function in functions:
            parts = zip(*(_run(function, task, aws) for _ in range(runs)), strict=True)
            yield function, [statistics.median(part) for part in parts]


def _run(function: Function, task: Path, aws: Aws) -> list[float]:
    name = function.handler.rpartition(".")[2]
    environment = {
        "LAMBDA_TASK_ROOT": str(task),
        "AWS_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, "-I", "-c", START, name],
        cwd=task,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
