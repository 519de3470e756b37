"""Runs state machines in moto's interpreter of Amazon States Language, and tells their histories.

Standard input is a list of `definition` and `script`: for each function what becomes of its calls,
one after the other, the last one of all further ones: an `answer`, an `error`, or `hang`. No Wait
state waits; what it would have waited is told.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from typing import Any

import boto3
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function

DEADLINE = 300.0
NAME = "ff-RITM0010001-abcdef-g1-e1"
INPUT = {"transfer": "i:sc_task:7", "generation": 1, "door": "d" * 64}
PLACE: Any = {
    "region_name": "eu-central-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}


class Functions:
    """Stands where the client of Lambda would."""

    def __init__(self, script: dict[str, list[dict[str, Any]]]) -> None:
        self._script = script
        self.events: list[list[Any]] = []

    def invoke(self, *, FunctionName: str, Payload: Any, **_: object) -> dict[str, Any]:  # noqa: N803
        name = FunctionName.rpartition("-")[2]
        self.events.append([name, json.loads(Payload)])
        told = self._script[name]
        said = told.pop(0) if len(told) > 1 else told[0]
        if "hang" in said:
            threading.Event().wait(DEADLINE)
        if "error" in said:
            failed = {"errorType": said["error"], "errorMessage": said["error"]}
            return {"FunctionError": "Unhandled", "Payload": _payload(failed)}
        return {"Payload": _payload(said["answer"])}


def _payload(value: object) -> io.BytesIO:
    return io.BytesIO(json.dumps(value).encode())


def run(client: Any, number: int, case: dict[str, Any]) -> dict[str, Any]:
    functions = Functions(case["script"])
    waits: list[float] = []
    engine: Any = lambda_eval_utils
    engine.boto_client_for = lambda **_: functions

    def waited(*_: object, wait_seconds: float, **__: object) -> None:
        waits.append(wait_seconds)

    waiting: Any = wait_function.WaitFunction
    waiting._wait_interval = waited
    machine = client.create_state_machine(
        name=f"T{number}",
        # moto 5.2.5 takes that number with a point only.
        definition=json.dumps(case["definition"]).replace(': 100, "', ': 100.0, "'),
        roleArn="arn:aws:iam::123456789012:role/states",
    )["stateMachineArn"]
    arn = client.start_execution(stateMachineArn=machine, name=NAME, input=json.dumps(INPUT))
    arn = arn["executionArn"]
    until = time.monotonic() + DEADLINE
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if time.monotonic() > until:
            break
        time.sleep(0.02)
    history = client.get_execution_history(executionArn=arn)["events"]
    return {
        "status": found["status"],
        "output": json.loads(found.get("output") or "null"),
        "error": found.get("error"),
        "cause": found.get("cause"),
        "events": functions.events,
        "waits": waits,
        "history": history,
    }


def main() -> None:
    cases = json.load(sys.stdin)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions", **PLACE)
        done = [run(client, number, case) for number, case in enumerate(cases)]
    json.dump(done, sys.stdout, default=str)
    sys.stdout.flush()
    # What hangs is a thread of this process, and nobody waits for it.
    os._exit(0)


main()
