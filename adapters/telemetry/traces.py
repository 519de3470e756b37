"""One trace for each transfer: OpenTelemetry with the ids of X-Ray, told by OTLP over HTTP.

    SQS message (AWSTraceHeader) ─ hint ─┐
    a poll finds a task ─ received ──────┴─ head.trace ─ steps ─ crossings ─ publish
                                                 └─ StartExecution (traceHeader) ─ functions ┘

Loading this module loads OpenTelemetry; nobody does who has no collector.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

import requests
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, StatusCode

from adapters.telemetry.figures import OTHER
from adapters.telemetry.silence import Silence
from transfer.errors import Code, FerryError, Stopping, Waiting
from transfer.model import Delivery, Request, Transfer
from transfer.ports import Authority

PATH = "/v1/traces"
QUEUE, BATCH = 2048, 256
"""Spans that are kept while the collector does not take them, and those of one call."""
EVERY = 2000.0
"""Milliseconds between two calls of the collector."""
HEADER = "X-Amzn-Trace-Id"


class OtelTracer:
    """The Tracer port. `timeout` is in seconds; `here` is what AWS says of the call under way."""

    def __init__(
        self,
        endpoint: str,
        destinations: Container[str],
        timeout: float,
        here: Callable[[], str] = str,
    ) -> None:
        # Its words about each call that failed are said once, by _Quiet.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._destinations = destinations
        self._timeout = timeout
        self._here = here
        self._xray = AwsXRayPropagator()
        self._processor = BatchSpanProcessor(
            _Quiet(_exporter(endpoint, timeout)), QUEUE, EVERY, BATCH
        )
        # What the environment says of OTEL_… is not ours: an attribute or a sampler could be there.
        self._provider = TracerProvider(
            sampler=ParentBased(ALWAYS_ON),
            resource=Resource({"service.name": "fileferry"}),
            id_generator=AwsXRayIdGenerator(),
            span_limits=SpanLimits(),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("fileferry")
        self._open: dict[str, Span] = {}
        self._new = threading.local()
        self._flushing = threading.Lock()

    @contextmanager
    def hint(self, header: str) -> Iterator[None]:
        with self._within(self._tracer.start_span("hint", self._extracted(header))):
            yield

    def begun(self) -> str | None:
        current = trace.get_current_span()
        self._new.span = None
        if not current.get_span_context().is_valid:
            # Never ended, so never told, unless the ledger takes the head.
            current = self._new.span = self._tracer.start_span("received", Context())
        return self._injected(current)

    def admitted(self, transfer: Transfer) -> None:
        span: Span | None = getattr(self._new, "span", None)
        if span is not None and transfer.trace == self._injected(span):
            self._describe(span, transfer)
            span.end()

    @contextmanager
    def span(
        self, name: str, transfer: Transfer, delivery: Delivery | None = None
    ) -> Iterator[None]:
        span = self._tracer.start_span(name, self._parent(transfer))
        self._describe(span, transfer, delivery)
        outermost = transfer.id not in self._open
        if outermost:
            # Those that carry its files in threads of their own are part of this.
            self._open[transfer.id] = span
        try:
            with self._within(span):
                yield
        finally:
            if outermost:
                self._open.pop(transfer.id, None)

    @contextmanager
    def ticket(self, find: Callable[[], Transfer]) -> Iterator[None]:
        transfer = None
        with suppress(FerryError):
            transfer = find()
        if transfer is None:
            yield
            return
        span = self._tracer.start_span("servicenow ticket", self._parent(transfer))
        self._describe(span, transfer)
        with self._within(span):
            yield

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Of what this thread does; of nothing if that is none of our spans."""
        if not trace.get_current_span().get_span_context().is_valid:
            yield
            return
        with self._within(self._tracer.start_span(name)):
            yield

    def flush(self) -> None:
        """Wait until all is told, or the time is over: a collector that hangs is left to itself."""
        if not self._flushing.acquire(blocking=False):
            return

        def told() -> None:
            try:
                self._provider.force_flush()
            finally:
                self._flushing.release()

        # OpenTelemetry's own force_flush knows no time-out.
        thread = threading.Thread(target=told, name="flush", daemon=True)
        thread.start()
        thread.join(self._timeout)

    def close(self) -> None:
        self.flush()
        ending = threading.Thread(target=self._provider.shutdown, name="end", daemon=True)
        ending.start()
        ending.join(self._timeout)

    @contextmanager
    def _within(self, span: Span) -> Iterator[None]:
        """OpenTelemetry would write down the error's text, and the stack with it."""
        token = attach(trace.set_span_in_context(span))
        try:
            yield
        except BaseException as error:
            code = error.code if isinstance(error, FerryError) else Code.INTERNAL
            span.set_attribute("fileferry.code", code.value)
            if not isinstance(error, Stopping | Waiting):
                span.set_status(StatusCode.ERROR)
            raise
        finally:
            detach(token)
            span.end()

    def _parent(self, transfer: Transfer) -> Context:
        """The span of this thread, or of its step, or AWS's own of this call, or the head's."""
        known = self._extracted(transfer.trace or "")
        wanted = _context_of(known).trace_id
        if (current := trace.get_current_span()).get_span_context().is_valid and (
            not wanted or current.get_span_context().trace_id == wanted
        ):
            return trace.set_span_in_context(current, Context())
        if (above := self._open.get(transfer.id)) is not None:
            return trace.set_span_in_context(above, Context())
        return self._nearer(known)

    def _nearer(self, known: Context) -> Context:
        """With AWS's own span of this call as the parent, where it is of the same trace. Whether it
        is told is the head's word: Lambda says no where X-Ray is not asked for.
        """
        head, here = _context_of(known), _context_of(self._extracted(self._here()))
        if not head.is_valid or here.trace_id != head.trace_id:
            return known
        nearer = SpanContext(
            head.trace_id, here.span_id, is_remote=True, trace_flags=head.trace_flags
        )
        return trace.set_span_in_context(NonRecordingSpan(nearer), Context())

    def _describe(self, span: Span, transfer: Transfer, delivery: Delivery | None = None) -> None:
        """All that is ever said. A name that anybody may make up is not among it."""
        name = transfer.request.destination
        span.set_attribute("fileferry.number", transfer.request.number)
        span.set_attribute("fileferry.destination", name if name in self._destinations else OTHER)
        if transfer.outcome is not None:
            span.set_attribute("fileferry.outcome", transfer.outcome.value)
        if transfer.failure is not None:
            span.set_attribute("fileferry.failure", transfer.failure.code)
        if transfer.claims:
            span.set_attribute("fileferry.tries", transfer.claims)
        if delivery is not None:
            span.set_attribute("fileferry.file", delivery.number)
            span.set_attribute("fileferry.bytes", delivery.size)

    def _extracted(self, header: str) -> Context:
        return self._xray.extract({HEADER: header}, Context())

    def _injected(self, span: Span) -> str:
        carrier: dict[str, str] = {}
        self._xray.inject(carrier, trace.set_span_in_context(span, Context()))
        return carrier.get(HEADER, "")


class TracedAuthority:
    """The Authority port; that ServiceNow was asked is part of who asked."""

    def __init__(self, authority: Authority, tracer: OtelTracer) -> None:
        self._authority = authority
        self._tracer = tracer

    def confirm(self, request: Request) -> datetime:
        with self._tracer.part("servicenow approval"):
            return self._authority.confirm(request)


class _Quiet(SpanExporter):
    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._silence = Silence("traces")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        if result is SpanExportResult.SUCCESS:
            self._silence.heard()
        else:
            self._silence.unheard(spans=len(spans))
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()


def _exporter(endpoint: str, timeout: float) -> OTLPSpanExporter:
    session = requests.Session()
    # Neither a proxy nor a .netrc: it goes where the settings say, and with no login.
    session.trust_env = False
    return OTLPSpanExporter(f"{endpoint}{PATH}", timeout=timeout, session=session)


def _context_of(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()
