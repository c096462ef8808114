"""A handler raises `SystemExit` for a record that is logged at the very end: no Python code of the program follows.

Run: python tests/python/programs/exit_in_atexit.py
"""

import atexit
import functools
import logging
import sys


class Exits(logging.Handler):
    def emit(self, record):
        sys.exit("from the handler")


# Called after what pylog does at exit. Not a Python function, which would raise the exception itself.
log = functools.partial(print)
atexit.unregister(logging.shutdown)
atexit.register(log)
from pylog_probe import _native as native

log.__setstate__((native.log_message, ("record",), {}, {}))
logging.basicConfig(level=logging.INFO, handlers=[Exits()])
