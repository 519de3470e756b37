"""A collector of traces and metrics: OTLP over HTTP, decoded with OpenTelemetry's own protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status


@dataclass(frozen=True)
class Told:
    """A span as it arrived; `trace`, `span` and `parent` are hex, `parent` is empty for a root."""

    name: str
    trace: str
    span: str
    parent: str
    attributes: dict[str, str | int]
    failed: bool


@dataclass
class Collector:
    """`silent`: it takes a call, and answers nothing until the end of the test."""

    endpoint: str = ""
    silent: bool = False
    spans: list[Told] = field(default_factory=list)
    figures: dict[tuple[str, str], float] = field(default_factory=dict)
    """The latest of each metric, by its name and its attributes: `destination=x, door=y`."""
    raw: list[bytes] = field(default_factory=list)
    called: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def names(self) -> set[str]:
        return {each.name for each in self.spans}

    def only(self, name: str) -> Told:
        [found] = [each for each in self.spans if each.name == name]
        return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hung up is what a test is about."""


@contextmanager
def collecting(*, silent: bool = False) -> Iterator[Collector]:
    told = Collector(silent=silent)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.called.set()
            if told.silent:
                told.over.wait()
                return
            told.raw.append(body)
            if self.path == "/v1/metrics":
                told.figures |= _figures(body)
                answer = ExportMetricsServiceResponse().SerializeToString()
            else:
                assert self.path == "/v1/traces"
                told.spans += _decoded(body)
                answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    told.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _decoded(body: bytes) -> Iterator[Told]:
    asked = ExportTraceServiceRequest.FromString(body)
    for resource in asked.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Told(
                    name=span.name,
                    trace=span.trace_id.hex(),
                    span=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    attributes={
                        each.key: each.value.int_value or each.value.string_value
                        for each in span.attributes
                    },
                    failed=span.status.code == Status.STATUS_CODE_ERROR,
                )


def _figures(body: bytes) -> Iterator[tuple[tuple[str, str], float]]:
    """Of a histogram the sum."""
    asked = ExportMetricsServiceRequest.FromString(body)
    for resource in asked.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                points = [*metric.sum.data_points, *metric.gauge.data_points]
                for point in points:
                    number = point.as_double if point.HasField("as_double") else point.as_int
                    yield (metric.name, _said(point.attributes)), number
                for whole in metric.histogram.data_points:
                    yield (metric.name, _said(whole.attributes)), whole.sum


def _said(attributes: Iterable[KeyValue]) -> str:
    return ", ".join(sorted(f"{each.key}={each.value.string_value}" for each in attributes))
