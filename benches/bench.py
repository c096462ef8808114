"""What pylog costs beside pyo3-log, Python's own logger, log and tracing, in one run.

    python bench.py DIRECTORY RESULTS.json

Calls are timed in one process, in several rounds in which the peers take turns: each figure is a
median; read the ratios. Instructions are counted by valgrind, if there is one. Crates to build are
generated below DIRECTORY.
"""

import gc
import json
import logging
import os
import platform
import statistics
import sys
import tempfile
import threading
import time

import build_cost
import instructions
import pylog_benches as benches
import pylog_bridge_benches as bridge
from figures import row

ROUNDS = 9
CAPACITY = 65_536  # of the queue
LOGGERS = {
    "pylog": "pylog_benches.with_pylog",
    "bridge": "pylog_bridge_benches.with_log",
    "pyo3-log": "pylog_benches.with_log",
    "python": "own",
}
FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"
ARGUMENTS = {
    "off": ("value %d", 1),
    "arguments 0": ("a message without arguments",),
    "arguments 1": ("value %d", 1),
    "arguments 2": ("value %d of %s", 1, "text"),
    "arguments 5": ("%d %.3f %s %s %s", 1, 0.5, "text", True, "c"),
}


def python(call, iterations):
    log = logging.getLogger("own").debug if call == "off" else logging.getLogger("own").info
    arguments = ARGUMENTS[call]
    loop = range(iterations)
    start = time.perf_counter()
    for _ in loop:
        log(*arguments)
    return (time.perf_counter() - start) / iterations * 1e9


def measure(peer, call, iterations, **options):
    if peer == "python":
        return python(call, iterations)
    if peer == "queued":
        # Room for all, so that none is dropped, which would take less time.
        benches.set_queue(CAPACITY)
        taken = benches.measure("pylog", call, iterations, **options)
        assert benches.flush()
        benches.set_queue()
        return taken
    if peer == "bridge":
        return bridge.measure(call, iterations, **options)
    return benches.measure(peer, call, iterations, **options)


def set_handler(handler):
    for name in LOGGERS.values():
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)


def times(title, call, iterations, peers=tuple(LOGGERS), **options):
    """Nanoseconds a call."""
    taken = {peer: [] for peer in peers}
    for peer in peers:
        measure(peer, call, min(iterations, 1000), **options)
    for _ in range(ROUNDS):
        for peer in peers:
            gc.collect()
            taken[peer].append(measure(peer, call, iterations, **options))
    return row(title, "ns", {peer: statistics.median(values) for peer, values in taken.items()})


class BusyThread:
    """A Python thread that wants the GIL all the time."""

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
    """Until all of many records have been delivered that a thread logs flat out."""
    taken = []
    benches.set_queue(CAPACITY)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        benches.measure("pylog", "arguments 1", iterations, detached=True)
        assert benches.flush()
        taken.append((time.perf_counter() - start) / iterations * 1e9)
    benches.set_queue()
    return row(title, "ns", {"queued": statistics.median(taken)})


def first_calls():
    """What the first call of each of many callsites costs that Python refuses."""
    set_handler(logging.NullHandler())
    return row(
        "first call of a callsite, off by Python's level",
        "ns",
        {peer: benches.call_many(peer, 10_000) / 10_000 for peer in ("pylog", "tracing")},
    )


def invalidations(count):
    """What `setLevel` costs on top of Python's own work with that many callsites registered."""
    logger = logging.getLogger("invalidated")

    def set_level():
        start = time.perf_counter()
        for level in (logging.INFO, logging.DEBUG) * 50:
            logger.setLevel(level)
        return (time.perf_counter() - start) / 100 * 1e9

    root = logging.getLogger()
    own, without = [], []
    for _ in range(ROUNDS):
        benches.call_many("pylog", count)
        own.append(set_level())
        # The dict that the root had before pylog came.
        hook, root._cache = root._cache, {}
        without.append(set_level())
        root._cache = hook
    logger.setLevel(logging.NOTSET)
    medians = {"pylog": statistics.median(own), "python": statistics.median(without)}
    return row(f"setLevel with {count:,} callsites", "ns", medians)


def rows(directory):
    yield invalidations(10)
    yield first_calls()
    yield invalidations(10_000)

    off = ("pylog", "log", "tracing", "nothing")
    set_handler(logging.NullHandler())
    benches.set_log_max_level("info")
    yield times("off (log: by its own maximum)", "off", 5_000_000, ("bridge", *off))
    yield times("off, two threads at once", "off", 5_000_000, off, threads=2)
    yield times("statically off", "statically off", 5_000_000, ("pylog", "nothing"))
    # Now the log crate lets everything through, with pyo3-log always and with the bridge because
    # somebody wants it.
    benches.set_log_max_level("trace")
    logging.getLogger("somebody").setLevel(1)
    yield times("off by Python's level", "off", 200_000)
    logging.getLogger("somebody").setLevel(logging.NOTSET)

    for call in list(ARGUMENTS)[1:]:
        yield times(f"NullHandler, {call}", call, 20_000)
    threads = ("pylog", "queued", "bridge", "pyo3-log")
    yield times("NullHandler, detached", "arguments 1", 20_000, threads, detached=True)
    with BusyThread():
        yield times("NullHandler, a busy Python thread", "arguments 1", 20_000)
        yield times(
            "NullHandler, detached, a busy Python thread",
            "arguments 1",
            200,
            threads,
            detached=True,
        )
    yield drained("delivery of a queued record, NullHandler", 50_000)
    with open(os.devnull, "w") as null:
        handler = logging.StreamHandler(null)
        handler.setFormatter(logging.Formatter(FORMAT))
        set_handler(handler)
        yield times("StreamHandler on /dev/null", "arguments 1", 10_000)
        yield drained("delivery of a queued record, StreamHandler", 20_000)
    with tempfile.TemporaryDirectory() as temporary:
        handler = logging.FileHandler(os.path.join(temporary, "log"))
        handler.setFormatter(logging.Formatter(FORMAT))
        set_handler(handler)
        yield times("FileHandler", "arguments 1", 10_000)
        handler.close()

    yield from instructions.rows(ARGUMENTS)
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
