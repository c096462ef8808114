"""Forks while another thread is in a handler. The end of the child must not wait for that thread.

Run: python tests/python/programs/fork_beside_a_handler.py
"""

import atexit
import logging
import os
import resource
import threading


def count_waits():
    """How often this process has given up its processor to wait for something."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def before_pylog():
    counts.append(count_waits())


def after_pylog():
    # To wait for a thread takes hundreds of short waits, however busy the machine is.
    if child == 0 and count_waits() - counts[0] > 20:
        os._exit(1)


counts = []
# Python calls what is registered in reverse order, and pylog registers something too.
atexit.register(after_pylog)
from pylog_probe import _native as native


class Blocking(logging.NullHandler):
    def handle(self, record):
        if threading.current_thread() is not threading.main_thread():
            is_handling.set()
            child_has_ended.wait()


is_handling, child_has_ended = threading.Event(), threading.Event()
logging.basicConfig(level=logging.INFO, handlers=[Blocking()])
native.call("alpha", logging.INFO)
atexit.register(before_pylog)
thread = threading.Thread(target=native.call, args=("alpha", logging.INFO))
thread.start()
is_handling.wait()
child = os.fork()
if child != 0:
    _, status = os.waitpid(child, 0)
    child_has_ended.set()
    thread.join()
    assert status == 0, f"the child's end waited for a thread that it doesn't have: {status}"
