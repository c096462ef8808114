"""SIGTERM arrives while pylog imports `ctypes`, with the first records. Ends with the status 7.

Run: python tests/python/programs/signal_in_import.py
"""

import builtins
import logging
import signal
import sys

from pylog_probe import _native as native

original = builtins.__import__


def import_module(name, *args, **kwargs):
    if name == "ctypes":
        builtins.__import__ = original
        signal.raise_signal(signal.SIGTERM)
    return original(name, *args, **kwargs)


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
builtins.__import__ = import_module
for _ in range(5):
    native.log_message("hello")
# Before Python 3.12 pylog doesn't need `ctypes` for direct delivery.
native.set_queue(10)
native.log_message("hello")
