#!/usr/bin/env bash
# OpenTelemetry's TracerProvider.force_flush(timeout_millis=…) waits for a slow exporter however long
# it takes, where spans go out by a BatchSpanProcessor: the time-out is not looked at.
#
# Its documentation: "timeout_millis: The maximum amount of time to wait for spans to be exported".
# A function in AWS Lambda that flushes before it answers hangs as long as its collector does.
# Seen: opentelemetry-sdk 1.45.2: 200 ms allowed, an exporter that needs 3 s, True after 3 s.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install opentelemetry-sdk==1.45.2

seen=$(v/bin/python - <<'PY'
import time

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Slow(SpanExporter):
    def export(self, spans):
        time.sleep(3)
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Slow()))
provider.get_tracer("t").start_span("one").end()
begun = time.monotonic()
flushed = provider.force_flush(timeout_millis=200)
print("waited for the exporter:", time.monotonic() - begun > 2.5, "and said:", flushed)
PY
)
echo "opentelemetry-sdk 1.45.2, force_flush(timeout_millis=200):"
echo "$seen"
[ "$seen" = "waited for the exporter: True and said: True" ]
