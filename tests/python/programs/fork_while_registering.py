"""Forks while another thread registers what pylog does at exit. The child has to register it too.

Run: python tests/python/programs/fork_while_registering.py
"""

import atexit
import logging
import os
import threading

register = atexit.register
registered_in = []
is_registering, is_forked = threading.Event(), threading.Event()


def slow_register(function):
    if threading.current_thread() is other:
        is_registering.set()
        is_forked.wait()
    registered_in.append(os.getpid())
    return register(function)


logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
other = threading.Thread(target=lambda: native.call("alpha", logging.INFO))
atexit.register = slow_register
from pylog_probe import _native as native

native.call("alpha", logging.INFO)
# Drops the registration, which the next record renews.
atexit._run_exitfuncs()
other.start()
is_registering.wait()
child = os.fork()
if child == 0:
    native.call("alpha", logging.INFO)
    os._exit(0 if registered_in[-1] == os.getpid() else 1)
is_forked.set()
other.join()
_, status = os.waitpid(child, 0)
assert status == 0, registered_in
assert registered_in == [os.getpid()] * 2
