"""Logs directly and queued where `ctypes` can't be imported. Prints which Python functions run for a record, below the
frame of the call.

With "absent" the import fails, with "unused" it would succeed, but nothing may import it.

Run: python tests/python/programs/without_ctypes.py absent|unused
"""

import logging
import sys
import threading

if sys.argv[1] == "absent":
    sys.modules["ctypes"] = None
from collecting import Collector
from pylog_probe import _native as native


class Quiet(Collector):
    def handle(self, record):
        self.records.append((record, threading.current_thread()))


handler = Quiet()
logging.basicConfig(level=logging.INFO, handlers=[handler])
# The first records of a process are made by Python.
for _ in range(20):
    native.call("alpha", logging.INFO)
called = []
sys.setprofile(lambda frame, event, _: event == "call" and called.append(frame.f_code.co_name))
native.call("alpha", logging.INFO)
sys.setprofile(None)
print(*called[1:2])

native.set_queue(100)
native.call_in_thread("alpha", logging.INFO)
assert native.flush()
record, thread = handler.records[-1]
assert len(handler.records) == 22 and record.getMessage() == "level 20"
assert thread is not threading.main_thread(), "it was queued"
if sys.argv[1] == "unused":
    assert "ctypes" not in sys.modules
