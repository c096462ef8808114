"""A handler that the drain thread calls forks, and the child, of which this thread is the only one, logs and flushes.

Run: python tests/python/programs/fork_in_a_handler.py DELIVERY
"""

import logging
import os
import sys

from collecting import Collector
from deliveries import DELIVERIES
from pylog_probe import _native as native

statuses = []


class Forking(Collector):
    def emit(self, record):
        super().emit(record)
        if record.getMessage() != "fork":
            return
        child = os.fork()
        if child == 0:
            worker = native.Worker("worker")
            worker.start([("one", logging.INFO, "in the child")])
            worker.wait()
            is_there = native.flush() and "in the child" in [record.getMessage() for record in self.records]
            os._exit(0 if is_there else 1)
        statuses.append(os.waitpid(child, 0)[1])


logging.basicConfig(level=logging.INFO, handlers=[Forking()])
DELIVERIES[sys.argv[1]]()
worker = native.Worker("worker")
for _ in range(20):
    worker.start([("one", logging.INFO, "fork")])
    worker.wait()
    assert native.flush()
assert statuses == [0] * 20, statuses
