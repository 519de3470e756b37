"""Metrics for a collector, by OpenTelemetry and OTLP over HTTP.

Loading this module loads OpenTelemetry; nobody does who has no collector.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container, Sequence

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

from adapters.telemetry.figures import (
    DURATIONS,
    delivered,
    destination_of,
    outcome_of,
    seconds_of,
)
from adapters.telemetry.silence import Silence
from transfer.model import Delivery, Transfer
from transfer.ports import Standing

PATH = "/v1/metrics"
EVERY = 60.0
"""Seconds between two calls of the collector."""
DURATION = "fileferry.transfer.duration"


class OtelMeter:
    """The Meter port. `timeout` is in seconds, for one call; `every` between two calls."""

    def __init__(
        self,
        endpoint: str,
        destinations: Container[str],
        timeout: float,
        every: float = EVERY,
    ) -> None:
        # Its words about each call that failed are said once, by _Quiet.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._destinations = destinations
        self._timeout = timeout
        self._provider = _provider(endpoint, timeout, every)
        meter = self._provider.get_meter("fileferry")
        self._ended = meter.create_counter("fileferry.transfers", "{transfer}")
        self._bytes = meter.create_counter("fileferry.delivered", "By")
        self._seconds = meter.create_histogram(DURATION, "s")
        self._retries = meter.create_counter("fileferry.retries", "{retry}")
        self._quarantines = meter.create_counter("fileferry.quarantines", "{transfer}")
        self._unfinished = meter.create_gauge("fileferry.unfinished", "{transfer}")
        self._oldest = meter.create_gauge("fileferry.oldest_unfinished_age", "s")
        self._calls = meter.create_gauge("fileferry.servicenow.calls_left", "{call}")
        self._ledger = meter.create_gauge("fileferry.ledger.size", "By")
        self._held = meter.create_gauge("fileferry.destinations.held", "{destination}")

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None:
        where = self._where(transfer)
        self._ended.add(1, {"outcome": outcome_of(transfer), **where})
        self._bytes.add(delivered(deliveries), where)
        self._seconds.record(seconds_of(transfer), where)

    def again(self, transfer: Transfer) -> None:
        self._retries.add(1, self._where(transfer))

    def quarantined(self, transfer: Transfer) -> None:
        self._quarantines.add(1, self._where(transfer))

    def standing(self, figures: Standing) -> None:
        self._unfinished.set(figures.unfinished)
        self._oldest.set(figures.oldest)
        self._held.set(figures.held)
        if figures.calls_left is not None:
            self._calls.set(figures.calls_left)
        if figures.ledger_bytes is not None:
            self._ledger.set(figures.ledger_bytes)

    def close(self) -> None:
        """The last figures are told, if the collector takes them in time."""
        ending = threading.Thread(target=self._provider.shutdown, name="end", daemon=True)
        ending.start()
        ending.join(self._timeout)

    def _where(self, transfer: Transfer) -> dict[str, str]:
        name = destination_of(transfer, self._destinations)
        return {"destination": name, "door": transfer.route.value}


class _Quiet(MetricExporter):
    def __init__(self, inner: OTLPMetricExporter) -> None:
        # What the exporter prefers is in attributes that have no public name.
        super().__init__(inner._preferred_temporality, inner._preferred_aggregation)  # noqa: SLF001
        self._inner = inner
        self._silence = Silence("metrics")

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: object
    ) -> MetricExportResult:
        result = self._inner.export(metrics_data, timeout_millis, **kwargs)
        if result is MetricExportResult.SUCCESS:
            self._silence.heard()
        else:
            self._silence.unheard()
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: object) -> None:
        self._inner.shutdown(timeout_millis, **kwargs)


def _provider(endpoint: str, timeout: float, every: float) -> MeterProvider:
    session = requests.Session()
    # Neither a proxy nor a .netrc: it goes where the settings say, and with no login.
    session.trust_env = False
    exporter = _Quiet(OTLPMetricExporter(f"{endpoint}{PATH}", timeout=timeout, session=session))
    return MeterProvider(
        [PeriodicExportingMetricReader(exporter, every * 1000, timeout * 1000)],
        # What the environment says of OTEL_… is not ours: an attribute could be there.
        Resource({"service.name": "fileferry"}),
        shutdown_on_exit=False,
        views=[
            View(
                instrument_name=DURATION,
                aggregation=ExplicitBucketHistogramAggregation(DURATIONS),
            )
        ],
    )
