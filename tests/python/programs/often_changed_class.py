"""Changes the class `Logger` more often than CPython 3.13 and later tell of, and then once more.

Run: python tests/python/programs/often_changed_class.py
"""

import logging

from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
for number in range(1100):
    logging.Logger.changed = number
    assert logging.Logger.changed == number
for _ in range(2):
    native.call("alpha", logging.INFO)
called = []
logging.Logger.callHandlers = lambda self, record: called.append(record)
native.call("alpha", logging.INFO)
assert len(called) == 1
