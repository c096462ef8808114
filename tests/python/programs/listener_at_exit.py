"""A `QueueListener` that `atexit` stops, as programs do that import the extension first, gets what is queued.

Run: python tests/python/programs/listener_at_exit.py DELIVERY {main,thread,pool}

DELIVERY is one of `deliveries.DELIVERIES`, or `python` for Python's own logger. The records are logged by the main thread,
by one that goes on when the main thread has ended, or by one of a pool.
"""

import atexit
import concurrent.futures.thread  # Before the delivery is chosen: Python ends pools in the reverse order.
import logging.handlers
import queue
import sys
import threading

from deliveries import DELIVERIES
from pylog_probe import _native as native

delivery, where = sys.argv[1:]
records = queue.SimpleQueue()
listener = logging.handlers.QueueListener(records, logging.StreamHandler(sys.stdout))
handler = logging.handlers.QueueHandler(records)
logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
listener.start()
if delivery != "python":
    DELIVERIES[delivery]()
atexit.register(listener.stop)


def log():
    for number in range(10_000):
        if delivery == "python":
            logging.getLogger("dependency").info("%d", number)
        else:
            native.log_to_target("dependency", str(number))


if where == "main":
    log()
elif where == "thread":
    threading.Thread(target=log).start()
else:
    concurrent.futures.ThreadPoolExecutor().submit(log)
