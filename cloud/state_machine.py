"""The order of the steps once more, in the language of Step Functions (Amazon States Language).

Each function is told all that the machine knows, and answers in `last` (cloud/answer.py). A step of
the outbound half is called until its work is `whole`; what a function could not answer at all is
tried again, and then turns the transfer home with its `cause`, the first one. The homeward half
always runs: what stops one function there is written beside the cause, and the next one does its
work as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import transfer.steps as do
from adapters.running.retries import MAX_WAIT
from cloud.functions import HOMEWARD, OUTBOUND, Function, function_of
from config.settings import TransferSettings
from transfer.model import Stage

State = dict[str, Any]

TELL = {"input.$": "$", "execution.$": "$$.Execution.Name"}
"""What a function gets: the name is AWS's word, not that of who started the execution."""
ALL = ["States.ALL"]
"""Lists of what may happen to a function were never whole: Runtime.ExitError was missing in one."""
GRACE = 15
"""Seconds beyond a function's own time: AWS's answer for one that is over it should come first."""
LONGEST = 7 * 86_400
"""Seconds of an execution: what waits for so long has not yet filled the history of AWS. The
service then carries it on.
"""
HOME = HOMEWARD[0].name
SHARER, CARRIER = function_of(do.transfer_ftp), function_of(do.chunked_transfer)
"""Who shares many files out, and who carries the shards."""
SHARDS = "Shards"
"""The state that calls it for each shard; the name of its executions as well."""


def definition(work: TransferSettings, arn: Callable[[Function], str]) -> dict[str, Any]:
    """The machine; `arn` says where a function is: an ARN, or what stands for one in a template."""
    states: dict[str, State] = {SHARDS: _shards(_task(CARRIER, work, arn))}
    for function, onward in pairwise((*OUTBOUND, HOMEWARD[0])):
        states |= _outbound(function, onward.name, _task(function, work, arn))
    after = [each.name for each in HOMEWARD[1:]]
    for function, following in zip(HOMEWARD, [*after, None], strict=True):
        states |= _homeward(function, following, _task(function, work, arn))
    return {
        "Comment": "FileFerry: one approved transfer, in the order of transfer/journey.py.",
        "TimeoutSeconds": LONGEST,
        "StartAt": OUTBOUND[0].name,
        "States": states | dict(ENDS),
    }


def as_text(machine: Mapping[str, Any]) -> str:
    return json.dumps(machine, indent=2) + "\n"


def _outbound(function: Function, following: str, task: State) -> dict[str, State]:
    """The step, what becomes of its answer, and the wait before it is called again."""
    name = function.name
    asked, waits = f"{name} whole?", f"{name} waits"
    caught = {"ErrorEquals": ALL, "ResultPath": "$.cause", "Next": HOME}
    choices = [
        {**_is("refused"), "Next": "Refused"},
        {**_is("failed"), "Next": HOME},
        {"Variable": "$.last.wait", "NumericGreaterThan": 0, "Next": waits},
        {**_is("whole", value=False), "Next": name},
        *SHORT_CUTS.get(name, ()),
    ]
    return {
        name: {**task, "Catch": [caught], "Next": asked},
        asked: {"Type": "Choice", "Choices": choices, "Default": following},
        waits: {"Type": "Wait", "SecondsPath": "$.last.wait", "Next": name},
    }


def _shards(task: State) -> State:
    """Each shard is an execution of its own: a history of its own, and a failure of its own.

    What is left of it in the end is its head's, as is what the failure of all of them leaves.
    """
    following = SHARER.name
    return {
        "Type": "Map",
        "Label": SHARDS,
        "ItemsPath": "$.last.shards",
        "ItemSelector": {
            **{f"{name}.$": f"$.{name}" for name in ("transfer", "generation", "door")},
            "opened.$": "$.last.opened",
            "execution.$": "$$.Execution.Name",
            "shard.$": "$$.Map.Item.Value",
        },
        "MaxConcurrencyPath": "$.last.lanes",
        "ToleratedFailurePercentage": 100,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Shard",
            "States": _shard(task),
        },
        # Not what each of them said: that may be long, and the ledger knows better.
        "ResultSelector": {"over": True},
        "ResultPath": "$.shards",
        "Catch": [{"ErrorEquals": ALL, "ResultPath": "$.shards", "Next": following}],
        "Next": following,
    }


def _shard(task: State) -> dict[str, State]:
    # The name is that of the execution which shared out: AWS's word, too.
    told = {"input.$": "$", "execution.$": "$.execution"}
    return {
        "Shard": {**task, "Parameters": told, "Next": "Shard whole?"},
        "Shard whole?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.last.wait", "NumericGreaterThan": 0, "Next": "Shard waits"},
                {
                    "And": [_is(what, value=False) for what in ("whole", "failed", "refused")],
                    "Next": "Shard",
                },
            ],
            "Default": "Shard over",
        },
        "Shard waits": {"Type": "Wait", "SecondsPath": "$.last.wait", "Next": "Shard"},
        "Shard over": {"Type": "Pass", "Result": {}, "End": True},
    }


def _homeward(function: Function, following: str | None, task: State) -> dict[str, State]:
    caught = {
        "ErrorEquals": ALL,
        # Not where the first cause stands.
        "ResultPath": f"$.loose{function.name}",
        "Next": following or "Unfinished",
    }
    return {function.name: {**task, "Catch": [caught], "Next": following or "Closed?"}}


def _task(function: Function, work: TransferSettings, arn: Callable[[Function], str]) -> State:
    return {
        "Type": "Task",
        "Resource": arn(function),
        "Parameters": TELL,
        "ResultPath": "$.last",
        "TimeoutSeconds": function.seconds + GRACE,
        "Retry": list(_retries(work)),
    }


def _retries(work: TransferSettings) -> Iterator[State]:
    """As many tries as the service makes, a retry being a try more, with growing waits."""
    if work.tries > 1:
        yield {
            "ErrorEquals": ALL,
            "MaxAttempts": work.tries - 1,
            "IntervalSeconds": max(1, round(work.retry_wait)),
            "BackoffRate": 2,
            "MaxDelaySeconds": round(MAX_WAIT),
            "JitterStrategy": "FULL",
        }


def _is(what: str, *, value: bool = True) -> State:
    return {"Variable": f"$.last.{what}", "BooleanEquals": value}


SHORT_CUTS: Mapping[str, list[State]] = {
    "DownloadS3": [{**_is("small", value=False), "Next": "ChunkedTransfer"}],
    "TransferFTP": [
        {**_is("shared"), "Next": SHARDS},
        {
            "Variable": "$.last.stage",
            "StringEquals": Stage.DELIVERED.value,
            "Next": HOME,
        },
    ],
}
"""Where a step is passed over: no file of up to a gigabyte is there, or no other. And where what
is left is shared out.
"""

ENDS: Mapping[str, State] = {
    "Closed?": {
        "Type": "Choice",
        "Choices": [
            {**_is("refused"), "Next": "Refused"},
            {**_is("whole"), "Next": "Closed"},
        ],
        "Default": "Unfinished",
    },
    "Closed": {"Type": "Succeed"},
    "Refused": {"Type": "Fail", "Error": "Refused", "CausePath": "$.last.why"},
    "Unfinished": {
        "Type": "Fail",
        "Error": "Unfinished",
        "Cause": "The functions could not bring the transfer home: the service takes it over.",
    },
}
