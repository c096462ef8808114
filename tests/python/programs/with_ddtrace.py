"""Compares the ids of spans that ddtrace adds to records. Nothing is sent.

Run: python tests/python/programs/with_ddtrace.py DELIVERY THREAD
"""

import contextlib
import logging
import os

os.environ.update(
    DD_TRACE_STARTUP_LOGS="false",
    DD_INSTRUMENTATION_TELEMETRY_ENABLED="false",
    DD_REMOTE_CONFIGURATION_ENABLED="false",
    DD_LOGS_INJECTION="true",
    DD_SERVICE="the.service",
)

import twins
from collecting import Collector
from ddtrace import patch
from ddtrace.contrib.internal.logging.patch import unpatch
from ddtrace.trace import TraceFilter, tracer


class Dropped(TraceFilter):
    def process_trace(self, trace):
        return None


tracer.configure(trace_processors=[Dropped()])
logging.getLogger("ddtrace").propagate = False
arrived = Collector()
logging.basicConfig(level=logging.INFO, handlers=[arrived])


@contextlib.contextmanager
def switched_on():
    patch(logging=True)
    with tracer.trace("work"):
        yield
    unpatch()


def observe(log, calls):
    arrived.records.clear()
    log(calls)
    return [
        {key: value for key, value in vars(record).items() if key.startswith("dd.")}
        | {"message": record.getMessage()}
        for record in arrived.records
    ]


def is_injected(seen):
    assert len(seen) == 3, seen
    injected = {"dd.trace_id" in attributes for attributes in seen}
    assert len(injected) == 1, seen
    return injected.pop()


twins.compare(switched_on, observe, is_injected)
