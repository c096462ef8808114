"""Compares the threads that records name, when gevent has replaced threads by greenlets.

To Python each greenlet is a thread then; to Rust they are all one.

Run: python tests/python/programs/with_gevent.py early|late
"""

import sys

import gevent
import gevent.monkey

if sys.argv[1] == "early":
    gevent.monkey.patch_all()

import logging
import threading

from collecting import UnlockedCollector
from pylog_probe import _native as native

collector = UnlockedCollector()
logging.basicConfig(level=logging.INFO, handlers=[collector])


def compare():
    collector.records.clear()
    for _ in range(3):
        logging.getLogger("pylog_probe._native.calls.alpha").info("")
        native.call("alpha", logging.INFO)
    seen = [(record.thread, record.threadName) for record in collector.records]
    assert len(seen) == 6 and len(set(seen)) == 1, seen
    compared.append(threading.current_thread().name)


compared = []
compare()
gevent.monkey.patch_all()
compare()
gevent.spawn(compare).get()
thread = threading.Thread(target=compare, name="of gevent")
thread.start()
thread.join()
compare()
assert len(compared) == 5 and "of gevent" in compared, compared
