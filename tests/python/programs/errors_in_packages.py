"""Compares what packages show of a Rust error with two sources and of Python's own `raise … from …`: each error of the
chain, and whether it has frames.

Run: python tests/python/programs/errors_in_packages.py PACKAGE DELIVERY
"""

import io
import json
import logging
import re
import sys

from deliveries import DELIVERIES
from pylog_probe import _native as native

TEXTS = ["reading", "opening", "gone"]


def by_pylog():
    native.log_rust_errors()
    assert native.flush()


def by_python():
    try:
        try:
            try:
                raise LookupError("gone")
            except LookupError as error:
                raise RuntimeError("opening") from error
        except RuntimeError as error:
            raise ValueError("reading") from error
    except ValueError:
        logging.getLogger("by.python").exception("three deep")


def with_handler(handler):
    handler.addFilter(lambda record: record.getMessage() == "three deep")
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    return handler


def of_text(text):
    """A traceback begins before each error."""
    found = re.findall(f"Traceback|(?:Error|Failure): ({'|'.join(TEXTS)})", text)
    assert len(found) == 6, text
    return [(error, not begin) for begin, error in zip(found[::2], found[1::2])]


def with_text_of(handler, output):
    with_handler(handler)

    def observe(log):
        output.seek(0)
        output.truncate()
        log()
        return of_text(output.getvalue())

    return observe


def structlog():
    from structlog.processors import JSONRenderer, dict_tracebacks
    from structlog.stdlib import ProcessorFormatter

    output = io.StringIO()
    handler = with_handler(logging.StreamHandler(output))
    processors = [ProcessorFormatter.remove_processors_meta, dict_tracebacks, JSONRenderer()]
    handler.setFormatter(ProcessorFormatter(processors=processors))

    def observe(log):
        output.seek(0)
        output.truncate()
        log()
        errors = json.loads(output.getvalue())["exception"]
        return [(error["exc_value"], len(error["frames"]) > 0) for error in errors]

    return observe


def sentry():
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.transport import Transport

    class Kept(Transport):
        events = []

        def capture_envelope(self, envelope):
            self.events.append(envelope.get_event())

    logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()], force=True)
    integrations = [LoggingIntegration(event_level=logging.ERROR)]
    sentry_sdk.init(
        dsn="https://key@localhost/1", transport=Kept, default_integrations=False, integrations=integrations
    )

    def observe(log):
        Kept.events.clear()
        log()
        event = next(event for event in Kept.events if event["logentry"]["message"] == "three deep")
        return [(it["value"], len(it["stacktrace"]["frames"]) > 0) for it in event["exception"]["values"]]

    return observe


def opentelemetry():
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler, export

    exporter_class = getattr(export, "InMemoryLogRecordExporter", None) or export.InMemoryLogExporter
    exporter = exporter_class()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(export.SimpleLogRecordProcessor(exporter))
    with_handler(LoggingHandler(logger_provider=provider))

    def observe(log):
        exporter.clear()
        log()
        (exported,) = exporter.get_finished_logs()
        return of_text(exported.log_record.attributes["exception.stacktrace"])

    return observe


def rich():
    from rich.console import Console
    from rich.logging import RichHandler

    output = io.StringIO()
    return with_text_of(RichHandler(console=Console(file=output, width=200), rich_tracebacks=True), output)


def pythonjsonlogger():
    from pythonjsonlogger.json import JsonFormatter

    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(JsonFormatter())
    return with_text_of(handler, output)


def loguru():
    """By the recipe of its documentation, and with a queue that pickles the error."""
    import inspect

    from loguru import logger

    class InterceptHandler(logging.Handler):
        def emit(self, record):
            frame, depth = inspect.currentframe(), 0
            while frame and (depth == 0 or frame.f_code.co_filename == logging.__file__):
                frame = frame.f_back
                depth += 1
            records.append(record)
            logger.opt(depth=depth, exception=record.exc_info).log(record.levelname, record.getMessage())

    def sink(message):
        output.write(message)
        ours = message.record
        of_record = records[-1].lineno, records[-1].funcName
        assert (ours["line"], ours["function"]) == of_record, (ours, of_record)

    records, output = [], io.StringIO()
    logger.remove()
    logger.add(sink, format="{message}", backtrace=False, diagnose=False, enqueue=True)
    observe = with_text_of(InterceptHandler(), output)

    def observe_completed(log):
        def log_and_wait():
            log()
            logger.complete()

        return observe(log_and_wait)

    return observe_completed


package, delivery = sys.argv[1:]
DELIVERIES[delivery]()
observe = globals()[package]()
ours, pythons = observe(by_pylog), observe(by_python)
assert ours == pythons, f"pylog:  {ours}\npython: {pythons}"
assert sorted(pythons) == sorted((text, True) for text in TEXTS), pythons
