"""The alarms, and the page on which a person sees how the second door fares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cloud.functions import FUNCTIONS
from cloud.policies import att, ref, sub, when

FIVE_MINUTES = 300
OVERDUE = 900
"""Seconds that a hint may wait: the service that reads them does not run, or cannot keep up."""
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
    yield (
        "Dashboard",
        {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardBody": _page()},
        },
    )


def _alarm(about: str, what: str, resource: str, above: int = 0) -> dict[str, Any]:
    """`what` is namespace, metric and statistic; `resource` is the one of the template."""
    namespace, metric, statistic = what.split()
    dimension, _ = SUBJECTS[namespace]
    # A queue's Ref is its address.
    value = att(resource, dimension) if namespace == "SQS" else ref(resource)
    topic = when("HasTopic", [ref("AlarmTopic")])
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": about,
            "Namespace": f"AWS/{namespace}",
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
    ("Executions", "States Sum", ("ExecutionsStarted", "ExecutionsSucceeded", *DIED)),
    ("Calls of functions", "Lambda Sum", ("Invocations",)),
    ("Deaths of functions", "Lambda Sum", ("Errors", "Throttles")),
    ("Longest calls (ms)", "Lambda Maximum", ("Duration",)),
    ("Hints that wait", "SQS Maximum", ("ApproximateNumberOfMessagesVisible",)),
    ("Age of the oldest hint (s)", "SQS Maximum", ("ApproximateAgeOfOldestMessage",)),
    ("Ledger", "DynamoDB Sum", ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")),
)
"""Title, namespace and statistic, names of the metrics."""
SUBJECTS = {
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
    dimension, values = SUBJECTS[namespace]
    lines = [[f"AWS/{namespace}", name, dimension, value] for value in values for name in names]
    return {
        "type": "metric",
        "x": place % 2 * 12,
        "y": place // 2 * 6,
        "width": 12,
        "height": 6,
        "properties": {
            "title": title,
            "region": "${AWS::Region}",
            "metrics": lines,
            "stat": statistic,
            "period": FIVE_MINUTES,
            "view": "timeSeries",
        },
    }
