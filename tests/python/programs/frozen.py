"""What a program makes of records while a package has replaced the clock."""

import logging
import time

from collecting import Collector

# The replaced time, in seconds.
FROZEN = 10**9

arrived = Collector()
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
