"""Ends and forks of processes whose threads log flat out, many of them."""

import pathlib
import random
import subprocess
import sys

import pytest

TORTURE = pathlib.Path(__file__).with_name("torture.py")


@pytest.mark.parametrize("what, count", [("exits", 500), ("forks", 200)])
def test_no_crash_and_no_hang(what, count, report):
    if what == "forks" and sys.version_info < (3, 12):
        # In PyOS_AfterFork_Child it takes the lock under which a thread of the parent was making a
        # thread state, as one does that attaches. No hook runs before that.
        pytest.skip("CPython below 3.12 can hang in forked children of processes whose threads attach")
    seed = random.randrange(1_000_000)
    processes = {
        mode: subprocess.Popen(
            [sys.executable, TORTURE, what, str(seed), str(count), mode],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for mode in ("direct", "queued")
    }
    for mode, process in processes.items():
        stdout, stderr = process.communicate(timeout=500)
        # What children write to stderr as they crash is there too.
        assert (stdout, stderr, process.returncode) == (f"{count} {what}\n", "", 0)
        report(f"{count} {what}, {mode}, seed {seed}: no crash, no hang, each status right")
