"""A fork waits for the record that the drain thread delivers, so that the child finds no stream locked.

Run: python tests/python/programs/fork_beside_a_delivery.py {default,queued,all-queued} {python,c}
"""

import ctypes
import io
import logging
import os
import sys
import threading
import time

from deliveries import DELIVERIES
from pylog_probe import _native as native


class Slow(io.RawIOBase):
    """Lets go of the GIL in the middle of a write. The buffered stream above it is locked meanwhile."""

    def writable(self):
        return True

    def write(self, data):
        if os.getpid() == parent:
            is_writing.set()
            time.sleep(0.3)
        return len(data)


parent = os.getpid()
is_writing = threading.Event()
stream = io.TextIOWrapper(io.BufferedWriter(Slow()), write_through=True)
logging.basicConfig(level=logging.INFO, stream=stream)
DELIVERIES[sys.argv[1]]()
for _ in range(3):
    is_writing.clear()
    # By default a call returns although the record isn't handled, since this thread keeps the GIL.
    native.log_in_worker("one", attached=True)
    native.log_in_worker("two", attached=True)
    assert is_writing.wait(600)
    child = os.fork() if sys.argv[2] == "python" else ctypes.PyDLL(None).fork()
    if child == 0:
        stream.buffer.write(b"x")  # It would raise or hang if the stream were locked.
        native.log_in_worker("of the child")
        native.log_message("of the child")
        assert native.flush()
        os._exit(0)
    end = time.monotonic() + 60
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        assert time.monotonic() < end, "the child hangs"
        time.sleep(0.01)
    assert ended[1] == 0, ended
    assert native.flush()
