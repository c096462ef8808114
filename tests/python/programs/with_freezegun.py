"""Compares the times of records when freezegun has replaced the clock.

Run: python tests/python/programs/with_freezegun.py DELIVERY THREAD
"""

import logging
import sys
import time

import freezegun
import twins
from collecting import Collector

FROZEN = 10**9

# freezegun looks at the five innermost frames and leaves alone the modules in this list, such as `threading`. A
# function of Rust has no frame, so a thread that runs one has fewer frames than its twin.
freezegun.configure(default_ignore_list=[])

arrived = Collector()
logging.basicConfig(level=logging.INFO, handlers=[arrived])
formatter = logging.Formatter("%(asctime)s %(msecs)d %(message)s")
lost = []
sys.unraisablehook = lambda arguments: lost.append(arguments.exc_value)


def observe(log, calls):
    arrived.records.clear()
    log(calls)
    assert lost == [], lost
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


for options in ({}, {"tz_offset": 3}):
    twins.compare(lambda: freezegun.freeze_time("2001-09-09 01:46:40", **options), observe, is_frozen)

# The package leaves the modules alone whose names begin so.
seen = []
with freezegun.freeze_time("2001-09-09 01:46:40", ignore=["logging"]):
    for log in (twins.log_by_pylog, twins.log_by_python):
        arrived.records.clear()
        log(sys.argv[2], twins.calls_of("one"))
        seen.append([record.created > FROZEN + 100 for record in arrived.records])
assert seen == [[True] * 3] * 2, seen
assert lost == [], lost
