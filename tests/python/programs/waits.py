"""A thread holds the GIL and waits for threads that log. Nothing hangs, and no record is lost.

Run: python tests/python/programs/waits.py DELIVERY SCENE {own,dependency}

DELIVERY is one of `deliveries.DELIVERIES`, but `direct` hangs.
"""

import gc
import logging
import sys
import tempfile
import threading
import time

from deliveries import DELIVERIES
from pylog_probe import _native as native


class Collector(logging.Handler):
    def emit(self, record):
        time.sleep(0)  # Lets go of the GIL.
        messages.append(record.getMessage())


def drop(is_dependency):
    native.Joining(is_dependency)
    if sys.implementation.name == "pypy":
        gc.collect()


def collect(is_dependency):
    cycle = [native.Joining(is_dependency)]
    cycle.append(cycle)
    del cycle
    gc.collect()


def watch(is_dependency):
    native.wait_for_watcher(is_dependency, tempfile.mkdtemp())


def call_often(is_dependency):
    # If each call waited as long as the first, this would take 25 minutes.
    for _ in range(15_000):
        native.wait_for_scope(is_dependency, 1, 1)


def numbered(wait, threads, records):
    expected = [f"{thread} {number}" for thread in range(threads) for number in range(records)]
    return lambda is_dependency: wait(is_dependency, threads, records), expected


SCENES = {
    "scope": numbered(native.wait_for_scope, 3, 100),
    "many calls": (call_often, ["0 0"] * 15_000),
    "many threads": numbered(native.wait_for_scope, 16, 20),
    "tasks": numbered(native.wait_for_tasks, 8, 20),
    "pool": numbered(native.wait_for_pool, 8, 100),
    "drop": (drop, ["ending"]),
    "collector": (collect, ["ending"]),
    "watcher": (watch, ["created"]),
}

delivery, scene, kind = sys.argv[1:]
messages = []
logging.basicConfig(level=logging.INFO, handlers=[Collector()])
DELIVERIES[delivery]()
run, expected = SCENES[scene]
# Beside a busy thread each record is handled after its turn, so that many take minutes.
for beside_a_busy_thread in [False] if scene == "many calls" else [False, True]:
    messages.clear()
    is_over = threading.Event()
    if beside_a_busy_thread:
        threading.Thread(target=lambda: [None for _ in iter(is_over.is_set, True)]).start()
    run(kind == "dependency")
    assert native.flush()
    is_over.set()
    assert sorted(messages) == sorted(expected), (len(messages), len(expected))
