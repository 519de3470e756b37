"""Metrics in CloudWatch's embedded metric format: one JSON document in one line.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

A value of a dimension makes a metric of its own, for which AWS is paid. So there are only those
that the configuration and the code bound: outcomes, configured destinations, doors.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from adapters.telemetry.figures import delivered, destination_of, outcome_of, seconds_of
from adapters.telemetry.silence import Silence
from transfer.model import Delivery, Transfer
from transfer.ports import Standing

NAMESPACE = "FileFerry"
WHERE = ("Destination", "Door")


Metric = tuple[str, str, float]
"""Name, unit, value."""


class Emf:
    """The Meter port. `write` takes a whole line, and must not wait; `group` is the log group that
    the CloudWatch agent puts it in, empty where AWS knows.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        destinations: Container[str],
        group: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._write = write
        self._destinations = destinations
        self._group = group
        self._now = now
        self._silence = Silence("metrics")

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None:
        self._say(
            {
                "Outcome": outcome_of(transfer),
                **self._where(transfer),
                "Request": transfer.request.number,
            },
            (
                [("Outcome",), ("Outcome", *WHERE)],
                [("TransferCompleted", "Count", 1)],
            ),
            (
                [(), WHERE],
                [
                    ("BytesTransferred", "Bytes", delivered(deliveries)),
                    ("Duration", "Seconds", seconds_of(transfer)),
                ],
            ),
        )

    def again(self, transfer: Transfer) -> None:
        about = {**self._where(transfer), "Request": transfer.request.number}
        self._say(about, ([(), WHERE], [("Retries", "Count", 1)]))

    def standing(self, figures: Standing) -> None:
        self._say({}, ([()], [("QueueDepth", "Count", figures.unfinished)]))

    def _where(self, transfer: Transfer) -> dict[str, str]:
        name = destination_of(transfer, self._destinations)
        return {"Destination": name, "Door": transfer.route.value}

    def _say(
        self,
        about: Mapping[str, str],
        *groups: tuple[Sequence[tuple[str, ...]], Sequence[Metric]],
    ) -> None:
        """A broken meter never breaks the work, and is told of once."""
        try:
            self._write(json.dumps(self._document(about, *groups), allow_nan=False))
        except (OSError, ValueError) as error:
            self._silence.unheard(error=type(error).__name__)
        else:
            self._silence.heard()

    def _document(
        self,
        about: Mapping[str, str],
        *groups: tuple[Sequence[tuple[str, ...]], Sequence[Metric]],
    ) -> dict[str, Any]:
        told: dict[str, Any] = {"Timestamp": round(self._now() * 1000)}
        if self._group:
            told["LogGroupName"] = self._group
        told["CloudWatchMetrics"] = [
            {
                "Namespace": NAMESPACE,
                "Dimensions": dimensions,
                "Metrics": [{"Name": name, "Unit": unit} for name, unit, _ in metrics],
            }
            for dimensions, metrics in groups
        ]
        values = {name: value for _, metrics in groups for name, _, value in metrics}
        return {"_aws": told, **about, **values}


def printed(line: str) -> None:
    """On standard output, where Lambda reads; in one piece, since several threads write."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def to_agent(port: int) -> Callable[[str], object]:
    """To the CloudWatch agent on this host by UDP: nothing waits, what nobody hears is lost."""

    def send(line: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.setblocking(False)
            here.sendto(f"{line}\n".encode(), ("127.0.0.1", port))

    return send
