"""Logs in `atexit` functions, in finalizers and in destructors, with pylog or with Python's own logger.

With "first", these records are the first ones.

Run: python tests/python/programs/records_at_the_end.py python|direct|queued main|first
"""

import atexit
import logging
import os
import sys
import weakref

how, when = sys.argv[1:]


def log(message, name="end"):
    if how == "python":
        logging.getLogger(name).info(message)
    else:
        native.log_at(name, logging.INFO, message)


class Logs:
    def __del__(self):
        log("__del__")
        log("__del__, to another logger", "never.used.before")


class Finalized:
    pass


# Python calls the latest registration first, so this runs after what pylog does at exit.
atexit.register(log, "atexit function that is called after pylog's")
from pylog_probe import _native as native

logging.basicConfig(
    level=logging.INFO,
    format="%(levelname)s %(name)s %(threadName)s %(processName)s %(message)s",
)
if how == "queued":
    native.set_queue(100)
if when == "main":
    for number in range(3):
        log(f"record {number}")
atexit.register(log, "atexit function that is called before pylog's")
logs, finalized = Logs(), Finalized()
weakref.finalize(finalized, log, "weakref.finalize")
if how != "python":
    # Python clears `logging` before `os`, and frees this object then. It logs, which can have no effect any more.
    os.noisy = native.Noisy()
    sys.modules_that_stay = os, logging
