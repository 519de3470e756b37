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

import structlog

from transfer.errors import FerryError
from transfer.model import Delivery, DeliveryState, Outcome, Transfer

NAMESPACE = "FileFerry"
OTHER = "other"
"""The destination of a request that names none of ours: anybody may write anything there."""
WHERE = ("Destination", "Door")

log = structlog.get_logger()

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
        self._silent = False

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None:
        began, closed = transfer.received_at, transfer.closed_at
        seconds = (closed - began).total_seconds() if began and closed else 0.0
        outcome = transfer.outcome or Outcome.UNKNOWN
        self._say(
            {"Outcome": outcome.value, **self._where(transfer), "Request": transfer.request.number},
            (
                [("Outcome",), ("Outcome", *WHERE)],
                [("TransferCompleted", "Count", 1)],
            ),
            (
                [(), WHERE],
                [
                    ("BytesTransferred", "Bytes", _delivered(deliveries)),
                    # A wall clock may be set back meanwhile.
                    ("Duration", "Seconds", max(seconds, 0.0)),
                ],
            ),
        )

    def again(self, transfer: Transfer) -> None:
        about = {**self._where(transfer), "Request": transfer.request.number}
        self._say(about, ([(), WHERE], [("Retries", "Count", 1)]))

    def unfinished(self, transfers: int) -> None:
        self._say({}, ([()], [("QueueDepth", "Count", transfers)]))

    def _where(self, transfer: Transfer) -> dict[str, str]:
        name = transfer.request.destination
        known = name if name in self._destinations else OTHER
        return {"Destination": known, "Door": transfer.route.value}

    def _say(
        self,
        about: Mapping[str, str],
        *groups: tuple[Sequence[tuple[str, ...]], Sequence[Metric]],
    ) -> None:
        """A broken meter never breaks the work, and is told of once."""
        try:
            self._write(json.dumps(self._document(about, *groups), allow_nan=False))
        except (OSError, ValueError) as error:
            if not self._silent:
                log.warning("metrics not written", error=type(error).__name__)
            self._silent = True
        else:
            self._silent = False

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


def _delivered(deliveries: Callable[[], Sequence[Delivery]]) -> int:
    try:
        found = deliveries()
    except FerryError:
        # That it has ended counts for more.
        return 0
    return sum(item.size for item in found if item.state is DeliveryState.PUBLISHED)


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
