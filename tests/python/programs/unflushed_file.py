"""Ends with data in the buffer of a file. Python writes it when it frees the objects of the program.

`logging` leads to such an object: to a filter, or to the class of a handler or a formatter, whose methods have
the globals of this program. The first record is made by a statement or in an `atexit` function.

Run: python tests/python/programs/unflushed_file.py FILE direct|queued|atexit filter|handler|formatter
"""

import atexit
import logging
import sys

path, when, what = sys.argv[1:]


class Handler(logging.StreamHandler):
    def emit(self, record):
        super().emit(record)


class Formatter(logging.Formatter):
    def format(self, record):
        return super().format(record)


def log():
    from pylog_probe import _native as native

    if when == "queued":
        native.set_queue(10)
        native.call_in_thread("alpha", logging.INFO)
    for _ in range(3):
        native.call("alpha", logging.INFO)


handler = Handler() if what == "handler" else logging.StreamHandler()
handler.setFormatter(Formatter() if what == "formatter" else None)
if what == "filter":
    handler.addFilter(lambda record: True)
logging.basicConfig(level=logging.INFO, handlers=[handler])
file = open(path, "w")
file.write("data")
if when == "atexit":
    atexit.register(log)
else:
    log()
