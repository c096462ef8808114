"""The records of a forked child have its process id: in a hook that runs before pylog's own, and after a fork that C
code made.

Run: python tests/python/programs/process_of_a_fork.py
"""

import ctypes
import logging
import os

from collecting import UnlockedCollector

collector = UnlockedCollector()


def log():
    """Whether a record of pylog's names this process."""
    native.call("alpha", logging.INFO)
    return collector.records[-1].process == os.getpid()


os.register_at_fork(after_in_child=lambda: seen.append(log()))
seen = []

from pylog_probe import _native as native  # noqa: E402  Its hooks are registered after the one above.

logging.basicConfig(level=logging.INFO, handlers=[collector])
assert log() and log()
for fork, hooks in (os.fork, 1), (ctypes.CDLL(None).fork, 0):
    child = fork()
    if child == 0:
        os._exit(0 if log() and seen == [True] * hooks else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, fork
    assert log(), fork
