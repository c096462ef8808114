"""A call waits for the GIL for two seconds, one for a value, and one for its handler. Run it with PYLOG_WATCHDOG=1.

Run: python tests/python/programs/watched_calls.py
"""

import ctypes
import logging
import time

from pylog_probe import _native as native


class Slow(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())
        if record.getMessage() == "slow":
            time.sleep(2)


messages = []
logging.basicConfig(level=logging.INFO, handlers=[Slow()])
native.log_message("fast")
worker = native.Worker("waiting")
worker.start([("one", logging.INFO, "a record")])
# Unlike `time.sleep`, this keeps the GIL.
ctypes.PyDLL(None).usleep(2_000_000)
worker.wait()
# The next call needn't ask for the level any more.
native.log_object_in_thread(worker)
while "an object" not in messages:
    time.sleep(0.01)
native.log_object_in_thread(worker)
ctypes.PyDLL(None).usleep(2_000_000)
while messages.count("an object") < 2:
    time.sleep(0.01)
native.log_message("slow")
