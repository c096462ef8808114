"""Logs in greenlets of eventlet, with the library patched: by pylog as by Python's own logger.

Run: python tests/python/programs/with_eventlet.py DELIVERY
"""

import sys

import eventlet

eventlet.monkey_patch()

import logging

from collecting import UnlockedCollector
from deliveries import DELIVERIES
from pylog_probe import _native as native

GREENLETS, RECORDS = 20, 10

handler = UnlockedCollector()
logging.basicConfig(level=logging.INFO, handlers=[handler])
DELIVERIES[sys.argv[1]]()


def log(greenlet):
    for number in range(RECORDS):
        native.log_at("of::rust", logging.INFO, f"{greenlet} {number}")
        logging.getLogger("of.python").info("%d %d", greenlet, number)
        eventlet.sleep(0)


pool = eventlet.GreenPool()
for greenlet in range(GREENLETS):
    pool.spawn(log, greenlet)
pool.waitall()
assert native.flush()
expected = [f"{greenlet} {number}" for number in range(RECORDS) for greenlet in range(GREENLETS)]
for name in ("of.rust", "of.python"):
    messages = [record.getMessage() for record in handler.records if record.name == name]
    assert messages == expected, (name, messages)
