"""A child that C code has forked, as uWSGI does, delivers its own records at once, and none of its parent's.

Run: python tests/python/programs/fork_in_c.py {direct,queued,all-queued}
"""

import ctypes
import logging
import os
import sys
import threading

from deliveries import DELIVERIES
from pylog_probe import _native as native


class Print(logging.Handler):
    def handle(self, record):
        # The first record of the parent stays in the queue while it forks.
        if record.getMessage() == "of the parent 0" and os.getpid() == parent:
            is_handled.set()
            may_go_on.wait(600)
        os.write(1, f"{'parent' if os.getpid() == parent else 'child'} {record.getMessage()}\n".encode())


parent = os.getpid()
is_handled, may_go_on = threading.Event(), threading.Event()
delivery = sys.argv[1]
logging.basicConfig(level=logging.INFO, handlers=[Print()])
DELIVERIES[delivery]()
if delivery != "direct":
    for number in range(3):
        native.log_in_worker(f"of the parent {number}", attached=True)
    assert is_handled.wait(600)
if ctypes.PyDLL(None).fork() == 0:
    native.log_in_worker("from a thread")
    native.log_message("attached")
    assert native.flush()
    # The end of the child must not wait for calls of its parent's threads, nor repeat anything.
    sys.exit(0)
os.wait()
may_go_on.set()
assert native.flush()
