"""Compares the ids of spans that opentelemetry adds to records, and the records that its handler exports.

Run: python tests/python/programs/with_opentelemetry.py DELIVERY THREAD
"""

import contextlib
import logging

import twins
from collecting import Collector
from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.sdk._logs import LoggerProvider, export
from opentelemetry.sdk.trace import TracerProvider

exporter = getattr(export, "InMemoryLogRecordExporter", None) or export.InMemoryLogExporter
exported = exporter()
provider = LoggerProvider()
provider.add_log_record_processor(export.SimpleLogRecordProcessor(exported))
set_logger_provider(provider)
trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("twins")
instrumentor = LoggingInstrumentor()
arrived = Collector()
logging.basicConfig(level=logging.INFO, handlers=[arrived])


@contextlib.contextmanager
def switched_on():
    instrumentor.instrument(set_logging_format=True)  # Also adds a handler that exports.
    with tracer.start_as_current_span("work"):
        yield
    instrumentor.uninstrument()


def observe(log, calls):
    arrived.records.clear()
    exported.clear()
    log(calls)
    injected = [
        {key: value for key, value in vars(record).items() if key.startswith("otel")}
        | {"message": record.getMessage()}
        for record in arrived.records
    ]
    records = [finished.log_record for finished in exported.get_finished_logs()]
    names = ("body", "severity_text", "severity_number", "trace_id", "span_id")
    return injected, [
        ({name: getattr(record, name) for name in names}, dict(record.attributes)) for record in records
    ]


def is_injected(seen):
    seen, records = seen
    assert len(seen) == 3 and len(records) in (0, 3), (seen, records)
    injected = {"otelSpanID" in attributes for attributes in seen}
    assert injected == {len(records) == 3}, (seen, records)
    return injected.pop()


twins.compare(switched_on, observe, is_injected)
