"""Several handlers log what they handle: the first `RecursionError` ends them all, as in Python.

Otherwise each of the records would lead to as many others as there are handlers.

Run: python tests/python/programs/nested_handlers.py HANDLERS
"""

import io
import logging
import sys

from pylog_probe import _native as native


class LoggingFormatter(logging.Formatter):
    def format(self, record):
        native.call("alpha", logging.INFO)
        return super().format(record)


raised = []
sys.unraisablehook = lambda args: raised.append(args.exc_type)
logging.basicConfig(level=logging.INFO, handlers=[])
for _ in range(int(sys.argv[1])):
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(LoggingFormatter())
    logging.root.addHandler(handler)
for number in range(1, 4):
    native.call("alpha", logging.INFO)
    assert raised == [RecursionError] * number, raised
