"""A handler calls itself through C code, 400 levels deep, and logs at the bottom: Python's recursion limit allows that.

Run: python tests/python/programs/logging_at_the_bottom.py {direct,queued}
"""

import logging
import sys

import deliveries
from collecting import Collector
from pylog_probe import _native as native

LEVELS = 400


class Recursing(logging.Handler):
    def handle(self, record):
        if record.getMessage() != "bottom":
            self.go_down(LEVELS)

    def go_down(self, levels):
        if levels:
            # Sorting calls Python code from C, and needs some stack itself.
            sorted([0], key=lambda _: self.go_down(levels - 1))
        else:
            self.log("bottom")


def by_python(message):
    logging.getLogger("by.python").info(message)


def by_pylog(message):
    native.log_message(message)


def outcome(log):
    collector.records.clear()
    handler.log = log
    log("top")
    native.flush()
    return "logged" if "bottom" in [record.getMessage() for record in collector.records] else "lost"


# Below Python 3.12, calls from C count, too.
sys.setrecursionlimit(6 * LEVELS)
collector, handler = Collector(), Recursing()
logging.basicConfig(level=logging.INFO, handlers=[collector, handler])
deliveries.DELIVERIES[sys.argv[1]]()
print(f"python {outcome(by_python)}, pylog {outcome(by_pylog)}")
