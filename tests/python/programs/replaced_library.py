"""Logs while a part of Python's library is replaced by an object of another kind. No record is lost.

Run: python tests/python/programs/replaced_library.py LogRecord|get_ident|time|_active|getpid before|after
"""

import logging
import os
import sys
import threading
import time

from collecting import Collector
from pylog_probe import _native as native

replaced, when = sys.argv[1:]
record_class = logging.LogRecord
stock_get_ident = threading.get_ident


def replace():
    if replaced == "LogRecord":
        # From Python 3.12 on, `Logger.handle` needs a class.
        if sys.version_info < (3, 12):
            logging.LogRecord = lambda *args, **kwargs: record_class(*args, **kwargs)
        else:
            logging.LogRecord = type("LogRecord", (record_class,), {"created": 0})
    elif replaced == "get_ident":
        threading._active["not a number"] = threading.main_thread()
        threading.get_ident = lambda: "not a number"
    elif replaced == "time":
        name = "time_ns" if sys.version_info >= (3, 13) else "time"
        stock = getattr(time, name)

        def at_a_frame():
            assert sys._getframe(1).f_code.co_name, "it looks at the frame of its caller"
            return stock()

        setattr(time, name, at_a_frame)
    elif replaced == "_active":
        threading._active = type("Threads", (dict,), {})(threading._active)
    elif replaced == "getpid":
        os.getpid = lambda: "not a number"


arrived = Collector()
logging.basicConfig(level=logging.INFO, handlers=[arrived])
logging.raiseExceptions = True
lost = []
sys.unraisablehook = lambda arguments: lost.append(arguments.exc_value)
if when == "after":
    for _ in range(3):
        native.call("alpha", logging.INFO)
replace()
logging.getLogger("of.python").info("Python's own logger logs")
before = len(arrived.records)
for _ in range(3):
    native.call("alpha", logging.INFO)
    native.call_in_thread("alpha", logging.INFO)
# The end of the program needs it.
threading.get_ident = stock_get_ident
assert lost == [], lost
assert len(arrived.records) - before == 6, arrived.records
