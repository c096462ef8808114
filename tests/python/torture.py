"""What test_torture.py runs in processes of their own: `python torture.py WHAT SEED COUNT MODE`.

Each step draws what it does from a seed of its own, so a failure can be had again by its number.
"""

import ctypes  # noqa: F401  The queue needs it; imported once for all forked children.
import logging
import os
import random
import sys
import threading
import time
import warnings

from pylog_probe import _native as native

# A process with threads forks, knowingly.
warnings.simplefilter("ignore", DeprecationWarning)

LIMIT = 60  # seconds, for a child that should take a few hundredths of one


class Slow(logging.NullHandler):
    """Lets go of the GIL in the midst of handling."""

    def handle(self, record):
        time.sleep(0.0002)


def set_up(chance, mode):
    handler = chance.choice(
        [
            logging.NullHandler,
            lambda: logging.StreamHandler(open(os.devnull, "w")),
            Slow,
        ]
    )
    logging.root.handlers = [handler()]
    logging.root.setLevel(logging.INFO)
    if mode == "queued":
        native.set_queue(chance.choice([10, 100]))


def log_flat_out(chance):
    """Threads that log until the process ends."""
    kind = chance.choice(["Rust threads", "daemon threads", "tokio workers"])
    if kind == "Rust threads":
        native.log_forever(2)
    elif kind == "tokio workers":
        native.log_forever_in_tokio(2)
    else:

        def work():
            while True:
                native.flood(1, 20)
                native.log_message("attached")

        for _ in range(2):
            threading.Thread(target=work, daemon=True).start()


def wait(child):
    """The wait status of a child, or None if it hangs."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.0005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


def exits(seed, count, mode):
    """Ends processes whose threads log. They begin as forks of this one, which has no threads."""
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        expected = chance.randrange(100)
        child = os.fork()
        if child == 0:
            set_up(chance, mode)
            log_flat_out(chance)
            time.sleep(chance.random() * 0.01)
            sys.exit(expected)
        status = wait(child)
        assert status == expected << 8, f"{mode}, seed {seed}, number {number}: wait status {status}"
    print(f"{count} exits")


def forks(seed, count, mode):
    """Forks a process whose threads log. Each child logs on, attached and detached."""
    chance = random.Random(seed)
    set_up(chance, mode)
    log_flat_out(chance)
    for number in range(count):
        time.sleep(chance.random() * 0.005)
        child = os.fork()
        if child == 0:
            arrived = []

            class Collect(logging.NullHandler):
                def handle(self, record):
                    arrived.append((record.process, record.msg))

            # Not freed: a stream that a thread was writing to at the fork can't be closed in the child,
            # as Python takes a lock for that which nobody opens.
            handlers, logging.root.handlers = logging.root.handlers, [Collect()]
            native.log_in_stages(2)
            native.flood(2, 2)
            flushed = native.flush(LIMIT / 2)
            messages = ["flood 0 0", "flood 0 1", "flood 1 0", "flood 1 1", "stage 0", "stage 1"]
            # Nothing of the parent's, and nothing twice.
            is_right = sorted(arrived) == [(os.getpid(), message) for message in messages]
            os._exit(0 if flushed and is_right and handlers else 1)
        status = wait(child)
        assert status == 0, f"{mode}, seed {seed}, number {number}: wait status {status}"
    print(f"{count} forks", flush=True)
    os._exit(0)  # How it ends is the other test's.


if __name__ == "__main__":
    what, seed, count, mode = sys.argv[1:]
    {"exits": exits, "forks": forks}[what](int(seed), int(count), mode)
