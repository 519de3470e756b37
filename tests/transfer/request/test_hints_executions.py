"""What a message says of executions of Step Functions, as EventBridge tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.transfer.request.messages import sns
from tests.transfer.request.test_hints import reading, refusal
from transfer.errors import Code
from transfer.request.hints import ExecutionHint

NAME = "ff-RITM0010001-3f2a-g1-e4"


def event(**detail: Any) -> dict[str, Any]:
    """As in EventBridge's reference, "AWS Step Functions events"."""
    said = {
        "executionArn": f"arn:aws:states:eu-central-1:1:execution:FileFerry-Transfers:{NAME}",
        "stateMachineArn": "arn:aws:states:eu-central-1:1:stateMachine:FileFerry-Transfers",
        "name": NAME,
        "status": "SUCCEEDED",
    }
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73e60175",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": "012345678912",
        "detail": said | detail,
    }


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "NEW_WORD"])
def test_the_end_of_an_execution_names_it(status: str) -> None:
    assert reading(event(status=status)).hints == (ExecutionHint(name=NAME),)
    assert reading(sns(event(status=status))).hints == (ExecutionHint(name=NAME),)


def test_the_beginning_of_one_asks_for_nothing() -> None:
    found = reading(event(status="RUNNING"))
    assert (found.hints, found.remark) == ((), "an execution that runs")


@pytest.mark.parametrize("name", [None, 7, "", "a b", "x" * 81, "../other"])
def test_one_without_a_name_is_refused(name: object) -> None:
    assert refusal(json.dumps(event(name=name))).code == Code.HINT_MALFORMED
