"""What the Executions port promises: in memory, and of a Step Functions that is not AWS's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapters.aws.executions import StepFunctions, make_client
from adapters.memory.executions import MemoryExecutions
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.odd_s3 import Answer, OddS3
from tests.servers.ports import nobody
from tests.servers.s3_clients import REGION
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.ports import Executions
from transfer.routing import ExecutionState

TOLD = {"transfer": "i:sc_task:7", "generation": 1, "door": "d" * 64}
TRACE = "Root=1-6563c0de-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as server:
        yield server


@pytest.fixture(scope="module")
def machine(aws: EmbeddedAws) -> str:
    trusted: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trusted["Principal"] = {"Service": "states.amazonaws.com"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    iam = aws.client("iam")
    role = iam.create_role(RoleName="Waits", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = aws.client("stepfunctions").create_state_machine(
        name="Waits", definition=json.dumps(WAITS), roleArn=role
    )
    return str(made["stateMachineArn"])


@pytest.fixture(params=["memory", "step functions"])
def executions(request: pytest.FixtureRequest) -> Executions:
    if request.param == "memory":
        return MemoryExecutions()
    aws: EmbeddedAws = request.getfixturevalue("aws")
    return StepFunctions(aws.client("stepfunctions"), request.getfixturevalue("machine"))


def test_one_that_was_never_started_is_absent(executions: Executions) -> None:
    assert executions.state("ff-RITM1-absent") is ExecutionState.ABSENT
    executions.stop("ff-RITM1-absent", "nobody wants it")


def test_it_runs_until_it_is_stopped_and_is_started_once(executions: Executions) -> None:
    name = "ff-RITM1-once-g1-e1"
    executions.start(name, TOLD, TRACE)
    executions.start(name, TOLD, TRACE)
    assert executions.state(name) is ExecutionState.RUNNING
    executions.stop(name, "The order was cancelled.")
    assert executions.state(name) is ExecutionState.ENDED
    executions.stop(name, "once more")
    executions.start(name, TOLD)
    assert executions.state(name) is ExecutionState.ENDED


ACTS: list[Callable[[Executions], Any]] = [
    lambda port: port.start("ff-1", TOLD),
    lambda port: port.state("ff-1"),
    lambda port: port.stop("ff-1", "why"),
]


def refused(code: str, status: int = 400) -> Answer:
    return Answer(
        status=status,
        headers={"Content-Type": "application/x-amz-json-1.0"},
        body=json.dumps({"__type": f"com.amazonaws.states#{code}", "message": "no"}).encode(),
    )


def said(answer: Answer, act: Callable[[Executions], Any], patch: pytest.MonkeyPatch) -> FerryError:
    patch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "made-up-secret")
    with OddS3(answer) as server:
        client = make_client(REGION, server.endpoint_url, timeout=30.0)
        port = StepFunctions(client, "arn:aws:states:eu-central-1:1:stateMachine:T")
        with pytest.raises(FerryError) as caught:
            act(port)
    return caught.value


@pytest.mark.parametrize("act", ACTS, ids=["start", "state", "stop"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "StateMachineDoesNotExist"])
def test_a_door_that_is_shut_is_permanent(
    code: str, act: Callable[[Executions], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = said(refused(code), act, monkeypatch)
    assert isinstance(error, Permanent)
    assert error.code == Code.EXECUTION_REFUSED


@pytest.mark.parametrize("act", ACTS, ids=["start", "state", "stop"])
def test_a_busy_one_is_transient(
    act: Callable[[Executions], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = said(refused("ThrottlingException"), act, monkeypatch)
    assert isinstance(error, Transient)
    assert error.code == Code.EXECUTION_UNAVAILABLE


def test_one_that_is_not_there_at_all_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up-secret")
    with nobody() as port:
        client = make_client(REGION, f"http://127.0.0.1:{port}", timeout=30.0)
        with pytest.raises(Transient) as caught:
            StepFunctions(client, "arn:aws:states:eu-central-1:1:stateMachine:T").state("ff-1")
    assert caught.value.code == Code.EXECUTION_UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((each, ExecutionState.RUNNING) for each in ("RUNNING", "PENDING_REDRIVE")),
        *(
            (each, ExecutionState.ENDED)
            for each in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "OF A LATER YEAR")
        ),
    ],
)
def test_whatever_ended_it_it_has_ended(
    status: str, state: ExecutionState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up-secret")
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    told = Answer(status=200, headers=headers, body=json.dumps({"status": status}).encode())
    with OddS3(told) as server:
        client = make_client(REGION, server.endpoint_url, timeout=60.0)
        port = StepFunctions(client, "arn:aws:states:eu-central-1:1:stateMachine:T")
        assert port.state("ff-1") is state
