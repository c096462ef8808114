"""SIGTERM arrives while pylog imports `logging`, at its own import. Ends with the status 7.

Run: python tests/python/programs/signal_in_import.py
"""

import builtins
import logging
import signal
import sys

original = builtins.__import__


def import_module(name, *args, **kwargs):
    if name == "logging":
        builtins.__import__ = original
        signal.raise_signal(signal.SIGTERM)
    return original(name, *args, **kwargs)


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
builtins.__import__ = import_module
from pylog_probe import _native as native

for _ in range(5):
    native.log_message("hello")
