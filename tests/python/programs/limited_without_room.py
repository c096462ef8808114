"""A limited call that finds no room in the queue doesn't count.

Run: python tests/python/programs/limited_without_room.py {first_n,every_n,every}
"""

import logging
import sys
import threading

from pylog_probe import _native as native


class Blocked(logging.Handler):
    def emit(self, record):
        is_waiting.set()
        is_over.wait()
        messages.append(record.getMessage())


(limit,) = sys.argv[1:]
messages = []
is_waiting, is_over = threading.Event(), threading.Event()
logging.basicConfig(level=logging.WARNING, handlers=[Blocked()])
native.set_queue(1)
native.call("alpha", logging.ERROR, True)
is_waiting.wait()
native.log_once(limit, detached=True)
is_over.set()
assert native.flush()
logging.root.setLevel(logging.INFO)
for _ in range(3):
    native.log_once(limit)
assert messages == ["level 40", limit], messages
