"""Times the calls of several threads at once, without a GIL. Prints the microseconds of one call of one thread."""

import logging
import os
import subprocess
import sys
import threading
import time

import pylog_scaling

CALLS = 20_000
ROUNDS = 7
THREADS = (1, 2, 4)

python = logging.getLogger("python_calls")


def python_calls(number):
    for number in range(number):
        python.info("record %d", number)


PEERS = {
    "pylog": ("pylog_scaling", pylog_scaling.pylog_calls),
    "pyo3-log": ("pyo3_log_calls", pylog_scaling.pyo3_log_calls),
    "python": ("python_calls", python_calls),
}


def stream_handler():
    handler = logging.StreamHandler(open(os.devnull, "w"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    return handler


def measure(calls, threads, number):
    barrier = threading.Barrier(threads + 1)

    def run():
        barrier.wait()
        calls(number)

    started = [threading.Thread(target=run) for _ in range(threads)]
    for thread in started:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in started:
        thread.join()
    return (time.perf_counter() - start) / number * 1e6


HANDLERS = {
    "off": lambda: None,
    "NullHandler": logging.NullHandler,
    "StreamHandler with the time": stream_handler,
}


def rows(title):
    handler = HANDLERS[title]()
    for threads in THREADS:
        cells = []
        for name, calls in PEERS.values():
            logger = logging.getLogger(name)
            logger.propagate = False
            logger.handlers = [handler] if handler else []
            logger.setLevel(logging.INFO if handler else logging.WARNING)
            number = CALLS if handler else CALLS * 50
            measure(calls, threads, number // 10)
            cells.append(min(measure(calls, threads, number) for _ in range(ROUNDS)))
        print(f"| {title} | {threads} | " + " | ".join(f"{cell:.2g}" for cell in cells) + " |", flush=True)


assert not sys._is_gil_enabled()
if sys.argv[1:]:
    rows(sys.argv[1])
else:
    print("| handler | threads | " + " | ".join(PEERS) + " |")
    print("|---" * (2 + len(PEERS)) + "|", flush=True)
    # Each in a process of its own: pyo3-log keeps the levels that it has once seen.
    for title in HANDLERS:
        subprocess.run([sys.executable, __file__, title], check=True)
