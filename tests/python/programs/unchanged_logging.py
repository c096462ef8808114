"""Prints which functions of `logging` and of this program run for a record while `logging` is as Python comes with it,
for each of several handlers.

Run: python tests/python/programs/unchanged_logging.py FILE
"""

import logging
import logging.handlers
import queue
import sys

from pylog_probe import _native as native

path = sys.argv[1]
called = []


class Own(logging.Handler):
    def emit(self, record):
        pass


def note(frame, event, _):
    # The encoder of a stream is written in Python, too.
    if event == "call" and frame.f_globals["__name__"] in ("logging", "logging.handlers", "__main__"):
        called.append(frame.f_code.co_qualname)


def watch(handler):
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    handler.addFilter(logging.Filter("pylog_probe"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for _ in range(50):  # Python handles the first ones.
        native.call("alpha", logging.INFO)
    called.clear()
    sys.setprofile(note)
    native.call("alpha", logging.INFO)
    sys.setprofile(None)
    print(type(handler).__name__, *called)


watch(logging.NullHandler())
watch(logging.StreamHandler())
watch(logging.FileHandler(path))
watch(logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000))
watch(logging.handlers.TimedRotatingFileHandler(path))
watch(logging.handlers.QueueHandler(queue.SimpleQueue()))
watch(Own())
