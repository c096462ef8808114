"""Calls `atexit._run_exitfuncs()` in the middle of the program, which logs on. Prints the messages.

Run: python tests/python/programs/exit_functions.py direct|queued
"""

import atexit
import logging
import sys

from pylog_probe import _native as native


class Print(logging.Handler):
    def emit(self, record):
        print(record.getMessage(), flush=True)


logging.basicConfig(level=logging.INFO, handlers=[Print()])
if sys.argv[1] == "queued":
    native.set_queue(100)
native.call_in_thread("alpha", logging.INFO)
atexit._run_exitfuncs()
native.call_in_thread("alpha", logging.WARNING)
native.call("alpha", logging.ERROR, True)
