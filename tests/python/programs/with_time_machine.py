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
    for detached in (False, False, True, True):
        native.call("alpha", logging.INFO, detached)
    assert native.flush()
    return [int(record.created) for record in collector.records]


for capacity in (None, 100):
    native.set_queue(capacity)
    times()
    with time_machine.travel(10**9, tick=False):
        assert times() == [10**9] * 5
    assert min(times()) > 10**9
