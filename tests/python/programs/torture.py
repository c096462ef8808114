"""Ends or forks processes whose threads log without a pause, many times.

Each process draws what it does from a seed of its own, so a failure can be repeated by its number.

Run: python tests/python/programs/torture.py exits|forks SEED COUNT direct|queued
"""

import logging
import os
import random
import sys
import threading
import time
import warnings

from collecting import UnlockedCollector
from pylog_probe import _native as native

# This program forks although it has threads.
warnings.simplefilter("ignore", DeprecationWarning)

# Seconds after which a child is taken to hang. It should take a few hundredths of one.
LIMIT = 300


class Slow(logging.NullHandler):
    """Lets go of the GIL while it handles a record."""

    def handle(self, record):
        time.sleep(0.0002)


def set_up(chance, delivery):
    handlers = [
        logging.NullHandler,
        lambda: logging.StreamHandler(open(os.devnull, "w")),
        Slow,
    ]
    logging.root.handlers = [chance.choice(handlers)()]
    logging.root.setLevel(logging.INFO)
    if delivery == "queued":
        # A child logs six records whose level Python has to be asked about, which may take up half of the room.
        native.set_queue(chance.choice([20, 100]))


def start_threads(chance):
    """Starts threads that log until the process ends."""
    kind = chance.choice(["Rust threads", "daemon threads", "tokio workers"])
    if kind == "Rust threads":
        native.log_forever(2)
    elif kind == "tokio workers":
        native.log_forever_in_tokio(2)
    else:

        def log():
            while True:
                native.flood(1, 20)
                native.log_message("attached")

        for _ in range(2):
            threading.Thread(target=log, daemon=True).start()


def wait(child):
    """Returns the wait status of a child, or None if it hangs."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.0005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


def exits(seed, count, delivery):
    """Ends processes whose threads log. They are forks of this one, which has no threads."""
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        expected = chance.randrange(100)
        child = os.fork()
        if child == 0:
            set_up(chance, delivery)
            start_threads(chance)
            # So that the end comes at different moments.
            time.sleep(chance.random() * 0.01)
            sys.exit(expected)
        status = wait(child)
        assert status == expected << 8, f"number {number}: wait status {status}"


def forks(seed, count, delivery):
    """Forks a process whose threads log. Each child logs, attached and detached."""
    chance = random.Random(seed)
    set_up(chance, delivery)
    start_threads(chance)
    for number in range(count):
        # So that the fork comes at different moments.
        time.sleep(chance.random() * 0.005)
        child = os.fork()
        if child == 0:
            os._exit(0 if logs_correctly() else 1)
        status = wait(child)
        assert status == 0, f"number {number}: wait status {status}"


def logs_correctly():
    """Whether each record of this process arrives once, and none of its parent's."""
    collector = UnlockedCollector()
    # The parent's handlers are kept: to close a stream that a thread was writing to at the fork, Python
    # takes a lock that nobody releases in the child.
    kept, logging.root.handlers = logging.root.handlers, [collector]
    native.log_in_stages(2)
    native.flood(2, 2)
    is_flushed = native.flush(LIMIT / 2)
    arrived = sorted((record.process, record.msg) for record in collector.records)
    messages = ["flood 0 0", "flood 0 1", "flood 1 0", "flood 1 1", "stage 0", "stage 1"]
    return is_flushed and arrived == [(os.getpid(), message) for message in messages] and kept


if __name__ == "__main__":
    what, seed, count, delivery = sys.argv[1:]
    {"exits": exits, "forks": forks}[what](int(seed), int(count), delivery)
    print(f"{count} {what}", flush=True)
    # Its own end isn't what is tested here.
    os._exit(0)
