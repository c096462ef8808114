"""Measures the costs of pylog beside those of pyo3-log, Python's own logger, log and tracing.

    python bench.py DIRECTORY RESULTS.json

Calls are timed in one process, in several rounds in which the peers take turns. Each figure is the
median of the rounds. Absolute times depend on the machine, so compare the ratios. If valgrind is
installed, it counts the instructions of some calls. Crates whose builds are timed are generated in
DIRECTORY.
"""

import contextlib
import gc
import json
import logging
import logging.handlers
import os
import platform
import queue
import statistics
import sys
import tempfile
import threading
import time

import build_cost
import instructions
from figures import row
from peers import ARGUMENTS, EVENTS, LOGGERS, QUEUE_CAPACITY, benches, measure, set_handler

ROUNDS = 9
FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"


def times(title, call, iterations, peers=tuple(LOGGERS), between=lambda: None, **options):
    """Times a call with each peer, in nanoseconds. Calls `between` after each measurement."""
    taken = {peer: [] for peer in peers}
    for peer in peers:
        measure(peer, call, min(iterations, 1000), **options)
        between()
    for _ in range(ROUNDS):
        for peer in peers:
            gc.collect()
            taken[peer].append(measure(peer, call, iterations, **options))
            between()
    return row(title, "ns", {peer: statistics.median(values) for peer, values in taken.items()})


class BusyThread:
    """A Python thread that always wants the GIL."""

    def __enter__(self):
        self.stop = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stop:
            pass

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()


def drained(title, iterations):
    """Times the delivery of queued records: from the first call until all have been delivered."""
    taken = []
    benches.set_queue(QUEUE_CAPACITY)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        benches.measure("pylog", "arguments 1", iterations, detached=True)
        assert benches.flush()
        taken.append((time.perf_counter() - start) / iterations * 1e9)
    benches.set_queue()
    return row(title, "ns", {"queued": statistics.median(taken)})


def spawned(title, threads, iterations):
    """Times records of threads that Rust has spawned, with the default delivery, queued, and with pyo3-log."""
    deliveries = {
        "pylog": benches.set_default_delivery,
        "queued": lambda: benches.set_queue(QUEUE_CAPACITY),
        "pyo3-log": benches.set_queue,
    }
    taken = {peer: [] for peer in deliveries}
    for _ in range(ROUNDS):
        for peer, set_delivery in deliveries.items():
            set_delivery()
            logged = "pylog" if peer == "queued" else peer
            taken[peer].append(benches.measure_spawned(logged, "arguments 1", iterations, threads))
            assert benches.flush()
    benches.set_queue()
    medians = {peer: statistics.median(values) for peer, values in taken.items()}
    return row(f"{threads} {'thread' if threads == 1 else 'threads'} of Rust, {title}", "ns", medians)


def first_calls():
    """Times the first call of each of many callsites whose level is off in Python."""
    set_handler(logging.NullHandler())
    return row(
        "first call of a callsite, off by Python's level",
        "ns",
        {peer: benches.call_many(peer, 10_000) / 10_000 for peer in ("pylog", "tracing")},
    )


def invalidations(count):
    """Times `setLevel` with this many callsites, without and with a call of each before it, and without pylog."""
    logger = logging.getLogger("invalidated")

    def set_levels(between=lambda: None):
        times = []
        for level in (logging.INFO, logging.DEBUG) * 50:
            between()
            start = time.perf_counter_ns()
            logger.setLevel(level)
            times.append(time.perf_counter_ns() - start)
        return statistics.median(times)

    root = logging.getLogger()
    own, after_calls, without = [], [], []
    for _ in range(ROUNDS):
        after_calls.append(set_levels(lambda: benches.call_many("pylog", count)))
        own.append(set_levels())
        # A plain dict, as in a process without pylog: pylog isn't notified.
        hook, root._cache = root._cache, {}
        without.append(set_levels())
        root._cache = hook
    logger.setLevel(logging.NOTSET)
    for title, times in (("", own), (" that were called since the last", after_calls)):
        medians = {"pylog": statistics.median(times), "python": statistics.median(without)}
        yield row(f"setLevel with {count:,} callsites{title}", "ns", medians)


