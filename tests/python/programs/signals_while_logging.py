"""Signals whose handler logs arrive at random moments, while this thread and others log.

A signal's handler runs between any two steps of Python code, also within a logging handler. The next
signal is asked for when the previous one has been handled.

Run: python tests/python/programs/signals_while_logging.py direct|queued
"""

import logging
import random
import signal
import sys
import threading

from collecting import UnlockedCollector
from pylog_probe import _native as native

SIGNALS = 200


def dawdle(record):
    for _ in range(50):
        pass


def handle_signal(number, frame):
    global signals, is_due
    native.log_in_stages(2)
    signals += 1
    is_due = False


def log_in_threads():
    global floods
    while not is_over:
        native.flood(2, 10)
        floods += 1
        # The queue would overflow where this thread doesn't wait for the GIL.
        assert native.flush()


collector = UnlockedCollector()
collector.before = dawdle
logging.basicConfig(level=logging.INFO, handlers=[collector])
native.set_queue(100_000 if sys.argv[1] == "queued" else None)
signals = floods = calls = 0
is_due = is_over = False
signal.signal(signal.SIGALRM, handle_signal)
thread = threading.Thread(target=log_in_threads)
thread.start()
while signals < SIGNALS:
    if not is_due:
        is_due = True
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, 0.0005))
    native.log_message("attached")
    native.log_in_worker("worker")
    calls += 1
is_over = True
thread.join()
assert native.flush()
messages = collector.messages
assert signals == SIGNALS and floods > 0
assert messages.count("stage 0") == messages.count("stage 1") == signals
assert messages.count("attached") == messages.count("worker") == calls
assert len(messages) == 2 * signals + 2 * calls + 20 * floods
