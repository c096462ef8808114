"""A `QueueListener` that `atexit` stops, as programs do that import the extension first, gets what is queued.

Run: python tests/python/programs/listener_at_exit.py DELIVERY

DELIVERY is one of `deliveries.DELIVERIES`, or `python` for Python's own logger.
"""

import atexit
import logging.handlers
import queue
import sys

from deliveries import DELIVERIES
from pylog_probe import _native as native

(delivery,) = sys.argv[1:]
records = queue.SimpleQueue()
listener = logging.handlers.QueueListener(records, logging.StreamHandler(sys.stdout))
handler = logging.handlers.QueueHandler(records)
logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
listener.start()
if delivery != "python":
    DELIVERIES[delivery]()
atexit.register(listener.stop)
for number in range(100):
    if delivery == "python":
        logging.getLogger("dependency").info("%d", number)
    else:
        native.log_to_target("dependency", str(number))
