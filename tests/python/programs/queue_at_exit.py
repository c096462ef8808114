"""Ends with records in the queue. They must be in the file before `logging.shutdown` closes it.

The handler takes no record before the program has reached its end. With "late", one more call is made after
what pylog does at exit.

Run: python tests/python/programs/queue_at_exit.py FILE [late]
"""

import atexit
import logging
import sys
import threading

# Python calls what is registered in reverse order, so these run after what pylog does at exit.
logging_shutdown = logging.shutdown
atexit.unregister(logging_shutdown)
atexit.register(logging_shutdown)
if sys.argv[2:] == ["late"]:
    atexit.register(lambda: native.log_in_stages(1))
from pylog_probe import _native as native


class File(logging.FileHandler):
    is_closed = False

    def close(self):
        File.is_closed = True
        super().close()

    def emit(self, record):
        is_handling.set()
        is_ending.wait()
        assert not File.is_closed
        super().emit(record)


is_handling, is_ending = threading.Event(), threading.Event()
logging.basicConfig(level=logging.INFO, handlers=[File(sys.argv[1])], format="%(message)s")
native.set_queue(50_000)
# And these before it, the second one first.
atexit.register(is_ending.set)
atexit.register(native.log_in_stages, 2)
native.flood(4, 1000)
# The drain thread is in the handler. Otherwise this thread could deliver at its end, and wait for itself.
is_handling.wait()
