"""Prints which Python functions run for a record while `logging` is as Python comes with it.

Run: python tests/python/programs/unchanged_logging.py
"""

import logging
import sys

from pylog_probe import _native as native

called = []
logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
for _ in range(2):
    native.call("alpha", logging.INFO)
sys.setprofile(lambda frame, event, _: event == "call" and called.append(frame.f_code.co_qualname))
native.call("alpha", logging.INFO)
sys.setprofile(None)
print(*called)
