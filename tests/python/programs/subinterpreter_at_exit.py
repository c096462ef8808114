"""Ends with a subinterpreter that only a variable of this program refers to.

Run: python tests/python/programs/subinterpreter_at_exit.py
"""

import logging

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO)
logging.root.handlers[0].addFilter(lambda record: True)
interpreter = interpreters.create()
native.call("alpha", logging.INFO)
