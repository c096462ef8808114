"""Compares the times of records when freezegun has replaced the clock.

Run: python tests/python/programs/with_freezegun.py DELIVERY THREAD
"""

import logging
import sys

import freezegun
import twins
from frozen import FROZEN, arrived, is_frozen, observe

# freezegun looks at the five innermost frames and leaves alone the modules in this list, such as `threading`. A
# function of Rust has no frame, so a thread that runs one has fewer frames than its twin.
freezegun.configure(default_ignore_list=[])

logging.basicConfig(level=logging.INFO, handlers=[arrived])
lost = []
sys.unraisablehook = lambda arguments: lost.append(arguments.exc_value)

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
