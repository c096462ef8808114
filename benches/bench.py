"""Times pylog beside pyo3-log, Python's own logger, log and tracing, in one process and one run.

    python bench.py RESULTS.json

Each figure is the median of several rounds, in which the peers take turns; read the ratios.
"""

import gc
import json
import logging
import os
import platform
import statistics
import sys
import tempfile
import time

import pylog_benches as benches

ROUNDS = 9
LOGGERS = {
    "pylog": "pylog_benches.with_pylog",
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
    return benches.measure(peer, call, iterations, **options)


def set_handler(handler):
    for name in LOGGERS.values():
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)


def row(title, call, iterations, peers=tuple(LOGGERS), **options):
    """The medians in nanoseconds a call."""
    times = {peer: [] for peer in peers}
    for peer in peers:
        measure(peer, call, min(iterations, 1000), **options)
    for _ in range(ROUNDS):
        for peer in peers:
            gc.collect()
            times[peer].append(measure(peer, call, iterations, **options))
    medians = {peer: statistics.median(values) for peer, values in times.items()}
    ratios = {peer: value / medians["pylog"] for peer, value in medians.items()}
    shown = "  ".join(f"{peer} {medians[peer]:9.1f} ns ({ratios[peer]:4.2f})" for peer in peers)
    print(f"{title:42} {shown}", flush=True)
    return {"row": title, "ns": medians, "ratio": ratios}


def rows():
    off = ("pylog", "log", "tracing", "nothing")
    set_handler(logging.NullHandler())
    benches.set_log_max_level("info")
    yield row("off (log: by its own maximum)", "off", 5_000_000, off)
    yield row("off, two threads at once", "off", 5_000_000, off, threads=2)
    benches.set_log_max_level("trace")
    yield row("off by Python's level", "off", 200_000)
    for call in list(ARGUMENTS)[1:]:
        yield row(f"NullHandler, {call}", call, 20_000)
    yield row("NullHandler, detached", "arguments 1", 20_000, ("pylog", "pyo3-log"), detached=True)
    with open(os.devnull, "w") as null:
        handler = logging.StreamHandler(null)
        handler.setFormatter(logging.Formatter(FORMAT))
        set_handler(handler)
        yield row("StreamHandler on /dev/null", "arguments 1", 10_000)
    with tempfile.TemporaryDirectory() as directory:
        handler = logging.FileHandler(os.path.join(directory, "log"))
        handler.setFormatter(logging.Formatter(FORMAT))
        set_handler(handler)
        yield row("FileHandler", "arguments 1", 10_000)
        handler.close()


def main():
    logging.raiseExceptions = False
    print(f"CPython {platform.python_version()}, {platform.machine()}; ratios to pylog in brackets")
    results = {"python": platform.python_version(), "rounds": ROUNDS, "rows": list(rows())}
    with open(sys.argv[1], "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