def set_formatting_handler(handler):
    handler.setFormatter(logging.Formatter(FORMAT))
    set_handler(handler)


@contextlib.contextmanager
def verbose_logger():
    """Lets a logger that no peer uses accept all levels.

    Then calls that are off get past the maximum levels of `log` and `tracing`, so that Python's level decides.
    """
    logger = logging.getLogger("verbose")
    logger.setLevel(1)
    yield
    logger.setLevel(logging.NOTSET)


def events():
    """Times events of `tracing`."""
    set_handler(logging.NullHandler())
    title, event = "event of tracing", "event arguments 1"
    yield times(f"{title}, off (tracing: LevelFilter)", "event off", 5_000_000, (*EVENTS, "nothing"))
    with verbose_logger():
        yield times(f"{title}, off by Python's level", "event off", 200_000, ("pylog", "bridge"))
    yield times(f"{title}, NullHandler", event, 20_000, ("pylog", "bridge"))
    with tempfile.NamedTemporaryFile() as file:
        handler = logging.FileHandler(file.name)
        set_formatting_handler(handler)
        yield times(f"{title}, FileHandler (tracing: fmt)", event, 10_000, tuple(EVENTS))
        peers = ("pylog", "tracing")
        yield times(f"{title} in two spans, the same", event, 10_000, peers, in_spans=True)
        handler.close()


def rows(directory):
    yield from invalidations(10)
    yield first_calls()
    yield from invalidations(10_000)

    off = ("pylog", "log", "tracing", "nothing")
    set_handler(logging.NullHandler())
    benches.set_log_max_level("info")
    yield times("off (log: by its own maximum)", "off", 5_000_000, ("bridge", *off))
    yield times("off, two threads at once", "off", 5_000_000, off, threads=2)
    yield times("statically off", "statically off", 5_000_000, ("pylog", "nothing"))
    benches.set_log_max_level("trace")
    with verbose_logger():
        yield times("off by Python's level", "off", 200_000)

    for call in list(ARGUMENTS)[1:]:
        yield times(f"NullHandler, {call}", call, 20_000)
    threads = ("pylog", "queued", "bridge", "pyo3-log")
    yield times("NullHandler, 1 argument, the call only", "arguments 1", 20_000, threads)
    yield times("NullHandler, detached", "arguments 1", 20_000, threads, detached=True)
    with BusyThread():
        yield times("NullHandler, a busy Python thread", "arguments 1", 20_000)
        yield times(
            "NullHandler, detached, a busy Python thread",
            "arguments 1",
            50,
            threads,
            detached=True,
            pause=100,
        )
    for threads in (1, 4, 16):
        yield spawned("NullHandler", threads, 1600)
        with BusyThread():
            yield spawned("NullHandler, a busy Python thread", threads, 1600)
    yield drained("delivery of a queued record, NullHandler", 50_000)
    with open(os.devnull, "w") as null:
        set_formatting_handler(logging.StreamHandler(null))
        yield times("StreamHandler on /dev/null", "arguments 1", 10_000)
        yield drained("delivery of a queued record, StreamHandler", 20_000)
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "log")
        for handler in (
            logging.FileHandler(path),
            logging.handlers.RotatingFileHandler(path, maxBytes=1 << 40),
            logging.handlers.TimedRotatingFileHandler(path),
        ):
            set_formatting_handler(handler)
            yield times(type(handler).__name__, "arguments 1", 10_000)
            handler.close()
    records = queue.SimpleQueue()

    def empty():
        while not records.empty():
            records.get()

    set_formatting_handler(logging.handlers.QueueHandler(records))
    yield times("QueueHandler", "arguments 1", 10_000, between=empty)

    yield from events()
    yield from instructions.rows()
    yield from build_cost.rows(directory)


def main():
    directory, results = sys.argv[1:]
    logging.raiseExceptions = False
    print(f"CPython {platform.python_version()}, {platform.machine()}; ratios to pylog in brackets")
    figures = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "rounds": ROUNDS,
        "rows": list(rows(directory)),
    }
    with open(results, "w") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
