"""freezegun is started before and after the first record, from Python and from Rust threads.

Run: python tests/python/programs/with_freezegun.py
"""

import logging
import sys

import freezegun
from collecting import Collector
from pylog_probe import _native as native

arrived = Collector()
logging.basicConfig(level=logging.INFO, handlers=[arrived])
lost = []
sys.unraisablehook = lambda arguments: lost.append(arguments.exc_value)


def log():
    arrived.records.clear()
    logging.getLogger("of.python").info("by Python")
    for _ in range(2):
        native.call("alpha", logging.INFO)
        native.call_in_thread("alpha", logging.INFO)
    assert lost == [], lost
    assert len(arrived.records) == 5
    return {int(record.created) for record in arrived.records}


for _ in range(2):
    with freezegun.freeze_time("2001-09-09 01:46:40"):
        assert log() == {10**9}
    with freezegun.freeze_time("2001-09-09 01:46:40", ignore=["logging"]):
        assert 10**9 not in log()
    assert 10**9 not in log()
