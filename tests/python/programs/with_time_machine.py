"""Logs while time-machine has replaced the clock.

Run: python tests/python/programs/with_time_machine.py
"""

import logging

import time_machine
from collecting import UnlockedCollector
from pylog_probe import _native as native

collector = UnlockedCollector()
logging.basicConfig(level=logging.INFO, handlers=[collector])


def times():
    collector.records.clear()
    logging.getLogger("pylog_probe._native.calls.alpha").info("")
    for _ in range(2):
        native.call("alpha", logging.INFO)
    return [int(record.created) for record in collector.records]


times()
with time_machine.travel(10**9, tick=False):
    assert times() == [10**9] * 3
assert min(times()) > 10**9
