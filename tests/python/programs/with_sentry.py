"""Compares the events and breadcrumbs that sentry-sdk makes of records. Nothing is sent.

Run: python tests/python/programs/with_sentry.py DELIVERY THREAD
"""

import contextlib
import logging
import sys
from concurrent.futures import ThreadPoolExecutor

import sentry_sdk
import twins
from pylog_probe import _native as native
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])


class Kept(Transport):
    """Keeps the events."""

    events = []

    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)


@contextlib.contextmanager
def switched_on():
    sentry_sdk.init(
        dsn="https://key@localhost/1",
        transport=Kept,
        default_integrations=False,
        integrations=[LoggingIntegration(level=logging.INFO, event_level=logging.ERROR)],
    )
    sentry_sdk.get_isolation_scope().clear_breadcrumbs()
    sentry_sdk.set_tag("request", "of the program")
    yield
    sentry_sdk.get_global_scope().set_client(None)


def observe(log, calls):
    def log_twice():
        log(calls[:2])  # In a thread of its own, these breadcrumbs aren't in the events of the next.
        log(calls + calls[:1] + calls[2:])

    return reported(log_twice)


def reported(log):
    """The events of what `log` logs."""
    Kept.events.clear()
    if sentry_sdk.get_client().is_active():
        sentry_sdk.get_isolation_scope().clear_breadcrumbs()
    log()
    return [
        {
            "breadcrumbs": [
                {key: crumb.get(key) for key in ("type", "level", "category", "message", "data")}
                for crumb in event.get("breadcrumbs", {}).get("values", [])
            ],
            "extra": {key: value for key, value in event.get("extra", {}).items() if key != "sys.argv"},
            **{key: event.get(key) for key in ("logger", "level", "logentry", "message", "tags")},
        }
        for event in Kept.events
    ]


def is_reported(events):
    assert len(events) in (0, 2), events
    return len(events) == 2


twins.compare(switched_on, observe, is_reported)

# Two threads by turns: the breadcrumbs of the one aren't in the event of the other.
turns = [("first", 20), ("second", 30), ("first", 40), ("second", 40)]


def by_python():
    pools = {name: ThreadPoolExecutor(1) for name in ("first", "second")}
    for name, level in turns:
        pools[name].submit(twins.log_by_python, "attached", [("one", level, f"{level} {name}")]).result()


def by_pylog():
    workers = {name: native.Worker(name) for name in ("first", "second")}
    pools = {name: ThreadPoolExecutor(1) for name in ("first", "second")}
    for name, level in turns:
        calls = [("one", level, f"{level} {name}")]
        if thread == "rust":
            workers[name].start(calls)
            workers[name].wait()
        else:
            pools[name].submit(native.log_numbered, calls, "detached" in thread).result()
    assert native.flush()


thread = sys.argv[2]
with switched_on():
    seen = [reported(log) for log in (by_pylog, by_python)]
assert seen[0] == seen[1], f"by turns\npylog:  {seen[0]}\npython: {seen[1]}"
assert [len(event["breadcrumbs"]) for event in seen[1]] == [1, 1], seen[1]
