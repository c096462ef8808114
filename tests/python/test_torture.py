"""Ends and forks of processes whose threads log without a pause, many of them.

`PYLOG_TORTURE=5` makes it five times as many.
"""

import os
import random
import sys

import pytest
from processes import finish, start
from waiting import needs_detached_threads_at_exit


TIMES = int(os.environ.get("PYLOG_TORTURE", "1"))


@pytest.mark.parametrize(
    "what, count",
    [pytest.param("exits", 100 * TIMES, marks=needs_detached_threads_at_exit), ("forks", 40 * TIMES)],
)
def test_no_crash_and_no_hang(what, count, report):
    if what == "forks" and sys.version_info < (3, 12):
        # PyOS_AfterFork_Child takes a lock that a thread of the parent holds while it makes a thread
        # state, as threads do that attach. No hook runs before that.
        pytest.skip("CPython below 3.12 can hang in forked children of processes whose threads attach")
    seed = str(random.randrange(1_000_000))
    processes = {
        delivery: start("torture", what, seed, str(count), delivery)
        for delivery in ("direct", "queued")
    }
    for delivery, process in processes.items():
        # What children write to stderr as they crash is there too.
        assert finish(process) == (f"{count} {what}\n", ""), process.args
        report(f"{count} {what}, {delivery}, seed {seed}: no crash, no hang, each status right")
