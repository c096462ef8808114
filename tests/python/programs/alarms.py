"""Counts how many exceptions of a SIGALRM handler reach a program that logs in a loop.

With Python's own logger and with pylog. The exception is an `Exception`, such as a timeout: a logging handler may take
it for a failure of its own.

Run: python tests/python/programs/alarms.py COUNT [HANDLER …]

HANDLER is a key of `HANDLERS`; without one, each is measured. For each way to log, a line says how many of COUNT
exceptions reached the program, how many went to `sys.unraisablehook`, and how many `Handler.handleError` got.
"""

import functools
import logging
import os
import random
import signal
import sys

from deliveries import DELIVERIES
from pylog_probe import _native as native


class Timeout(Exception):
    pass


def function(number, frame):
    handled.append(number)
    raise Timeout


def uninstalling(number, frame):
    signal.signal(number, signal.SIG_DFL)
    handled.append(number)
    raise Timeout


def with_option(number, frame, *, option):
    handled.append(number)
    raise Timeout


class Object:
    def __call__(self, number, frame):
        handled.append(number)
        raise Timeout

    def method(self, number, frame):
        handled.append(number)
        raise Timeout


HANDLERS = {
    "function": function,
    "lambda that calls it": lambda number, frame: function(number, frame),
    "bound method": Object().method,
    "functools.partial": functools.partial(with_option, option=1),
    "callable object": Object(),
    "uninstalls itself": uninstalling,
}


def log_by_python():
    logging.getLogger("alarms").info("a record with %s", "an argument")


def log_by_pylog():
    native.log_message("a record with an argument")


def measure(log, handler, count):
    """How many exceptions reached the program."""
    moments = random.Random(1)
    caught = 0
    for _ in range(count):
        handled.clear()
        signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.0002, 0.002))
            loop_until_alarm(log)
        except Timeout:
            caught += 1
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return caught


def loop_until_alarm(log):
    """Logs until the signal has come, and a bit more. In a function of its own: CPython 3.13.0 misses `except` for what
    is raised at the end of a `while`.
    """
    while not handled:
        log()
    for _ in range(3):
        log()


class CountingHandler(logging.StreamHandler):
    def handleError(self, record):
        failed.append(sys.exc_info()[0])


if __name__ == "__main__":
    handled, failed, unraisable = [], [], []
    count = int(sys.argv[1])
    sys.unraisablehook = lambda arguments: unraisable.append(arguments.exc_type)
    handler = CountingHandler(open(os.devnull, "w"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(threadName)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    ways = {"Python": (log_by_python, "direct")}
    ways.update({f"pylog, {delivery}": (log_by_pylog, delivery) for delivery in DELIVERIES})
    print(f"Python {sys.version.split()[0]}, {count} alarms each")
    for name in sys.argv[2:] or HANDLERS:
        for way, (log, delivery) in ways.items():
            DELIVERIES[delivery]()
            failed.clear()
            unraisable.clear()
            caught = measure(log, HANDLERS[name], count)
            print(
                f"{name:<30}{way:<16}{caught:>5} reached the program, {len(failed):>4} handleError,"
                f" {len(unraisable):>4} unraisablehook",
                flush=True,
            )
