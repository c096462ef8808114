"""Compares the times of records when time-machine has replaced the clock.

Run: python tests/python/programs/with_time_machine.py DELIVERY THREAD
"""

import logging
import time

import time_machine
import twins
from collecting import Collector

FROZEN = 10**9

arrived = Collector()
logging.basicConfig(level=logging.INFO, handlers=[arrived])
formatter = logging.Formatter("%(asctime)s %(msecs)d %(message)s")


def observe(log, calls):
    arrived.records.clear()
    log(calls)
    return [
        (record.created, record.relativeCreated, formatter.format(record))
        if record.created < FROZEN + 100
        else (record.getMessage(), "now" if abs(time.time() - record.created) < 1000 else record.created)
        for record in arrived.records
    ]


def is_frozen(seen):
    frozen = {entry[0] == FROZEN for entry in seen}
    assert len(frozen) == 1, seen
    return frozen.pop()


twins.compare(lambda: time_machine.travel(FROZEN, tick=False), observe, is_frozen)
