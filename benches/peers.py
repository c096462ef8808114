"""The peers whose calls are compared, and how a loop of calls is timed with each of them.

A peer is named here as in the results: "bridge" is the `log` crate through pylog's bridge, "python"
is Python's own logger, and "queued" is pylog with queued delivery.

A call whose name begins with "event" is an event of `tracing`. There "pylog" is pylog's layer, "bridge" the
feature `log` of `tracing` through pylog's bridge, and "tracing" the subscriber `fmt` of tracing-subscriber, which
writes to a file.
"""

import logging
import tempfile
import time

import pylog_benches as benches
import pylog_bridge_benches as bridge
import pylog_fmt_benches as fmt
import pylog_layer_benches as layer
import pylog_log_benches as log

QUEUE_CAPACITY = 65_536
# The logger that gets a peer's records.
LOGGERS = {
    "pylog": "pylog_benches.with_pylog",
    "bridge": "pylog_bridge_benches.with_log",
    "pyo3-log": "pylog_benches.with_log",
    "python": "own",
}
EVENTS = {"pylog": layer, "bridge": log, "tracing": fmt}
EVENT_LOGGERS = [f"{module.__name__}.with_tracing" for module in (layer, log)]
# The calls of Python's own logger; those of the other peers are in `side-by-side/src/calls.rs`.
ARGUMENTS = {
    "off": ("value %d", 1),
    "arguments 0": ("a message without arguments",),
    "arguments 1": ("value %d", 1),
    "arguments 2": ("value %d of %s", 1, "text"),
    "arguments 5": ("%d %.3f %s %s %s", 1, 0.5, "text", True, "c"),
}

with tempfile.NamedTemporaryFile() as file:
    # The file is deleted here, but stays open until the process ends.
    fmt.write_to(file.name)


def set_handler(handler):
    """Makes this the only handler of each peer's logger, at level INFO."""
    for name in (*LOGGERS.values(), *EVENT_LOGGERS):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)


def measure(peer, call, iterations, **options):
    """Returns the nanoseconds that one call takes."""
    if call.startswith("event") and peer in EVENTS:
        return EVENTS[peer].measure(call.removeprefix("event "), iterations, **options)
    if peer == "python":
        return measure_python(call, iterations)
    if peer == "queued":
        # The queue has room for all records: dropping one would take less time than queuing it.
        benches.set_queue(QUEUE_CAPACITY)
        taken = benches.measure("pylog", call, iterations, **options)
        assert benches.flush()
        benches.set_queue()
        return taken
    if peer == "bridge":
        return bridge.measure(call, iterations, **options)
    return benches.measure(peer, call, iterations, **options)


def measure_python(call, iterations):
    logger = logging.getLogger(LOGGERS["python"])
    log = logger.debug if call == "off" else logger.info
    arguments = ARGUMENTS[call]
    loop = range(iterations)
    start = time.perf_counter()
    for _ in loop:
        log(*arguments)
    return (time.perf_counter() - start) / iterations * 1e9
