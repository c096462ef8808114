"""Forks, and prints the name of the thread of a record that the child queues in its main thread.

Run: python tests/python/programs/queued_in_child.py
"""

import logging
import os

from collecting import Collector
from pylog_probe import _native as native

arrived = Collector()
logging.basicConfig(level=logging.INFO, handlers=[arrived])
native.set_queue(100)
native.log_in_stages(1)
assert native.flush()
child = os.fork()
if child == 0:
    arrived.records.clear()
    native.call("alpha", logging.INFO, True)
    assert native.flush()
    print(arrived.records[0].threadName, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
