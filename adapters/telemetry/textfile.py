"""Metrics as a Prometheus text file, for node_exporter's textfile collector: no port, no reader.

https://github.com/prometheus/node_exporter#textfile-collector: it takes `*.prom` of its directory,
and a file must be replaced at once, or half of it is read. Names and units as
https://prometheus.io/docs/practices/naming/ asks.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

import prometheus_client as prometheus
from prometheus_client.exposition import generate_latest

from adapters.telemetry.figures import (
    DURATIONS,
    OTHER,
    delivered,
    destination_of,
    outcome_of,
    seconds_of,
)
from adapters.telemetry.silence import Silence
from transfer.model import Delivery, Outcome, Route, Transfer
from transfer.ports import Standing

WHERE = ("destination", "door")
MODE = 0o644
"""Another user reads it, node_exporter, whatever the umask of the unit says."""


class TextFile:
    """The Meter port. The file is written at once, so what an earlier run left is not read on.

    `destinations` are those of now: a reload of the configuration may change them. `silence` hears
    when it cannot be written, and when it can again.
    """

    def __init__(
        self,
        path: Path,
        destinations: Collection[str],
        version: str,
        silence: Silence | None = None,
    ) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._silence = silence or Silence("metrics")
        self._known = destinations
        # Else a gauge for each series says when it was made.
        prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = prometheus.CollectorRegistry(auto_describe=False)
        self._count()
        self._measure()
        about = self._gauge("fileferry_info", "1, with the version.", "version")
        about.labels(version).set(1)
        self._calls.set(_number(None))
        self._ledger.set(_number(None))
        self._begin()
        self._write()

    def _count(self) -> None:
        self._ended = self._counter(
            "fileferry_transfers_total", "Transfers that were closed.", "outcome"
        )
        self._bytes = self._counter(
            "fileferry_delivered_bytes_total",
            "Bytes of the files that were published, counted when their transfer is closed.",
        )
        self._retries = self._counter(
            "fileferry_retries_total", "Steps that failed and will be tried again."
        )
        self._quarantines = self._counter(
            "fileferry_quarantines_total", "Transfers that were set aside for an operator."
        )
        self._seconds = prometheus.Histogram(
            "fileferry_transfer_duration_seconds",
            "From the receipt of a request to the close of its transfer.",
            WHERE,
            buckets=DURATIONS,
            registry=self._registry,
        )

    def _measure(self) -> None:
        self._unfinished = self._gauge(
            "fileferry_unfinished_transfers", "Transfers that are not at rest."
        )
        self._oldest = self._gauge(
            "fileferry_oldest_unfinished_age_seconds",
            "Since the oldest transfer that is not at rest was received; 0: there is none.",
        )
        self._calls = self._gauge(
            "fileferry_servicenow_calls_left",
            "Calls that the hour's budget leaves; NaN: there is no budget.",
        )
        self._ledger = self._gauge(
            "fileferry_ledger_bytes", "Size of the ledger's files; NaN: it is not on this host."
        )

        self._held = self._gauge(
            "fileferry_destinations_held",
            "Destinations that rest after failed connections, or whose login was refused.",
        )

    def _counter(self, name: str, words: str, *labels: str) -> prometheus.Counter:
        return prometheus.Counter(name, words, (*labels, *WHERE), registry=self._registry)

    def _gauge(self, name: str, words: str, *labels: str) -> prometheus.Gauge:
        return prometheus.Gauge(name, words, labels, registry=self._registry)

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None:
        where = self._where(transfer)
        self._ended.labels(outcome_of(transfer), *where).inc()
        self._bytes.labels(*where).inc(delivered(deliveries))
        self._seconds.labels(*where).observe(seconds_of(transfer))
        self._write()

    def again(self, transfer: Transfer) -> None:
        self._retries.labels(*self._where(transfer)).inc()

    def quarantined(self, transfer: Transfer) -> None:
        self._quarantines.labels(*self._where(transfer)).inc()
        self._write()

    def standing(self, figures: Standing) -> None:
        self._unfinished.set(figures.unfinished)
        self._oldest.set(figures.oldest)
        self._calls.set(_number(figures.calls_left))
        self._ledger.set(_number(figures.ledger_bytes))
        self._held.set(figures.held)
        self._begin()
        self._write()

    def _begin(self) -> None:
        """All series stand there with 0: `increase()` does not see the first count of a new one."""
        for destination in (*sorted(self._known), OTHER):
            for door in Route:
                for each in (self._bytes, self._seconds, self._retries, self._quarantines):
                    each.labels(destination, door.value)
                for outcome in Outcome:
                    self._ended.labels(outcome.value, destination, door.value)

    def _where(self, transfer: Transfer) -> tuple[str, str]:
        return destination_of(transfer, self._known), transfer.route.value

    def _write(self) -> None:
        """A broken meter never breaks the work, and is told of once."""
        try:
            with self._lock:
                _replace(self._path, generate_latest(self._registry))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self._silence.unheard(file=str(self._path), reason=reason)
        else:
            self._silence.heard()


def _replace(path: Path, data: bytes) -> None:
    """Not by the library's own function: its file has the mode that the umask leaves."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, MODE)
        with os.fdopen(new, "wb") as file:
            os.fchmod(new, MODE)
            file.write(data)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _number(value: int | None) -> float:
    return float("nan") if value is None else value
