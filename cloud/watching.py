"""The alarms, and the page on which a person sees how the second door fares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.telemetry.emf import NAMESPACE
from cloud.functions import FUNCTIONS
from cloud.policies import att, ref, sub, when
from transfer.model import Outcome

FIVE_MINUTES = 300
OVERDUE = 900
"""Seconds that a hint may wait: the service that reads them does not run, or cannot keep up."""
BAD_ENDS = (Outcome.FAILED, Outcome.UNKNOWN)
DIED = ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")


def resources() -> Iterator[tuple[str, dict[str, Any]]]:
    about = "A hint was given up: it is a dead letter."
    waiting = "SQS ApproximateNumberOfMessagesVisible Maximum"
    yield "DeadLettersAlarm", _alarm(about, waiting, "HintsDead")
    about = "Hints are not read: the service does not run, or cannot keep up."
    late = "SQS ApproximateAgeOfOldestMessage Maximum"
    yield "HintsLateAlarm", _alarm(about, late, "Hints", above=OVERDUE)
    for name in DIED:
        about = "An execution failed, ran out of time or was stopped: the service takes over."
        yield f"{name}Alarm", _alarm(about, f"States {name} Sum", "Transfers")
    for function in FUNCTIONS:
        about = f"{function.full_name} died; it is tried again."
        own = f"{function.name}Function"
        yield f"{function.name}Alarm", _alarm(about, "Lambda Errors Sum", own)
    about = "The ledger could not take all that was written."
    yield "LedgerAlarm", _alarm(about, "DynamoDB WriteThrottleEvents Sum", "Ledger")
    for outcome in BAD_ENDS:
        about = f"A transfer has ended as {outcome.value}: its audit ticket says why."
        what = f"{NAMESPACE} TransferCompleted Sum"
        ended = _watched(about, what, "Outcome", outcome.value)
        yield f"Transfer{outcome.value.capitalize()}Alarm", ended
    yield (
        "Dashboard",
        {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardBody": _page()},
        },
    )


def _alarm(about: str, what: str, resource: str, above: int = 0) -> dict[str, Any]:
    """`what` is namespace, metric and statistic; `resource` is the one of the template."""
    dimension, _ = SUBJECTS[namespace := what.partition(" ")[0]]
    # A queue's Ref is its address.
    value = att(resource, dimension) if namespace == "SQS" else ref(resource)
    return _watched(about, f"AWS/{what}", dimension, value, above)


def _watched(about: str, what: str, dimension: str, value: Any, above: int = 0) -> dict[str, Any]:
    namespace, metric, statistic = what.split()
    topic = when("HasTopic", [ref("AlarmTopic")])
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": about,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": dimension, "Value": value}],
            "Statistic": statistic,
            "Period": FIVE_MINUTES,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": above,
            "TreatMissingData": "notBreaching",
            "AlarmActions": topic,
            "OKActions": topic,
        },
    }


PICTURES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Ended transfers by outcome", f"{NAMESPACE} Sum", ("TransferCompleted",)),
    ("Bytes that arrived", "all Sum", ("BytesTransferred",)),
    ("From receipt to close (s)", "all Average", ("Duration",)),
    ("Tries again, transfers set aside", "all Sum", ("Retries", "Quarantines")),
    ("Transfers under way or waiting", "all Maximum", ("QueueDepth",)),
    ("Executions", "States Sum", ("ExecutionsStarted", "ExecutionsSucceeded", *DIED)),
    ("Calls of functions", "Lambda Sum", ("Invocations",)),
    ("Deaths of functions", "Lambda Sum", ("Errors", "Throttles")),
    ("Longest calls (ms)", "Lambda Maximum", ("Duration",)),
    ("Hints that wait", "SQS Maximum", ("ApproximateNumberOfMessagesVisible",)),
    ("Age of the oldest hint (s)", "SQS Maximum", ("ApproximateAgeOfOldestMessage",)),
    ("Ledger", "DynamoDB Sum", ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")),
)
"""Title, namespace and statistic, names of the metrics."""
SUBJECTS: Mapping[str, tuple[str, Sequence[str]]] = {
    NAMESPACE: ("Outcome", [each.value for each in Outcome]),
    "States": ("StateMachineArn", ["${Transfers}"]),
    "Lambda": ("FunctionName", [f"${{{each.name}Function}}" for each in FUNCTIONS]),
    "SQS": ("QueueName", ["${Hints.QueueName}", "${HintsDead.QueueName}"]),
    "DynamoDB": ("TableName", ["${Ledger}"]),
}


def _page() -> Any:
    return sub(json.dumps({"widgets": [_widget(place) for place in range(len(PICTURES))]}))


def _widget(place: int) -> dict[str, Any]:
    title, what, names = PICTURES[place]
    namespace, statistic = what.split()
    return {
        "type": "metric",
        "x": place % 2 * 12,
        "y": place // 2 * 6,
        "width": 12,
        "height": 6,
        "properties": {
            "title": title,
            "region": "${AWS::Region}",
            "metrics": list(_lines(namespace, names)),
            "stat": statistic,
            "period": FIVE_MINUTES,
            "view": "timeSeries",
        },
    }


def _lines(namespace: str, names: Sequence[str]) -> Iterator[list[str]]:
    """Of our own metrics over all destinations, or of one kind of thing, one line for each."""
    if namespace == "all":
        yield from ([NAMESPACE, name] for name in names)
        return
    dimension, values = SUBJECTS[namespace]
    whole = namespace if namespace == NAMESPACE else f"AWS/{namespace}"
    yield from ([whole, name, dimension, value] for value in values for name in names)
